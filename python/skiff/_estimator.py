"""The interfaces of ``skiff.Model`` for scikit-learn, pickle and copy."""

from __future__ import annotations

from typing import Any

import numpy as np

from skiff._skiff import Limits, Model
from skiff._skiff import open as _open


def restore(content: Any, part: tuple[int, int] | None, arguments: dict[str, Any]) -> Model:
    """The model that was pickled: itself as a ``.skiff``, which steps of it, and the arguments of ``skiff.open``."""
    model = _open(memoryview(content), **arguments)
    return model if part is None else model[slice(*part)]


def restore_limits(limits: dict[str, Any]) -> Limits:
    """The limits that were pickled."""
    return Limits(**limits)


def tags(kind: str | None, takes: str, transforms: bool) -> Any:
    """``sklearn.utils.Tags``, which scikit-learn has since 1.6."""
    from sklearn import utils  # type: ignore

    found = utils.Tags(
        estimator_type=kind,
        target_tags=utils.TargetTags(required=kind in ("classifier", "regressor")),
        transformer_tags=utils.TransformerTags() if transforms else None,
        classifier_tags=utils.ClassifierTags() if kind == "classifier" else None,
        regressor_tags=utils.RegressorTags() if kind == "regressor" else None,
        # The call itself checks whether missing values or sparse rows are supported.
        input_tags=utils.InputTags(
            two_d_array=takes == "table", sparse=takes == "table", string=takes == "texts", dict=takes == "dicts", allow_nan=True
        ),
    )
    return found


def partial_dependence(tree: Any, grid: Any, features: Any) -> Any:
    """scikit-learn's computation on the nodes of a decision tree, for ``sklearn.inspection.partial_dependence``."""
    averages = np.zeros(len(grid), dtype=np.float64)
    tree.compute_partial_dependence(grid, features, averages)
    return averages
