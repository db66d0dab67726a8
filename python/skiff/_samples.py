"""Rows that are recorded in a ``.skiff`` with the estimator's predictions, for ``skiff.verify``.

The record contains only numpy arrays, lists, dicts, strings and numbers: it can be read without pandas or scipy.
`docs/passport.md` specifies its layout.
"""

from __future__ import annotations

import warnings
from typing import Any, Mapping

import numpy as np

from skiff._columns import columns, is_frame, scalar, simplified

#: The methods that are recorded, if the estimator has them. Those that return neighbors are not: which of several
#: equally near ones numpy returns depends on the processor.
METHODS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "predict_joint_log_proba",
    "decision_function",
    "transform",
    "score_samples",
    "apply",
    "mahalanobis",
)

#: More rows than this make the file large without improving the check.
MANY_ROWS = 1_000


def record(estimator: Any, x: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The recorded rows, and their entry in the passport.

    Raises the estimator's own error if none of its methods accepts the rows.
    """
    if not hasattr(x, "__len__") and not hasattr(x, "shape") and hasattr(x, "__iter__"):
        x = list(x)
    recorded = _input(x)
    rows = _rows(x)
    if rows == 0:
        raise ValueError("expected some rows to record, found none")
    if rows > MANY_ROWS:
        warnings.warn(
            f"{rows} rows are recorded in the file with their predictions; 10 to 100 are enough to verify a model",
            UserWarning,
            stacklevel=4,
        )
    answers: list[dict[str, Any]] = []
    skipped: dict[str, str] = {}
    error: Exception | None = None
    for method in METHODS:
        # A property, such as `predict_proba` of some estimators, may raise errors other than AttributeError.
        try:
            call = getattr(estimator, method, None)
        except Exception:
            continue
        if call is None:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                answers.append({"method": method, "value": _answer(call(x))})
        except Exception as raised:
            error = error or raised
            text = str(raised).strip()
            skipped[method] = (text.splitlines()[0] if text else type(raised).__name__)[:200]
    if not answers:
        if error is not None:
            raise error
        raise ValueError(f"{type(estimator).__name__} has no method whose results can be recorded")
    facts: dict[str, Any] = {"rows": rows, "methods": [answer["method"] for answer in answers]}
    if skipped:
        facts["not_answered"] = skipped
    return {"version": 1, "input": recorded, "answers": answers}, facts


def _rows(x: Any) -> int:
    return int(x.shape[0]) if hasattr(x, "shape") and x.shape else len(x)


def _input(x: Any) -> dict[str, Any]:
    if isinstance(x, (str, bytes)):
        raise TypeError("expected rows to record, found a str; pass a list of str")
    if isinstance(x, Mapping):
        return {"kind": "mappings", "values": [_mapping(x)]}
    if hasattr(x, "tocsr"):
        return _sparse(x)
    if is_frame(x):
        return _frame(x)
    if hasattr(x, "iloc") and hasattr(x, "to_numpy"):
        # A Series: documents.
        return {"kind": "array", "array": simplified(x.to_numpy())}
    if isinstance(x, (list, tuple)):
        if len(x) > 0 and isinstance(x[0], Mapping):
            return {"kind": "mappings", "values": [_mapping(row) for row in x]}
        if len(x) > 0 and isinstance(x[0], (str, bytes)):
            return {"kind": "texts", "values": [_scalar(text) for text in x]}
        array = np.asarray(x)
        # Strings among numbers are kept: numpy alone would convert the numbers to strings.
        return _array(np.asarray(x, dtype=object) if array.dtype.kind in "US" else array)
    return _array(x)


def _answer(value: Any) -> dict[str, Any]:
    if hasattr(value, "tocsr"):
        return _sparse(value)
    if is_frame(value):
        return _frame(value)
    if isinstance(value, (list, tuple)):
        return {"kind": "list", "items": [_answer(item) for item in value]}
    return _array(value)


def _array(array: Any) -> dict[str, Any]:
    array = np.asarray(array)
    if array.ndim > 2 and array.dtype == np.dtype(object):
        raise TypeError("expected an array of objects of one or two dimensions")
    if array.dtype == np.dtype(object):
        values = np.empty(array.shape, dtype=object)
        values.ravel()[:] = [_scalar(value) for value in array.ravel().tolist()]
        return {"kind": "array", "array": values}
    if array.dtype.kind not in "biufUSmMc":
        array = simplified(array)
    if array.dtype.kind == "f" and array.dtype.itemsize == 4 and not array.dtype.isnative:
        # scikit-learn computes in float64 on them.
        return {"kind": "array", "array": array.astype(np.float64)}
    # A copy, since the caller may modify the rows.
    return {"kind": "array", "array": array.copy(order="K")}


def _sparse(matrix: Any) -> dict[str, Any]:
    csr = matrix.tocsr()
    if not csr.has_canonical_format:
        csr = csr.copy()
        csr.sum_duplicates()
    return {
        "kind": "csr",
        "shape": [int(length) for length in csr.shape],
        "data": np.array(csr.data),
        "indices": np.array(csr.indices, dtype=np.int64),
        "indptr": np.array(csr.indptr, dtype=np.int64),
    }


def _frame(frame: Any) -> dict[str, Any]:
    recorded = []
    for column in columns(frame):
        entry: dict[str, Any] = {"name": column.name, "dtype": column.dtype, "array": _array(column.values)["array"]}
        if column.categories is not None:
            entry["categories"] = [_scalar(category) for category in column.categories]
        recorded.append(entry)
    return {"kind": "frame", "rows": int(frame.shape[0]), "columns": recorded}


def _mapping(row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise TypeError(f"expected mappings, found {type(row).__name__}")
    found = {}
    for name, value in row.items():
        if not isinstance(name, str):
            raise TypeError("expected mappings with str keys")
        is_many = hasattr(value, "__iter__") and not isinstance(value, (str, bytes))
        found[str(name)] = [_scalar(item) for item in value] if is_many else _scalar(value)
    return found


def _scalar(value: Any) -> Any:
    value = scalar(value)
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value
    raise TypeError(f"expected numbers and text in the rows to record, found {type(value).__name__}")
