"""DataFrames of columns, each with its own dtype."""

from __future__ import annotations

import importlib
from typing import Any, Iterator

import numpy as np


def pandas(columns: list[Any], names: Any, index: Any) -> Any:
    """A pandas DataFrame, possibly with repeated names."""
    library = importlib.import_module("pandas")
    rows = len(columns[0]) if columns else 0
    index = library.RangeIndex(rows) if index is None else index
    frame = library.DataFrame(dict(enumerate(columns)), index=index)
    frame.columns = names
    return frame


def polars(columns: list[Any], names: Any) -> Any:
    """A polars DataFrame."""
    library = importlib.import_module("polars")

    def series(name: str, values: Any) -> Any:
        if isinstance(values, library.Series):
            return values.alias(name)
        if isinstance(values, np.ndarray) and values.dtype == object:
            values = values.tolist()
        return library.Series(name, values)

    return library.DataFrame([series(name, values) for name, values in zip(names, columns)])


def apply(model: Any, method: str, frame: Any) -> Any:
    """A pandas DataFrame through numpy's functions, as ``FunctionTransformer`` calls them; ``None`` where one of them is
    not numpy's.
    """
    functions = list(_functions(model, "func" if method == "transform" else "inverse_func"))
    if not all(callable(function) for function, _ in functions):
        return None
    for function, arguments in functions if method == "transform" else reversed(functions):
        frame = function(frame, **arguments)
    return frame


def _functions(model: Any, name: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    if hasattr(model, "steps"):
        for _, step in model.steps:
            if step is not None and not isinstance(step, str):
                yield from _functions(step, name)
    elif getattr(model, name) is not None:
        yield getattr(model, name), getattr(model, "kw_args" if name == "func" else "inv_kw_args") or {}
