"""scikit-learn's default scores: what ``model.score(X, y)`` compares."""

from __future__ import annotations

from typing import Any

import numpy as np

from skiff._errors import WrongInputError


def _alike(y: Any, predicted: Any) -> tuple[Any, Any]:
    y, predicted = (np.asarray(one.toarray() if hasattr(one, "toarray") else one) for one in (y, predicted))
    if y.ndim == 2 and y.shape[1] == 1:
        y = y.ravel()
    if predicted.ndim == 2 and predicted.shape[1] == 1:
        predicted = predicted.ravel()
    if y.shape != predicted.shape:
        raise WrongInputError(f"y has the shape {y.shape}, the predictions {predicted.shape}", code="wrong-input")
    return y, predicted


def _weights(sample_weight: Any, rows: int) -> Any:
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=float)
    if weights.shape != (rows,):
        raise WrongInputError(f"sample_weight has the shape {weights.shape}, not ({rows},)", code="wrong-input")
    return weights


def _is_text(labels: Any) -> bool:
    return labels.dtype.kind in "UT" or (labels.dtype == object and any(isinstance(label, str) for label in labels.flat))


def _kind(labels: Any) -> str:
    """What scikit-learn calls the type of a target."""
    is_number = labels.dtype.kind in "biuf"
    is_whole = labels.dtype.kind != "f" or bool((labels == np.round(labels)).all())
    several = labels.ndim > 1
    if several and is_number and is_whole and len(np.unique(labels)) <= 2:
        return "multilabel-indicator"
    if several or not is_whole:
        return ("multiclass" if is_whole else "continuous") + ("-multioutput" if several else "")
    # Two classes may be all there are among three, and three among two.
    return "multiclass"


def accuracy(y: Any, predicted: Any, sample_weight: Any = None) -> float:
    """Accuracy: the fraction of rows whose labels are all right."""
    y, predicted = _alike(y, predicted)
    kinds = _kind(y), _kind(predicted)
    if kinds[0] != kinds[1]:
        raise WrongInputError(f"the accuracy of {kinds[1]} predictions for {kinds[0]} targets is not defined", code="wrong-input")
    if kinds[0] not in ("multiclass", "multilabel-indicator"):
        raise WrongInputError(f"the accuracy of {kinds[0]} targets is not defined", code="wrong-input")
    return all_right(y, predicted, sample_weight)


def all_right(y: Any, predicted: Any, sample_weight: Any = None) -> float:
    """The share of rows whose labels are all right, of targets of any type."""
    y, predicted = _alike(y, predicted)
    if len(y) > 0 and _is_text(y) != _is_text(predicted):
        shown = ["text" if _is_text(labels) else "numbers" for labels in (y, predicted)]
        raise WrongInputError(f"y has {shown[0]}, but the predictions are {shown[1]}", code="wrong-input")
    right = y == predicted
    if right.ndim > 1:
        right = right.all(axis=1)
    return float(np.average(right, weights=_weights(sample_weight, len(right))))


def _numbers(y: Any, predicted: Any, all_finite: bool = True) -> tuple[Any, Any]:
    y, predicted = (one.astype(float) for one in _alike(y, predicted))
    for values, what in [(y, "y holds"), (predicted, "the model predicts")][: 1 + all_finite]:
        if not np.isfinite(values).all():
            raise WrongInputError(f"{what} NaN or infinities, of which there is no score", code="wrong-input")
    return y, predicted


def r2_by_variance(y: Any, predicted: Any, sample_weight: Any = None) -> float:
    """R² of scikit-learn before 0.23: the average over the outputs, each weighted by its variance."""
    return r2(y, predicted, sample_weight, by_variance=True)


def r2(y: Any, predicted: Any, sample_weight: Any = None, by_variance: bool = False) -> float:
    """R², averaged over the outputs."""
    y, predicted = _numbers(y, predicted)
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
    # Constant targets have no variance to explain: the score is 1 or 0.
    scores[~varies & (missed != 0)] = 0.0
    return float(np.average(scores, weights=spread if by_variance and varies.any() else None))


def d2(y: Any, predicted: Any, sample_weight: Any, power: float) -> float:
    """D², the fraction of explained Tweedie deviance of this power."""
    # Generalized linear models look at `y` alone: a prediction that is no number makes the score one.
    y, predicted = _numbers(y, predicted, all_finite=False)
    if (power >= 1 and (y < 0).any()) or (power >= 2 and (y == 0).any()):
        raise WrongInputError(f"some values of y are out of the range of a deviance of power {power:g}", code="wrong-input")
    weights = _weights(sample_weight, len(y))
    mean = np.average(y, weights=weights)
    explained, whole = (np.average(_deviance(y, at, power), weights=weights) for at in (predicted, mean))
    return float(1 - explained / whole)


def _deviance(y: Any, mean: Any, power: float) -> Any:
    """Half the unit deviance."""
    if power == 0:
        return (y - mean) ** 2 / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        if power == 1:
            found = np.where(y == 0, 0.0, y * np.log(y / mean)) - y + mean
            return np.where(np.isposinf(mean), np.inf, found)
        if power == 2:
            return np.log(mean / y) + y / mean - 1
    own = np.maximum(y, 0) ** (2 - power) / ((1 - power) * (2 - power))
    return own - y * mean ** (1 - power) / (1 - power) + mean ** (2 - power) / (2 - power)


def inertia(model: Any, X: Any, sample_weight: Any = None) -> float:
    """The sum of the squared distances to the nearest cluster centers, with the sign of a score."""
    # The center that `BisectingKMeans` predicts, by halves, need not be the nearest one.
    places = np.argmin(model.transform(X), axis=1)
    rows = np.asarray(X.toarray() if hasattr(X, "toarray") else X, dtype=float)
    weights = _weights(sample_weight, len(rows))
    distances = ((rows - model.cluster_centers_[places]) ** 2).sum(axis=1)
    return -float(distances.sum() if weights is None else distances @ weights)


def of_last(model: Any, X: Any) -> float:
    """The score of a pipeline's last step."""
    last = model[-1]
    found: float = last.score(X if len(model) == 1 else model[:-1].transform(X))
    return found


def likelihood(model: Any, X: Any) -> float:
    """The mean log-likelihood of rows by the covariance of the fit."""
    # Whether these are rows that the model takes.
    model.mahalanobis(X)
    centred = np.asarray(X, dtype=None if hasattr(X, "dtype") and X.dtype.kind in "fiub" else float) - model.location_
    precision = model.get_precision()
    sign, logarithm = np.linalg.slogdet(precision)
    found = -np.sum(centred.T @ centred / len(centred) * precision) + (logarithm if sign > 0 else -np.inf)
    found -= len(precision) * np.log(2 * np.pi)
    return found / 2.0  # type: ignore[no-any-return]
