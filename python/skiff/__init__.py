"""Open scikit-learn's model files without scikit-learn, without running anything in them, and ask them.

>>> import skiff
>>> model = skiff.open("model.joblib")  # doctest: +SKIP
>>> model.predict(X)  # doctest: +SKIP
"""

from __future__ import annotations

from skiff._dump import dump
from skiff._errors import (
    DamagedFile,
    LimitExceeded,
    MissingFile,
    NotSupported,
    SkiffError,
    UnreadableFile,
    UntrustedFile,
    UnwritableFile,
    WrongInput,
)
from skiff._load import load
from skiff._skiff import Limits, Model, __version__, inspect, open

__all__ = [
    "DamagedFile",
    "LimitExceeded",
    "Limits",
    "MissingFile",
    "Model",
    "NotSupported",
    "SkiffError",
    "UnreadableFile",
    "UntrustedFile",
    "UnwritableFile",
    "WrongInput",
    "__version__",
    "dump",
    "inspect",
    "load",
    "open",
]
