"""Open scikit-learn model files without scikit-learn and without running any code in them, and predict.

>>> import skiff
>>> model = skiff.open("model.joblib")  # doctest: +SKIP
>>> model.predict(X)  # doctest: +SKIP
"""

from __future__ import annotations

from skiff._convert import convert
from skiff._cross_validation import ScoreCheck, ScoreRange
from skiff._dump import dump, dumps
from skiff._errors import (
    AnswersChangeWarning,
    DamagedFileError,
    LimitExceededError,
    MigrationWarning,
    MissingFileError,
    NotSupportedError,
    SkiffError,
    UnreadableFileError,
    UntrustedFileError,
    UnwritableFileError,
    WrongInputError,
)
from skiff._diff import diff
from skiff._export import export
from skiff._load import load, loads
from skiff._scores import check_scores
from skiff._signing import SignatureProblem, SignatureVerdict, sign
from skiff._skiff import Identity, Limits, Model, StoredObject, __version__, inspect, open, scan
from skiff._slim import slim
from skiff._supported import supported
from skiff._verification import Replay, Verification, verify

__all__ = [
    "AnswersChangeWarning",
    "DamagedFileError",
    "Identity",
    "LimitExceededError",
    "Limits",
    "MigrationWarning",
    "MissingFileError",
    "Model",
    "NotSupportedError",
    "Replay",
    "ScoreCheck",
    "ScoreRange",
    "SignatureProblem",
    "SignatureVerdict",
    "SkiffError",
    "StoredObject",
    "UnreadableFileError",
    "UntrustedFileError",
    "UnwritableFileError",
    "Verification",
    "WrongInputError",
    "__version__",
    "check_scores",
    "convert",
    "diff",
    "dump",
    "dumps",
    "export",
    "inspect",
    "load",
    "loads",
    "open",
    "scan",
    "sign",
    "slim",
    "supported",
    "verify",
]
