"""``skiff.check_scores``: is the model as good as it was, in the scikit-learn at hand?"""

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
    """Computes the cross-validation scores in the passport of ``source`` anew, and says whether they are in range.

    The estimator is loaded from the file as ``skiff.load`` does, cloned, and fitted to ``X`` and ``y`` fold by fold; the
    folds and the scoring are those that were recorded, unless ``cv`` and ``scoring`` name others. A score is in range
    when the mean over the folds lies within two recorded standard deviations of the recorded mean, or within
    ``tolerance`` where that is given. What comes back is true when all scores are.

    ``estimator`` is cross-validated in place of the one in the file: one that was rebuilt from its source, for example.
    ``groups``, ``params`` and ``n_jobs`` go to ``cross_validate``. ``identity`` opens a file that is encrypted.
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
