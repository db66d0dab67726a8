from collections.abc import Iterable, Iterator
from os import PathLike
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import NDArray

from skiff._inspection import Inspection
from skiff._verdict import Verdict

__all__ = [
    "Dump",
    "Identity",
    "Limits",
    "Model",
    "Part",
    "Rebuilt",
    "__version__",
    "convert",
    "inspect",
    "open",
    "rebuild",
    "scan",
    "sign",
    "verify",
    "verify_signature",
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
    def time(self) -> float | None: ...

@final
class Part:
    def class_path(self) -> str: ...
    def get_params(self, deep: bool = True) -> dict[str, Any]: ...
    def __getattr__(self, name: str, /) -> Any: ...
    def __getattribute__(self, name: str, /) -> Any: ...
    def __dir__(self) -> list[str]: ...

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
    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any: ...
    def kneighbors_graph(self, X: Any = None, n_neighbors: int | None = None, mode: str = "connectivity") -> Any: ...
    def radius_neighbors(self, X: Any = None, radius: float | None = None, return_distance: bool = True) -> Any: ...
    def radius_neighbors_graph(self, X: Any = None, radius: float | None = None, mode: str = "connectivity") -> Any: ...
    def staged_predict(self, X: Any) -> Iterator[Any]: ...
    def staged_predict_proba(self, X: Any) -> Iterator[Any]: ...
    def staged_decision_function(self, X: Any) -> Iterator[Any]: ...
    def get_feature_names_out(self, input_features: Any = None) -> Any: ...
    def get_depth(self) -> int: ...
    def get_n_leaves(self) -> int: ...
    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float: ...
    def get_params(self, deep: bool = True) -> dict[str, Any]: ...
    # Of pipelines: their steps, by name, number and slice.
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
) -> Model: ...
def inspect(
    source: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    /,
    *,
    limits: Limits | None = None,
    identity: Identity | str | PathLike[str] | None = None,
) -> Inspection: ...

# What `skiff.dump`, `skiff.load` and `skiff.verify` are made of.

def verify(
    source: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    /,
    *,
    at: str | None = None,
    limits: Limits | None = None,
    custom: dict[str, Any] | None = None,
    identity: Identity | str | PathLike[str] | None = None,
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
    ) -> bytes | None: ...

def convert(
    source: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    target: str | PathLike[str],
    /,
    *,
    compress: bool | int | str | tuple[str, int] | None = None,
    protocol: int | None = None,
    limits: Limits | None = None,
    identity: Identity | str | PathLike[str] | None = None,
    recipients: str | Identity | Iterable[str | Identity] | None = None,
) -> list[str]: ...
def rebuild(
    source: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    /,
    *,
    trusted: list[str],
    at: str | None = None,
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
def verify_signature(
    model: str | PathLike[str],
    /,
    *,
    key: str | PathLike[str] | None,
    certificate_chain: list[str | PathLike[str]],
    valid_at: str | None,
    signature: str | PathLike[str] | None,
) -> dict[str, Any]: ...
def scan(
    source: str | PathLike[str] | bytes | bytearray | memoryview | _Readable,
    /,
    *,
    strict: bool = False,
    limits: Limits | None = None,
    identity: Identity | str | PathLike[str] | None = None,
) -> Verdict | list[Verdict]: ...
