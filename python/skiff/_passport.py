"""The passport of a model: its origin and scores. `docs/passport.md` has its layout."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform as _platform
import re
import sys
from typing import Any, Mapping

import numpy as np

from skiff import _cross_validation, _data_reference, _samples, _source_reference
from skiff._plain import number, path_of, plain
from skiff._skiff import __version__

#: The version of the layout.
VERSION = 1

#: The modules whose versions affect a model, with their distributions.
_PACKAGES = {
    "sklearn": "scikit-learn",
    "numpy": "numpy",
    "scipy": "scipy",
    "joblib": "joblib",
    "pandas": "pandas",
    "polars": "polars",
    "pyarrow": "pyarrow",
}

#: The passport has only the beginning of longer lists of names and classes, which are in the model.
_MOST_NAMES = 1_000
#: The largest passport, which is meant to be read by people.
_MOST_BYTES = 4 << 20


def collect(
    estimator: Any,
    *,
    X_sample: Any = None,
    data: Any = None,
    source: Any = None,
    cv: Any = None,
    metrics: Mapping[str, float] | None = None,
    author: str | None = None,
    notes: str | None = None,
    lock: bool = False,
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The passport of ``estimator``, for ``json.dumps``, and the recorded rows, if requested.

    ``X_sample`` are rows, of any type that the estimator accepts: they are predicted here. ``data`` is the training
    data: a path, a URI, a table, ``(X, y)``, or a mapping of facts. ``source`` is the code: a path,
    a module, a function. ``cv`` are cross-validation scores, the result of ``cross_validate``, a fitted search, or
    ``(cv, X, y)`` and ``(cv, X, y, scoring)`` to compute them here. ``metrics`` are numbers by name. ``lock`` records all
    installed distributions.
    """
    passport: dict[str, Any] = {
        "version": VERSION,
        "created": _now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "versions": versions(estimator),
        "platform": platform(),
        "estimator": describe(estimator),
    }
    if data is not None:
        passport["data"] = _data_reference.reference(data)
    if source is not None:
        passport["source"] = _source_reference.reference(source)
    scores = _cross_validation.record(cv, estimator) if cv is not None else _cross_validation.of_search(estimator)
    if scores is not None:
        passport["cross_validation"] = scores
    if metrics is not None:
        passport["metrics"] = {str(name): _metric(name, value) for name, value in dict(metrics).items()}
    for name, text in (("author", author), ("notes", notes)):
        if text is not None:
            if not isinstance(text, str):
                raise TypeError(f"expected a text for `{name}`, not {type(text).__name__}")
            passport[name] = text
    if lock:
        passport["lock"] = locked()
    samples = None
    if X_sample is not None:
        samples, passport["samples"] = _samples.record(estimator, X_sample)
    dumps(passport)
    return passport, samples


def dumps(passport: Mapping[str, Any]) -> str:
    """The passport as it is stored in the file."""
    text = json.dumps(passport, allow_nan=False, separators=(",", ":"))
    if len(text) > _MOST_BYTES:
        raise ValueError(f"expected a passport of at most {_MOST_BYTES} bytes, found {len(text)}: shorten `notes`")
    return text


def versions(estimator: Any) -> dict[str, str]:
    """The versions of Python, skiff, and of the packages that are imported or have classes in the estimator."""
    found = {"python": _platform.python_version(), "skiff": __version__}
    packages = dict(_PACKAGES)
    for part in [estimator, *_parameters(estimator).values()]:
        # Of classes, functions and objects of other packages in the pipeline.
        module = _attribute(part, "__module__")
        package = module.split(".")[0] if isinstance(module, str) else ""
        if package and package not in packages and package not in ("builtins", "__main__", *_standard()):
            packages[package] = package
    for module, distribution in packages.items():
        loaded = sys.modules.get(module)
        if loaded is None:
            continue
        version = getattr(loaded, "__version__", None)
        if not isinstance(version, str):
            try:
                version = importlib.metadata.version(distribution)
            except importlib.metadata.PackageNotFoundError:
                continue
        found[distribution] = version
    return found


def locked() -> dict[str, str]:
    """The versions of all installed distributions, by their normalized names."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        # A damaged one has no name.
        name, version = distribution.metadata["Name"], distribution.version
        if isinstance(name, str) and isinstance(version, str):
            # Of two of a name, the first is imported.
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version)
    return dict(sorted(found.items()))


def platform() -> dict[str, Any]:
    """The machine and the interpreter."""
    return {
        "system": _platform.system(),
        "machine": _platform.machine(),
        "byte_order": sys.byteorder,
        "word_size": 64 if sys.maxsize > 2**32 else 32,
        "implementation": _platform.python_implementation(),
    }


def describe(estimator: Any) -> dict[str, Any]:
    """The estimator's class, its hyperparameters including nested ones, its features and classes."""
    parameters = _parameters(estimator)
    found: dict[str, Any] = {
        "class": path_of(type(estimator)),
        "parameters": {str(name): _safely(parameters[name]) for name in sorted(parameters, key=str)},
    }
    count = _attribute(estimator, "n_features_in_")
    if isinstance(count, (int, np.integer)):
        found["n_features_in"] = int(count)
    names = _attribute(estimator, "feature_names_in_")
    if names is not None:
        found["feature_names_in"] = [plain(name) for name in list(names)[:_MOST_NAMES]]
    classes = _attribute(estimator, "classes_")
    if isinstance(classes, np.ndarray):
        found["classes"] = [plain(one) for one in classes[:_MOST_NAMES].tolist()]
        found["n_classes"] = len(classes)
    elif isinstance(classes, (list, tuple)) and all(isinstance(one, np.ndarray) for one in classes):
        # One list for each output.
        found["classes"] = [[plain(one) for one in each[:_MOST_NAMES].tolist()] for each in classes[:_MOST_NAMES]]
        found["n_classes"] = [len(each) for each in classes]
    return found


def _now() -> datetime.datetime:
    # https://reproducible-builds.org/specs/source-date-epoch/: the same model yields the same bytes.
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdigit():
        return datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)
    return datetime.datetime.now(datetime.timezone.utc)


def _parameters(estimator: Any) -> dict[str, Any]:
    try:
        return dict(estimator.get_params(deep=True))
    except Exception:  # Not a scikit-learn estimator, or one with a wrong signature.
        return {}


def _safely(value: Any) -> Any:
    # Errors of user classes on attribute access must not prevent saving the model.
    try:
        return plain(value)
    except Exception:
        return {"repr": f"<{path_of(type(value))}>"}


def _attribute(estimator: Any, name: str) -> Any:
    # Some are properties that raise any exception of a nested estimator.
    try:
        return getattr(estimator, name)
    except Exception:
        return None


def _metric(name: Any, value: Any) -> Any:
    if not isinstance(name, str):
        raise TypeError(f"expected a text as the name of a metric, not {type(name).__name__}")
    try:
        return plain(value) if isinstance(value, (bool, int)) else number(value)
    except (TypeError, ValueError):
        raise TypeError(f"expected a number for the metric `{name}`, not {type(value).__name__}") from None


def _standard() -> frozenset[str]:
    return getattr(sys, "stdlib_module_names", frozenset())  # Since Python 3.10.
