"""Predictions as a series or a frame of pandas, with its index."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd  # type: ignore

from skiff.integrations._carried import Carried, Source, name_of


def predict(model: Source, frame: pd.DataFrame, columns: Any = None, *, method: str = "predict") -> Any:
    """The predictions for the rows of a frame.

    Parameters
    ----------
    model : Model, str, PathLike or bytes
        A model of ``skiff.open``, or a model file.
    frame : pandas.DataFrame
        The rows.
    columns : list of str, optional
        The columns that the model takes, by default those of its ``feature_names_in_``, or all.
    method : str, default="predict"
        A method that returns something for each row.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        A series called ``prediction``, ``score``, …; a frame, with a column for each class, where the method returns
        several values for each row.
    """
    return of_carried(model if isinstance(model, Carried) else Carried(model), frame, columns, method)


def of_carried(carried: Carried, frame: pd.DataFrame, columns: Any, method: str) -> Any:
    """As ``predict``."""
    model = carried.open()
    if columns is None and hasattr(model, "feature_names_in_"):
        columns = carried.names()
    rows = frame if columns is None else frame[list(columns)]
    # A transformer of text takes one column.
    if columns is not None and len(columns) == 1 and getattr(model, "n_features_in_", None) is None:
        rows = rows[columns[0]]
    found = getattr(model, method)(rows)
    if isinstance(found, pd.DataFrame):
        return found
    if hasattr(found, "toarray"):
        found = found.toarray()
    found = np.asarray(found)
    if found.ndim == 1:
        return pd.Series(found, index=frame.index, name=name_of(method))
    return pd.DataFrame(found, index=frame.index, columns=_names(model, method, found.shape[1]))


def _names(model: Any, method: str, count: int) -> list[str]:
    """The names of several columns, as the command has them."""
    stem = name_of(method)
    classes = getattr(model, "classes_", None) if method in ("predict_proba", "predict_log_proba", "decision_function") else None
    if isinstance(classes, np.ndarray) and len(classes) == count:
        return [f"{stem}_{one}" for one in classes]
    if method == "transform" and hasattr(model, "get_feature_names_out"):
        try:
            return list(model.get_feature_names_out())
        except Exception:
            return [f"x{column}" for column in range(count)]
    return [f"{stem}_{column}" for column in range(count)]
