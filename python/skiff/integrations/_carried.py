"""A model that travels to the processes that predict with it."""

from __future__ import annotations

import hashlib
import pathlib
import pickle
import threading
from os import PathLike
from typing import Any, Union

from skiff._skiff import ArrowMethod, Model
from skiff._skiff import open as _open

# A model, the path of its file, or its bytes.
Source = Union[Model, str, "PathLike[str]", bytes]

# The models of this process by their digests, the one that was asked last at the end.
_opened: dict[str, Model] = {}
_lock = threading.Lock()
_MOST = 8

# The names of the columns of predictions, as the command has them.
_NAMES = {
    "predict": "prediction",
    "predict_proba": "probability",
    "predict_log_proba": "log_probability",
    "decision_function": "score",
    "score_samples": "score",
}


class Carried:
    """A model as bytes, which is pickled as such, and opened once in each process for all of its threads."""

    def __init__(self, model: Source) -> None:
        if isinstance(model, Model):
            self.content, self.is_pickle = pickle.dumps(model), True
        else:
            self.content = model if isinstance(model, bytes) else pathlib.Path(model).read_bytes()
            self.is_pickle = False
        self.digest = hashlib.sha256(self.content).hexdigest()
        # What is wrong with it is told here and not on a worker.
        self.model = self.open()

    def __reduce__(self) -> tuple[Any, ...]:
        return _carried, (self.content, self.is_pickle, self.digest)

    def open(self) -> Model:
        """The model, the same object in all threads of a process."""
        return opened(self.digest, lambda: (self.content, self.is_pickle))

    def method(self, name: str) -> ArrowMethod:
        """A method, for batches of Arrow."""
        return ArrowMethod(self.open(), name)

    def names(self, columns: Any = None) -> list[str]:
        """The columns that the model takes."""
        if columns is not None:
            return list(columns)
        names = getattr(self.model, "feature_names_in_", None)
        if names is None:
            raise TypeError("the model has no names of features: name its columns by columns=")
        return [str(name) for name in names]


def opened(digest: str, content: Any) -> Model:
    """The model of this digest; ``content`` gives its bytes, and whether they are a pickle, where it is not open yet."""
    with _lock:
        model = _opened.pop(digest, None)
        if model is None:
            content, is_pickle = content()
            model = pickle.loads(content) if is_pickle else _open(content)
        _opened[digest] = model
        while len(_opened) > _MOST:
            _opened.pop(next(iter(_opened)))
        return model


def _carried(content: bytes, is_pickle: bool, digest: str) -> Carried:
    carried = Carried.__new__(Carried)
    carried.content, carried.is_pickle, carried.digest = content, is_pickle, digest
    carried.model = carried.open()
    return carried


def name_of(method: str) -> str:
    """The name of a column of predictions."""
    return _NAMES.get(method, method)
