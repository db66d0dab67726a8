"""``skiff.check_scores``: recomputes the recorded cross-validation scores."""

from __future__ import annotations

import os
from typing import Any, Callable, Iterable, Mapping

from skiff import _cross_validation
from skiff._cross_validation import ScoreCheck
from skiff._errors import WrongInputError
from skiff._load import load
from skiff._skiff import Identity, Limits, inspect


def check_scores(
    source: Any,
    /,
    X: Any,
    y: Any = None,
    *,
    cv: Any = None,
    scoring: Any = None,
    tolerance: float | None = None,
    n_jobs: int | None = None,
    groups: Any = None,
    params: Mapping[str, Any] | None = None,
    estimator: Any = None,
    trusted: Iterable[str | type | Callable[..., Any]] = (),
    limits: Limits | None = None,
    identity: Identity | str | os.PathLike[str] | None = None,
) -> ScoreCheck:
    """Recompute the cross-validation scores in the passport of a model, and compare them.

    The estimator is loaded as by ``skiff.load``, cloned, and cross-validated on ``X`` and ``y`` with the recorded folds
    and scoring. A score is in range if its mean over the folds is within two recorded standard deviations of the
    recorded mean.

    Parameters
    ----------
    source : str, path-like, bytes or file object
        The model file: a path, its bytes, or a file opened for reading bytes.
    X : array-like of shape (n_samples, n_features)
        The data to cross-validate on.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
        The targets.
    cv, scoring : optional
        Folds and scoring as for ``cross_validate``, in place of the recorded ones. Required if those were your own
        objects.
    tolerance : float, optional
        The half-width of the range, in place of two recorded standard deviations.
    n_jobs, groups, params : optional
        Passed to ``cross_validate``.
    estimator : estimator, optional
        Cross-validated in place of the one in the file, for example one rebuilt from its source.
    trusted : list of str, type or function
        As for ``skiff.load``.
    limits : Limits, optional
        Limits of memory and time for reading the file.
    identity : Identity, str or path-like, optional
        The key or passphrase of an encrypted file.

    Returns
    -------
    ScoreCheck
        True if all scores are in range; it has the recorded and the computed scores of each fold.

    Raises
    ------
    WrongInputError
        If the file has no recorded scores, or they cannot be recomputed.

    Examples
    --------
    >>> bool(skiff.check_scores("churn.skiff", X_train, y_train))  # doctest: +SKIP
    True
    """
    if hasattr(source, "read"):
        # It is read twice.
        source = source.read()
    passport = inspect(source, limits=limits, identity=identity)["passport"] or {}
    recorded = _cross_validation.Recorded.read(passport.get("cross_validation"))
    if recorded is None:
        raise WrongInputError(
            "expected cross-validation scores in the passport, found none",
            code="no-scores",
            help="record them when the model is dumped: skiff.dump(model, path, cv=scores)",
        )
    if estimator is None:
        estimator = load(source, trusted=trusted, limits=limits, identity=identity)
    arguments = {"n_jobs": n_jobs, "groups": groups, "params": params}
    try:
        return _cross_validation.compare(
            recorded,
            estimator,
            X,
            y,
            cv=cv,
            scoring=scoring,
            tolerance=tolerance,
            arguments={name: value for name, value in arguments.items() if value is not None},
        )
    except _cross_validation.NotRepeatable as error:
        raise WrongInputError(str(error), code="scores-not-repeatable") from error
