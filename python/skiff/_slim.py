"""``skiff.slim``: a smaller file for the same model."""

from __future__ import annotations

import os
import tempfile
import time
from typing import IO, Any, Iterable, List, Optional, TypedDict

import numpy as np

from skiff._convert import Compress, highest
from skiff._errors import WrongInputError
from skiff._skiff import Identity, Limits, Model
from skiff._skiff import open as _open
from skiff._skiff import slim as _slim

#: Attributes of one name, of all objects of one class, that only training needs: the class's name without its module, the
#: attribute, how many objects had it, and how many bytes.
Dropped = TypedDict("Dropped", {"class": str, "attribute": str, "objects": int, "bytes": int})

#: What an option changed.
Changed = TypedDict("Changed", {"option": str, "class": str, "attribute": str, "objects": int})


class Size(TypedDict):
    """A file."""

    bytes: int


class Metric(TypedDict):
    """Accuracy or R² of both models."""

    name: str
    before: float
    after: float


class Measured(TypedDict):
    """What changes on some rows."""

    rows: int
    method: Optional[str]
    greatest_difference: Optional[float]
    changed_labels: Optional[float]
    metric: Optional[Metric]
    seconds: List[float]


class Slimmed(TypedDict):
    """What is smaller."""

    before: Size
    after: Size
    dropped: List[Dropped]
    trees_with_narrower_thresholds: int
    changed: List[Changed]
    measured: Optional[Measured]
    notes: List[str]


def slim(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes],
    target: str | os.PathLike[str],
    /,
    *,
    float32: bool = False,
    float16: bool = False,
    quantize: int | None = None,
    prune_trees: int | float | None = None,
    max_depth: int | None = None,
    top_features: int | None = None,
    X: Any = None,
    y: Any = None,
    max_label_change: float | None = None,
    unmeasured: bool = False,
    compress: Compress = None,
    protocol: int | None = None,
    limits: Limits | None = None,
    identity: Identity | str | os.PathLike[str] | None = None,
    recipients: str | Identity | Iterable[str | Identity] | None = None,
) -> Slimmed:
    """Write a smaller file for the same model.

    It lacks what only training needs, and its numbers are stored in as few bytes as give the same bits. scikit-learn loads
    it, and every method answers as before, unless options ask for more. Nothing in the source is executed or imported, and
    scikit-learn is not needed.

    Parameters
    ----------
    source : str, path-like, bytes or file object
        The model file: a path, its bytes, or a file opened for reading bytes.
    target : str or path-like
        The path to write. Its extension selects the format, as for ``skiff.convert``.
    float32, float16 : bool, default=False
        Round learned numbers.
    quantize : int, optional
        8 rounds learned numbers to 8 bits.
    prune_trees : int or float, optional
        An integer keeps the first trees of ensembles; a float prunes trees by cost-complexity, as ``ccp_alpha``.
    max_depth : int, optional
        Nodes of trees at this depth become leaves.
    top_features : int, optional
        Linear models keep the coefficients of so many features.
    X, y : array-like, optional
        Rows to measure the change on, and their targets. Options that change answers need ``X``, or ``unmeasured=True``.
    max_label_change : float, optional
        Raise and write nothing if a greater share of the rows gets another label.
    unmeasured : bool, default=False
        Do not measure anything.
    compress : bool, int, str or tuple, optional
        As for ``skiff.convert``; by default the best compression of the format.
    protocol : int, optional
        The pickle protocol of a ``.pkl`` or ``.joblib``, 2 to 5; 4 by default. A negative number is the highest.
    limits : Limits, optional
        Limits of memory and time for reading the source.
    identity : Identity, str or path-like, optional
        The key or passphrase of an encrypted source.
    recipients : str, Identity or list of them, optional
        Encrypt the target for these recipients, as in ``skiff.dump``.

    Returns
    -------
    dict
        The bytes ``before`` and ``after``, the attributes that were ``dropped``, each with its class and the bytes that it
        had, what was ``changed``, what was ``measured``, and ``notes``.

    Raises
    ------
    NotSupportedError
        If the format cannot represent a value of the model, or an option applies to nothing in it.
    WrongInputError
        If the extension is unknown, the format does not have an option, or more labels change than are allowed.

    Examples
    --------
    >>> skiff.slim("model.joblib", "model.skiff")  # doctest: +SKIP
    >>> skiff.slim("model.joblib", "model.skiff", prune_trees=50, X=X_test, y=y_test)  # doctest: +SKIP
    """
    bits = [bits for bits, is_given in ((32, float32), (16, float16), (quantize, quantize is not None)) if is_given]
    if len(bits) > 1:
        raise WrongInputError("expected one of `float32`, `float16` and `quantize`")
    options: dict[str, Any] = {
        "bits": bits[0] if bits else None,
        "prune_trees": prune_trees,
        "max_depth": max_depth,
        "top_features": top_features,
    }
    if quantize is not None and quantize != 8:
        raise WrongInputError(f"expected 8 bits for `quantize`, found {quantize}")
    if not isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)):
        source = source.read()
    is_lossy = any(value is not None for value in options.values())
    if is_lossy and X is None and not unmeasured:
        raise WrongInputError("nothing can be measured without rows: pass `X=`, or `unmeasured=True`")
    if max_label_change is not None and X is None:
        raise WrongInputError("`max_label_change` needs rows: pass `X=`")
    measured = None
    if X is not None:
        with tempfile.TemporaryDirectory() as folder:
            new = os.path.join(folder, "model.pkl")
            _slim(source, new, **options, compress=None, protocol=None, limits=limits, identity=identity, recipients=None)
            models = [_open(source, limits=limits, identity=identity), _open(new)]
            measured = _measured(models, X, y)
    if max_label_change is not None and measured is not None:
        changed = measured["changed_labels"]
        if changed is None:
            raise WrongInputError("`max_label_change` is for labels, and the model predicts none")
        if changed > max_label_change:
            raise WrongInputError(f"{changed} of the rows get another label, more than {max_label_change}: nothing was written")
    slimmed: Slimmed = _slim(
        source,
        target,
        **options,
        compress=compress,
        protocol=highest(protocol),
        limits=limits,
        identity=identity,
        recipients=recipients,
    )
    slimmed["measured"] = measured
    return slimmed


def _measured(models: list[Model], X: Any, y: Any) -> Measured:
    """What changes on the rows."""
    compared = ("predict_proba", "decision_function", "transform", "score_samples")
    method = next((name for name in compared if hasattr(models[0], name)), None)
    answers, seconds = [], []
    for model in models:
        start = time.perf_counter()
        predicted = np.asarray(model.predict(X)) if hasattr(model, "predict") else None
        numbers = _numbers(getattr(model, method)(X)) if method is not None else None
        seconds.append(time.perf_counter() - start)
        answers.append((predicted, numbers))
    (predicted, numbers), (new_predicted, new_numbers) = answers
    is_labels = predicted is not None and new_predicted is not None and predicted.dtype.kind != "f"
    if numbers is None and predicted is not None and new_predicted is not None and not is_labels:
        method, numbers, new_numbers = "predict", _numbers(predicted), _numbers(new_predicted)
    greatest = None
    if numbers is not None and new_numbers is not None:
        is_same = (numbers == new_numbers) | (np.isnan(numbers) & np.isnan(new_numbers))
        with np.errstate(invalid="ignore"):
            differences = np.where(is_same, 0.0, np.abs(numbers - new_numbers))
        greatest = float(np.nan_to_num(differences, nan=np.inf, posinf=np.inf).max(initial=0.0))
    changed = None
    if is_labels and predicted is not None and new_predicted is not None:
        differ = (predicted != new_predicted).reshape(len(predicted), -1).any(axis=1)
        changed = float(differ.mean()) if len(differ) else 0.0
    metric: Metric | None = None
    if y is not None and predicted is not None and new_predicted is not None:
        targets = np.asarray(y)
        score = _accuracy if is_labels else _r2
        name = "accuracy" if is_labels else "r2"
        metric = {"name": name, "before": score(targets, predicted), "after": score(targets, new_predicted)}
    rows = len(predicted) if predicted is not None else 0 if numbers is None else len(numbers)
    return {
        "rows": rows,
        "method": method,
        "greatest_difference": greatest,
        "changed_labels": changed,
        "metric": metric,
        "seconds": seconds,
    }


def _numbers(answer: Any) -> Any:
    if isinstance(answer, list):
        return np.concatenate([_numbers(one) for one in answer], axis=1)
    return np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer, dtype=np.float64)


def _accuracy(targets: Any, predicted: Any) -> float:
    return float((targets == predicted).reshape(len(predicted), -1).all(axis=1).mean())


def _r2(targets: Any, predicted: Any) -> float:
    error = ((targets - predicted) ** 2).sum(axis=0)
    variance = ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
    return float(np.mean(1.0 - error / variance))
