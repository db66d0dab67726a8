"""Predictions for the partitions of a Dask DataFrame."""

from __future__ import annotations

from typing import Any

import dask  # type: ignore
import numpy as np
import pandas as pd  # type: ignore
import pyarrow as pa  # type: ignore

from skiff.integrations._carried import Carried, Source, name_of
from skiff.integrations.pandas import _names, of_carried


def predict(model: Source, frame: Any, columns: Any = None, *, method: str = "predict") -> Any:
    """The predictions for a Dask DataFrame: a series or a frame as ``skiff.integrations.pandas.predict`` has it.

    The model is in the graph once, however many partitions there are.
    """
    carried = Carried(model)
    method_type = carried.method(method).type
    meta = _meta(carried, method, method_type)
    once = dask.delayed(carried, pure=True, name=f"skiff-{carried.digest}")
    return frame.map_partitions(_predict, once, columns, method, meta, meta=meta, enforce_metadata=False)


def _predict(frame: pd.DataFrame, carried: Carried, columns: Any, method: str, meta: Any) -> Any:
    if len(frame) == 0:
        return meta
    return of_carried(carried, _as_read(frame), columns, method)


def _as_read(frame: pd.DataFrame) -> pd.DataFrame:
    """The text of a frame as pandas reads it: Dask makes pandas.NA of missing text, which scikit-learn's encoders do not know."""
    of_dask = [name for name, of in frame.dtypes.items() if isinstance(of, pd.StringDtype) and of.na_value is pd.NA]
    texts = {name: frame[name].astype(object).where(frame[name].notna(), np.nan) for name in of_dask}
    return frame.assign(**texts) if texts else frame


def _meta(carried: Carried, method: str, method_type: Any) -> Any:
    """The predictions without rows."""
    of = pa.array(method_type).type
    if pa.types.is_fixed_size_list(of):
        names = _names(carried.model, method, of.list_size)
        return pd.DataFrame(np.empty((0, of.list_size), dtype=of.value_type.to_pandas_dtype()), columns=names)
    dtype = np.dtype(object) if pa.types.is_string(of) else of.to_pandas_dtype()
    return pd.Series(np.empty(0, dtype=dtype), name=name_of(method))
