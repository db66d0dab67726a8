"""DataFrames of columns, each with its own dtype."""

from __future__ import annotations

import importlib
from typing import Any, Iterator

import numpy as np

from skiff._errors import WrongInputError


def pandas(columns: list[Any], names: Any, index: Any) -> Any:
    """A pandas DataFrame, possibly with repeated names."""
    library = importlib.import_module("pandas")
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


def apply(model: Any, method: str, frame: Any, names_columns: bool) -> Any:
    """A pandas DataFrame through numpy's functions, as ``FunctionTransformer`` calls them; ``None`` where one of them is
    not numpy's. From 1.4 on it names the columns as ``get_feature_names_out`` does.
    """
    name, arguments = ("func", "kw_args") if method == "transform" else ("inverse_func", "inv_kw_args")
    steps = list(_steps(model))
    functions = [getattr(step, name, None) for step in steps]
    if not all(function is None or callable(function) for function in functions):
        return None
    pairs = list(zip(steps, functions))
    for step, function in pairs if method == "transform" else reversed(pairs):
        found = frame if function is None else function(frame, **(getattr(step, arguments) or {}))
        frame = _named(step, frame, found) if names_columns and method == "transform" else found
    return frame


def _steps(model: Any) -> Iterator[Any]:
    """The transformers that a model consists of."""
    if hasattr(model, "steps"):
        for _, step in model.steps:
            if step is not None and not isinstance(step, str):
                yield from _steps(step)
    else:
        yield model


def _named(step: Any, frame: Any, found: Any) -> Any:
    """What a function made of a frame, with the names that ``get_feature_names_out`` has for its columns."""
    if getattr(step, "feature_names_out", None) is None or not hasattr(found, "columns"):
        return found
    names, own = list(step.get_feature_names_out()), list(found.columns)
    if own == names:
        return found
    if own != list(frame.columns) and all(isinstance(name, str) for name in own):
        raise WrongInputError(f"the function returns the columns {own}, get_feature_names_out {names}", code="wrong-input")
    return found.set_axis(names, axis=1)
