"""Python values as JSON, for the passport: bounded in size, and deterministic.

What JSON cannot write is an object of one key: ``{"float": "nan"}``, ``{"class": "sklearn.svm._classes.SVC"}`` for an
estimator, ``{"name": "numpy.log1p"}`` for a function or a class, ``{"repr": "…"}`` for everything else.
"""

from __future__ import annotations

import math
import re
from typing import Any, Mapping

import numpy as np

#: The replacement of a value that JSON cannot represent.
MARKS = ({"float"}, {"class"}, {"name"}, {"repr"})

#: Longer lists and mappings are counted, not written.
MOST_ITEMS = 100
#: Deeper values are cut off.
MOST_DEPTH = 8
#: The longest text of a hyperparameter.
MOST_TEXT = 1_000
#: Memory addresses would make passports nondeterministic.
ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


def plain(value: Any, depth: int = 0) -> Any:
    """``value`` for ``json.dumps``."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value) if len(value) <= MOST_TEXT else {"repr": shown(value)}
    if isinstance(value, int):
        # Beyond 64 bits, readers of JSON differ.
        return int(value) if -(2**63) <= value < 2**63 else {"repr": shown(value)}
    if isinstance(value, float):
        return number(value)
    if isinstance(value, (list, tuple)):
        if len(value) > MOST_ITEMS or depth >= MOST_DEPTH:
            return {"repr": f"{type(value).__name__} of {len(value)} items"}
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        if len(value) > MOST_ITEMS or depth >= MOST_DEPTH:
            return {"repr": f"{type(value).__name__} of {len(value)} items"}
        if not all(isinstance(key, str) for key in value) or set(value) in MARKS:
            return {"repr": shown(dict(value))}
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, type):
        return {"name": path_of(value)}
    if hasattr(value, "get_params"):
        return {"class": path_of(type(value))}
    if callable(value) and hasattr(value, "__qualname__"):
        return {"name": path_of(value)}
    if hasattr(value, "__len__") and not isinstance(value, (np.ndarray, bytes)) and len(value) > MOST_ITEMS:
        return {"repr": f"{type(value).__name__} of {len(value)} items"}
    return {"repr": shown(value)}


def number(value: Any) -> Any:
    """A float, or the replacement of one that JSON does not have."""
    value = float(value)
    if math.isfinite(value):
        return value
    return {"float": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}


def shown(value: Any) -> str:
    """``repr``, without memory addresses, and shortened."""
    if isinstance(value, (str, bytes)):
        value = value[:MOST_TEXT]
    try:
        text = repr(value)
    except Exception:  # Errors of user classes must not prevent saving the model.
        text = f"<{path_of(type(value))}>"
    text = ADDRESS.sub("", text)
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"


def path_of(thing: Any) -> str:
    """The path of a class or function: ``sklearn.svm._classes.SVC``."""
    module = getattr(thing, "__module__", None)
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None) or type(thing).__name__
    return f"{module}.{name}" if isinstance(module, str) and module != "builtins" else str(name)
