from collections.abc import Callable, Iterable, Iterator
from os import PathLike
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import NDArray

from skiff._diff import Diff
from skiff._inspection import Inspection
from skiff._slim import Slimmed
from skiff._verdict import Verdict

__all__ = [
    "ArrowArray",
    "ArrowMethod",
    "Dump",
    "Identity",
    "Limits",
    "Model",
    "Rebuilt",
    "StoredObject",
    "__version__",
    "convert",
    "export",
    "exported",
    "diff",
    "inspect",
    "open",
    "picture",
    "rebuild",
    "save_mlflow",
    "scan",
    "sign",
    "slim",
    "supported",
    "verify",
]

__version__: str

class _Readable(Protocol):
    def read(self) -> bytes: ...

@final
class Identity:
    def __new__(cls, text: str, /) -> Identity: ...
    @staticmethod
    def generate() -> Identity: ...
    @staticmethod
    def from_file(path: str | PathLike[str], /) -> Identity: ...
    @staticmethod
    def passphrase(text: str, /) -> Identity: ...
    @property
    def recipients(self) -> list[str]: ...
    def text(self) -> str: ...

@final
class Limits:
    def __new__(
        cls,
        *,
        decompressed: int | None = None,
        ratio: int | None = None,
        nodes: int | None = None,
        depth: int | None = None,
        decoded: int | None = None,
        memo: int | None = None,
        array: int | None = None,
        answer: int | None = None,
        time: float | None = None,
    ) -> Limits: ...
    @property
    def decompressed(self) -> int: ...
    @property
    def ratio(self) -> int: ...
    @property
    def nodes(self) -> int: ...
    @property
    def depth(self) -> int: ...
    @property
    def decoded(self) -> int: ...
    @property
    def memo(self) -> int: ...
    @property
    def array(self) -> int: ...
    @property
    def answer(self) -> int: ...
    @property
    def time(self) -> float | None: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class StoredObject:
    def class_path(self) -> str: ...
    def get_params(self, deep: bool = True) -> dict[str, Any]: ...
    def __getattr__(self, name: str, /) -> Any: ...
    def __getattribute__(self, name: str, /) -> Any: ...
    def __dir__(self) -> list[str]: ...

@final
class ArrowArray:
    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...
    def __arrow_c_schema__(self) -> object: ...
    def __len__(self) -> int: ...

@final
class ArrowMethod:
    def __new__(cls, model: Model, method: str, /) -> ArrowMethod: ...
    @property
    def type(self) -> ArrowArray: ...
    @property
    def input(self) -> ArrowArray: ...
    def __call__(self, batch: Any, /) -> ArrowArray: ...

@final
class Model:
    def predict(self, X: Any, **params: Any) -> Any: ...
    def predict_proba(self, X: Any) -> Any: ...
    def predict_log_proba(self, X: Any) -> Any: ...
    def predict_joint_log_proba(self, X: Any) -> Any: ...
    def decision_function(self, X: Any) -> Any: ...
    def transform(self, X: Any, **params: Any) -> Any: ...
    def inverse_transform(self, X: Any, **params: Any) -> Any: ...
    def score_samples(self, X: Any) -> Any: ...
    def apply(self, X: Any) -> Any: ...
    def decision_path(self, X: Any) -> Any: ...
    def mahalanobis(self, X: Any) -> Any: ...
    def sample(self, n_samples: int = 1) -> Any: ...
    def gibbs(self, v: Any) -> Any: ...
    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any: ...
    def kneighbors_graph(self, X: Any = None, n_neighbors: int | None = None, mode: str = "connectivity") -> Any: ...
    def radius_neighbors(
        self, X: Any = None, radius: float | None = None, return_distance: bool = True, sort_results: bool = False
    ) -> Any: ...
    def radius_neighbors_graph(
        self, X: Any = None, radius: float | None = None, mode: str = "connectivity", sort_results: bool = False
    ) -> Any: ...
    def staged_predict(self, X: Any) -> Iterator[Any]: ...
    def staged_predict_proba(self, X: Any) -> Iterator[Any]: ...
    def staged_decision_function(self, X: Any) -> Iterator[Any]: ...
    def get_feature_names_out(self, input_features: Any = None) -> Any: ...
    def get_feature_names(self, input_features: Any = None) -> Any: ...
    def reconstruction_error(self) -> float: ...
    def get_depth(self) -> int: ...
    def get_n_leaves(self) -> int: ...
    def get_support(self, indices: bool = False) -> Any: ...
    def get_covariance(self) -> Any: ...
    def get_precision(self) -> Any: ...
    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float: ...
    def get_params(self, deep: bool = True) -> dict[str, Any]: ...
    # Raises: scikit-learn's functions ask whether it is there.
    def fit(self, X: Any, y: Any = None, **params: Any) -> Any: ...
    @property
    def _estimator_type(self) -> str | None: ...
    def __sklearn_tags__(self) -> Any: ...
    def __sklearn_is_fitted__(self) -> bool: ...
    def __sklearn_clone__(self) -> Model: ...
    def _compute_partial_dependence_recursion(self, grid: Any, target_features: Any) -> NDArray[np.float64]: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __setattr__(self, name: str, _value: Any, /) -> None: ...
    # Of pipelines: their steps, by name, number and slice. Of ensembles: their members.
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __getitem__(self, key: Any, /) -> Any: ...
    # Fitted attributes and hyperparameters: `classes_`, `coef_`, `named_steps`, `C`.
    def __getattr__(self, name: str, /) -> Any: ...
    def __getattribute__(self, name: str, /) -> Any: ...
    def __dir__(self) -> list[str]: ...
    def _repr_html_(self) -> str: ...
    def __copy__(self) -> Model: ...
    def __deepcopy__(self, _memo: Any) -> Model: ...

def open(
    source: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    /,
    *,
    at: str | None = None,
    limits: Limits | None = None,
    custom: dict[str, Any] | None = None,
    identity: Identity | str | PathLike[str] | None = None,
    n_jobs: int | None = None,
    progress: bool | Callable[[str, int, int | None], object] | None = None,
) -> Model: ...
def inspect(
    source: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    /,
    *,
    in_: str | None = None,
    limits: Limits | None = None,
    identity: Identity | str | PathLike[str] | None = None,
) -> Inspection: ...

def supported() -> list[tuple[str, str, str]]: ...
def diff(
    first: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    second: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    /,
    *,
    at: str | None,
    limits: Limits | None,
    identity: Identity | str | PathLike[str] | None,
) -> Diff: ...

# What `skiff.dump`, `skiff.load` and `skiff.verify` are made of.

def verify(
    source: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    /,
    *,
    at: str | None,
    limits: Limits | None,
    custom: dict[str, Any] | None,
    identity: Identity | str | PathLike[str] | None,
    key: str | PathLike[str] | None,
    certificate_chain: list[str | PathLike[str]],
    valid_at: str | None,
    signature: str | PathLike[str] | None,
) -> dict[str, Any]: ...

@final
class Rebuilt:
    @property
    def pickle(self) -> bytes: ...
    @property
    def names(self) -> list[tuple[str, str]]: ...
    @property
    def vouched(self) -> list[tuple[str, str]]: ...
    @property
    def versions(self) -> list[str]: ...
    @property
    def migration(self) -> tuple[list[str], list[str], list[str]] | None: ...
    @property
    def not_migrated(self) -> str | None: ...
    @property
    def changes(self) -> list[tuple[str, str, tuple[int, int], str]]: ...
    def __len__(self) -> int: ...
    def place(self, index: int) -> tuple[int, int] | None: ...
    def take(self, index: int, skips_mapped: bool) -> tuple[NDArray[np.uint8], list[tuple[int, int]]]: ...

@final
class Dump:
    def __new__(
        cls,
        path: str | PathLike[str] | None,
        /,
        *,
        format: str | None = None,
        compress: bool | int | str | tuple[str, int] | None = None,
        protocol: int | None = None,
        recipients: str | Identity | Iterable[str | Identity] | None = None,
    ) -> Dump: ...
    @property
    def format(self) -> str: ...
    def write(
        self,
        pickled: tuple[bytes, list[NDArray[np.uint8]]],
        /,
        *,
        passport: str | None = None,
        samples: tuple[bytes, list[NDArray[np.uint8]]] | None = None,
        trusted: list[str] = ...,
    ) -> bytes | None: ...

def convert(
    source: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    target: str | PathLike[str],
    /,
    *,
    for_: str | None = None,
    compress: bool | int | str | tuple[str, int] | None = None,
    protocol: int | None = None,
    limits: Limits | None = None,
    identity: Identity | str | PathLike[str] | None = None,
    recipients: str | Identity | Iterable[str | Identity] | None = None,
) -> list[str]: ...
def slim(
    source: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    target: str | PathLike[str],
    /,
    *,
    bits: int | None,
    prune_trees: int | float | None,
    max_depth: int | None,
    top_features: int | None,
    compress: bool | int | str | tuple[str, int] | None,
    protocol: int | None,
    limits: Limits | None,
    identity: Identity | str | PathLike[str] | None,
    recipients: str | Identity | Iterable[str | Identity] | None,
) -> Slimmed: ...
def save_mlflow(
    source: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    folder: str | PathLike[str],
    /,
    *,
    method: str,
    signature: list[tuple[str, str]],
    limits: Limits | None = None,
    identity: Identity | str | PathLike[str] | None = None,
) -> list[str]: ...
def export(
    model: Model,
    output: str | PathLike[str] | None,
    /,
    *,
    target: str | None,
    methods: list[str] | None,
    float32: bool,
    opset: int | None,
) -> tuple[bytes | None, list[str]]: ...
def picture(
    source: Model | str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    output: str | PathLike[str] | None,
    /,
    *,
    target: str | None,
    at: str | None,
    max_depth: int | None,
    limits: Limits | None,
    identity: Identity | str | PathLike[str] | None,
) -> tuple[bytes | None, list[str]] | None: ...
def exported(target: str) -> list[tuple[str, list[str]]] | None: ...
def rebuild(
    source: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    /,
    *,
    trusted: list[str],
    at: str | None = None,
    target: str | None = None,
    limits: Limits | None = None,
    identity: Identity | str | PathLike[str] | None = None,
) -> Rebuilt: ...
def sign(
    model: str | PathLike[str],
    /,
    *,
    key: str | PathLike[str],
    password: str | None,
    certificates: list[str | PathLike[str]],
    signature: str | PathLike[str] | None,
    ignore: list[str],
    follow_links: bool,
    extension: bool,
) -> PathLike[str]: ...
def scan(
    source: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    /,
    *,
    strict: bool = False,
    limits: Limits | None = None,
    identity: Identity | str | PathLike[str] | None = None,
    progress: bool | Callable[[str, int, int | None], object] | None = None,
) -> Verdict | list[Verdict]: ...
