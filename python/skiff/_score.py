"""scikit-learn's default scores: what ``model.score(X, y)`` compares."""

from __future__ import annotations

from typing import Any

import numpy as np

from skiff._errors import WrongInput


def _alike(y: Any, predicted: Any) -> tuple[Any, Any]:
    y, predicted = np.asarray(y), np.asarray(predicted)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y.ravel()
    if predicted.ndim == 2 and predicted.shape[1] == 1:
        predicted = predicted.ravel()
    if y.shape != predicted.shape:
        raise WrongInput(f"y has the shape {y.shape}, the predictions {predicted.shape}", code="wrong-input")
    return y, predicted


def _weights(sample_weight: Any, rows: int) -> Any:
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=float)
    if weights.shape != (rows,):
        raise WrongInput(f"sample_weight has the shape {weights.shape}, not ({rows},)", code="wrong-input")
    return weights


def accuracy(y: Any, predicted: Any, sample_weight: Any = None) -> float:
    """The share of rows whose labels are all right."""
    y, predicted = _alike(y, predicted)
    right = y == predicted
    if right.ndim > 1:
        right = right.all(axis=1)
    return float(np.average(right, weights=_weights(sample_weight, len(right))))


def r2(y: Any, predicted: Any, sample_weight: Any = None) -> float:
    """R², averaged over the outputs."""
    y, predicted = _alike(y, predicted)
    y, predicted = y.astype(float), predicted.astype(float)
    if len(y) < 2:
        return float("nan")
    if y.ndim == 1:
        y, predicted = y[:, None], predicted[:, None]
    weights = _weights(sample_weight, len(y))
    scale = 1.0 if weights is None else weights[:, None]
    missed = (scale * (y - predicted) ** 2).sum(axis=0)
    spread = (scale * (y - np.average(y, axis=0, weights=weights)) ** 2).sum(axis=0)
    scores = np.ones(len(spread))
    varies = spread != 0
    scores[varies] = 1 - missed[varies] / spread[varies]
    # What does not vary cannot be explained: all or nothing.
    scores[~varies & (missed != 0)] = 0.0
    return float(np.average(scores))
