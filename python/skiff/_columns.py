"""The columns of DataFrames as numpy arrays: those that ``skiff.Model`` would see.

Numbers and moments keep their dtype; text, categories and mixtures become arrays of ``str``, ``None``, numbers and NaN.
"""

from __future__ import annotations

from typing import Any, Iterator, NamedTuple

import numpy as np


class Column(NamedTuple):
    """A column of a DataFrame."""

    #: ``None`` if columns are numbered.
    name: str | None
    #: The library's name of its dtype.
    dtype: str
    values: np.ndarray[Any, Any]
    #: All categories, including unused ones, if it is categorical.
    categories: list[Any] | None


def is_frame(table: Any) -> bool:
    """Whether ``table`` is a DataFrame of pandas or polars, or an Arrow table."""
    if hasattr(table, "iloc"):
        return hasattr(table, "columns")
    package = type(table).__module__.split(".")[0]
    if package == "polars":
        return hasattr(table, "get_columns")
    if package == "pyarrow":
        return hasattr(table, "column_names")
    return hasattr(table, "__arrow_c_stream__") and package != "numpy"


def columns(frame: Any) -> list[Column]:
    """The columns of ``frame``, in order."""
    found = list(_columns(frame))
    if not all(isinstance(column.name, str) for column in found):
        # scikit-learn treats numbered columns as unnamed.
        found = [column._replace(name=None) for column in found]
    return found


def _columns(frame: Any) -> Iterator[Column]:
    if hasattr(frame, "iloc"):
        for place, name in enumerate(frame.columns.tolist()):
            # By index: names may be repeated.
            series = frame.iloc[:, place]
            categories = series.cat.categories.tolist() if hasattr(series, "cat") else None
            yield Column(name, str(series.dtype), simplified(_pandas(series)), categories)
    elif type(frame).__module__.split(".")[0] == "polars":
        for series in frame.get_columns():
            categories = series.cat.get_categories().to_list() if str(series.dtype).startswith(("Cat", "Enum")) else None
            yield Column(series.name, str(series.dtype), simplified(series.to_numpy()), categories)
    else:
        import pyarrow  # type: ignore

        table = frame if hasattr(frame, "column_names") else pyarrow.table(frame)
        for place, name in enumerate(table.column_names):
            chunks = table.column(place)
            kind = str(chunks.type)
            if pyarrow.types.is_dictionary(chunks.type):
                chunks = chunks.cast(chunks.type.value_type)
            plain = chunks.to_numpy() if hasattr(chunks, "num_chunks") else chunks.to_numpy(zero_copy_only=False)
            yield Column(name, kind, simplified(plain), None)


def _pandas(series: Any) -> np.ndarray[Any, Any]:
    """Nullable columns, converted as in scikit-learn: to ``float64`` if they are floats or have missing values."""
    dtype = series.dtype
    if not hasattr(dtype, "na_value"):
        return np.asarray(series.to_numpy())
    if hasattr(dtype, "subtype") and hasattr(dtype, "fill_value"):
        return np.asarray(series.sparse.to_dense().to_numpy())
    if getattr(dtype, "kind", "O") in "iufb":
        if dtype.kind == "f" or series.hasnans:
            return np.asarray(series.to_numpy(dtype="float64", na_value=np.nan))
        if hasattr(dtype, "numpy_dtype"):
            return np.asarray(series.to_numpy(dtype=dtype.numpy_dtype))
    return np.asarray(series.to_numpy())


def simplified(values: Any) -> np.ndarray[Any, Any]:
    """``values`` with Python objects in arrays of objects."""
    values = np.asarray(values)
    if values.dtype.kind in "OTUS" and values.dtype != np.dtype(object):
        values = values.astype(object)
    if values.dtype != np.dtype(object):
        return values
    simple = np.empty(values.shape, dtype=object)
    simple.ravel()[:] = [scalar(value) for value in values.ravel().tolist()] if values.size else []
    return simple


def scalar(value: Any) -> Any:
    """A scalar as a Python object; pandas' missing value is NaN."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return str(value)
    if type(value).__name__ in ("NAType", "NaTType"):
        return float("nan")
    return value
