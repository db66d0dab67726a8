"""Rows whose numbers are moved by rounding errors, and how far answers are apart: in any version of Python since 2.7."""

import numpy as np
import scipy.sparse


def jittered(rows, chance, single=False):
    """The rows with each number a few units in its last place away; of a `float32`, where integers are read as such."""
    if hasattr(rows, "iloc"):
        columns = [name for name in rows if rows[name].dtype.kind == "f"]
        return rows.assign(**{name: jittered(rows[name].to_numpy(), chance) for name in columns})
    data = rows.data if scipy.sparse.issparse(rows) else rows
    if not isinstance(data, np.ndarray) or data.dtype.kind not in "fiu":
        return rows
    dtype = data.dtype if data.dtype.kind == "f" else np.dtype(np.float32 if single else np.float64)
    moved = (data * (1 + chance.choice([-2, -1, 1, 2], size=data.shape) * np.finfo(dtype).eps)).astype(dtype)
    if not scipy.sparse.issparse(rows):
        return moved
    other = rows.astype(dtype)
    other.data = moved
    return other


def distance(one, other):
    """The greatest difference of two answers of numbers, or how many labels differ, of several arrays the greatest; NaN if
    they are not arrays of the same form."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        apart = [distance(*pair) for pair in zip(one, other)]
        return np.max(apart) if apart and len(one) == len(other) else np.nan
    one, other = (answer.toarray() if scipy.sparse.issparse(answer) else answer for answer in (one, other))
    if not all(isinstance(answer, (np.ndarray, np.generic, float, int)) or hasattr(answer, "iloc") for answer in (one, other)):
        return np.nan
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape:
        return np.nan
    if all(answer.dtype.kind in "fiub" for answer in (one, other)) and "f" in one.dtype.kind + other.dtype.kind:
        return np.abs(np.nan_to_num(one.astype(float)) - np.nan_to_num(other.astype(float))).max(initial=0.0)
    return float(sum(a != b for a, b in zip(one.ravel().tolist(), other.ravel().tolist())))
