"""Predictions as an expression of Polars, in eager, lazy and streaming queries."""

from __future__ import annotations

from typing import Any

import polars as pl  # type: ignore

from skiff.integrations._carried import Carried, Source, name_of


def predict(model: Source, columns: Any = None, *, method: str = "predict") -> pl.Expr:
    """The predictions of a model as a column.

    Parameters
    ----------
    model : Model, str, PathLike or bytes
        A model of ``skiff.open``, or a model file.
    columns : list of str or of expressions, optional
        The columns that the model takes, by default those of its ``feature_names_in_``.
    method : str, default="predict"
        A method that returns something for each row. Several numbers for each row are an array.

    Returns
    -------
    polars.Expr
        Called ``prediction`` for ``predict``, ``probability`` for ``predict_proba``, and so on.

    Examples
    --------
    >>> rows.with_columns(predict("model.joblib"))  # doctest: +SKIP
    """
    carried = Carried(model)

    def call(rows: pl.Series) -> pl.Series:
        return pl.Series(rows.name, carried.method(method)(rows.struct.unnest()))

    returned = pl.Series(carried.method(method).type).dtype
    columns = carried.names(columns)
    return pl.struct(columns).map_batches(call, return_dtype=returned, is_elementwise=True).alias(name_of(method))
