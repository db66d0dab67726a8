"""Cross-validation scores: recorded in the passport, and recomputed to check that they are in range."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from typing import Any, Mapping

import numpy as np

from skiff._data_reference import table
from skiff._plain import number, path_of, plain, shown

#: The prefix of a score's name in the result of `cross_validate`.
_TEST = "test_"


class NotRepeatable(ValueError):
    """The recorded scores cannot be recomputed."""


def record(cv: Any, estimator: Any) -> dict[str, Any]:
    """The passport's entry for ``cv=``.

    Scores; the result of ``cross_validate``; a fitted search; or ``(cv, X, y)``, ``(cv, X, y, scoring)`` or a mapping
    with ``X``, of which the scores are computed here.
    """
    if isinstance(cv, Mapping):
        if "X" in cv:
            return _computed(estimator, **cv)
        scores: dict[str, Any] = {
            key[len(_TEST) :]: value for key, value in cv.items() if str(key).startswith(_TEST)
        }
        if not scores and "scores" in cv:
            scores = dict(cv["scores"]) if isinstance(cv["scores"], Mapping) else {"score": cv["scores"]}
        if not scores:
            raise ValueError("expected `scores`, the `test_…` of `cross_validate`, or `X` in the mapping of `cv`")
        scoring = cv.get("scoring")
        if isinstance(scoring, str) and list(scores) == ["score"]:
            scores = {scoring: scores["score"]}
        splitter = None if cv.get("cv") is None else described_cv(cv["cv"])
        return _recorded(scores, scoring, splitter, cv.get("rows"), "given")
    if hasattr(cv, "cv_results_"):
        found = of_search(cv)
        if found is None:
            raise ValueError(f"expected a fitted search with a best candidate, found {type(cv).__name__}")
        return found
    if isinstance(cv, tuple) and len(cv) in (3, 4) and not all(_is_number(item) for item in cv):
        return _computed(estimator, **dict(zip(("cv", "X", "y", "scoring"), cv)))
    return _recorded({"score": cv}, None, None, None, "given")


def of_search(search: Any) -> dict[str, Any] | None:
    """The scores of a fitted search's best candidate, which the search itself recorded."""
    results, best = getattr(search, "cv_results_", None), getattr(search, "best_index_", None)
    folds = getattr(search, "n_splits_", None)
    if results is None or best is None or folds is None:
        return None
    scorer = getattr(search, "scorer_", None)
    names = list(scorer) if isinstance(scorer, Mapping) else ["score"]
    try:
        scores = {name: [results[f"split{fold}_test_{name}"][best] for fold in range(folds)] for name in names}
    except KeyError:
        return None
    scoring = getattr(search, "scoring", None)
    if isinstance(scoring, str):
        scores = {scoring: scores["score"]}
    given = getattr(search, "cv", None)
    found = _recorded(scores, scoring, None if given is None else described_cv(given), None, "search")
    found["of"] = "best_estimator_"
    return found


def _computed(
    estimator: Any,
    X: Any,
    y: Any = None,
    cv: Any = None,
    scoring: Any = None,
    **arguments: Any,
) -> dict[str, Any]:
    scores, splitter = cross_validate(estimator, X, y, cv, scoring, **arguments)
    rows = int(X.shape[0]) if hasattr(X, "shape") else len(X)
    found = _recorded(scores, scoring, described_cv(splitter), rows, "computed")
    found["data"] = {"X": table(X), "y": None if y is None else table(y)}
    return found


def cross_validate(
    estimator: Any, X: Any, y: Any, cv: Any, scoring: Any, **arguments: Any
) -> tuple[dict[str, Any], Any]:
    """The scores of each fold by name, and the splitter that made the folds."""
    from sklearn import model_selection  # type: ignore
    from sklearn.base import clone, is_classifier  # type: ignore

    splitter = model_selection.check_cv(5 if cv is None else cv, y, classifier=is_classifier(estimator))
    results = model_selection.cross_validate(
        clone(estimator), X, y, cv=splitter, scoring=scoring, error_score="raise", **arguments
    )
    scores = {key[len(_TEST) :]: value for key, value in results.items() if key.startswith(_TEST)}
    if isinstance(scoring, str):
        scores = {scoring: scores["score"]}
    return scores, splitter


def _recorded(scores: Mapping[str, Any], scoring: Any, splitter: Any, rows: Any, origin: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "origin": origin,
        "scores": {str(name): _folds(name, values) for name, values in scores.items()},
        "scoring": plain(scoring),
        "cv": splitter,
        "rows": None if rows is None else int(rows),
    }
    return found


def _folds(name: str, values: Any) -> dict[str, Any]:
    try:
        folds = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"expected numbers as the cross-validation scores, found {shown(values)}") from None
    if folds.ndim != 1 or folds.size == 0:
        raise ValueError(f"expected a list of scores for `{name}`, found an array of shape {folds.shape}")
    return {"folds": [number(value) for value in folds], "mean": number(folds.mean()), "std": number(folds.std())}


def described_cv(cv: Any) -> dict[str, Any]:
    """The description of a splitter, from which :func:`splitter_of` can rebuild scikit-learn's own."""
    if _is_number(cv):
        return {"folds": int(cv)}
    found: dict[str, Any] = {"class": path_of(type(cv)), "repr": shown(cv)}
    parameters = {}
    for name in inspect.signature(type(cv).__init__).parameters:
        if hasattr(cv, name):
            parameters[name] = plain(getattr(cv, name))
        elif name in getattr(cv, "cvargs", {}):
            # The folds of a repeated splitter.
            parameters[name] = plain(cv.cvargs[name])
    parameters.pop("self", None)
    found["parameters"] = parameters
    return found


def splitter_of(recorded: Any) -> Any:
    """The splitter that :func:`described_cv` described; ``None`` if nothing was recorded.

    Only scikit-learn's own splitters are made, by their names, of numbers and words.
    """
    if recorded is None:
        return None
    if not isinstance(recorded, dict) or not isinstance(recorded.get("parameters", {}), dict):
        raise NotRepeatable("the passport does not record the splitter: pass `cv`")
    if isinstance(recorded.get("folds"), int):
        return recorded["folds"]
    from sklearn import model_selection  # type: ignore

    path, parameters = str(recorded.get("class")), recorded.get("parameters", {})
    name = path.rpartition(".")[2]
    made = getattr(model_selection, name, None) if name in model_selection.__all__ else None
    if (
        not isinstance(made, type)
        or not hasattr(made, "get_n_splits")
        or not path.startswith("sklearn.")
        or not all(_is_plain(value) for value in parameters.values())
    ):
        raise NotRepeatable(f"cannot rebuild `{recorded.get('repr', path)}`: pass `cv`")
    try:
        return made(**parameters)
    except (TypeError, ValueError) as error:
        raise NotRepeatable(f"cannot rebuild `{recorded.get('repr', path)}`: {error}") from error


@dataclass(frozen=True)
class ScoreRange:
    """One score, as it was recorded and as it is now."""

    name: str
    #: The recorded score of each fold.
    recorded: tuple[float, ...]
    #: The score of each fold as it is now.
    computed: tuple[float, ...]
    #: The range of the mean: the recorded mean ± twice the recorded standard deviation.
    low: float
    high: float

    @property
    def recorded_mean(self) -> float:
        return float(np.mean(self.recorded))

    @property
    def computed_mean(self) -> float:
        return float(np.mean(self.computed))

    @property
    def in_range(self) -> bool:
        return self.low <= self.computed_mean <= self.high


@dataclass(frozen=True)
class ScoreCheck:
    """The result of ``skiff.check_scores``. It is true if every score is in its recorded range."""

    scores: tuple[ScoreRange, ...]
    #: Whether the rows are those of the recorded scores; ``None`` if the file does not record it.
    same_data: bool | None

    @property
    def in_range(self) -> bool:
        return all(score.in_range for score in self.scores)

    def __bool__(self) -> bool:
        return self.in_range

    def __str__(self) -> str:
        def line(score: ScoreRange) -> str:
            state = "in range" if score.in_range else "out of range"
            return (
                f"{score.name}: {score.computed_mean:.6g} is {state}: recorded {score.recorded_mean:.6g}, "
                f"from {score.low:.6g} to {score.high:.6g}"
            )

        lines = [line(score) for score in self.scores]
        if self.same_data is False:
            lines.append("the rows are not those of the recorded scores")
        return "\n".join(lines)


@dataclass(frozen=True)
class Recorded:
    """The cross-validation of a passport, which is untrusted."""

    #: The score of each fold, by the score's name.
    scores: dict[str, tuple[float, ...]]
    scoring: Any
    cv: Any
    #: Whether the scores are of a search's best estimator.
    of_best: bool
    #: The digests of X and y; ``None`` if they were not recorded.
    data: tuple[Any, Any] | None

    @classmethod
    def read(cls, recorded: Any) -> Recorded | None:
        """``None`` if no scores were recorded."""
        if not isinstance(recorded, dict) or not isinstance(recorded.get("scores"), dict):
            return None
        scores = {}
        for name, entry in recorded["scores"].items():
            folds = entry.get("folds") if isinstance(entry, dict) else None
            if not isinstance(folds, list) or not folds:
                return None
            scores[name] = tuple(_float(value) for value in folds)
        data = recorded.get("data")
        digests = None
        if isinstance(data, dict):
            x, y = (part if isinstance(part, dict) else {} for part in (data.get("X"), data.get("y")))
            digests = x.get("sha256"), y.get("sha256")
        best = recorded.get("of") == "best_estimator_"
        return cls(scores, recorded.get("scoring"), recorded.get("cv"), best, digests) if scores else None


def compare(
    recorded: Recorded,
    estimator: Any,
    X: Any,
    y: Any,
    *,
    cv: Any,
    scoring: Any,
    tolerance: float | None,
    arguments: Mapping[str, Any],
) -> ScoreCheck:
    """Compare the recorded scores with those that the installed scikit-learn computes."""
    if scoring is None:
        scoring = _scoring_of(recorded.scoring)
    if scoring is None and list(recorded.scores) != ["score"]:
        scoring = _scoring_named(recorded.scores)
    if recorded.of_best:
        estimator = getattr(estimator, "best_estimator_", None)
        if estimator is None:
            raise NotRepeatable("the recorded scores are those of a search's best estimator, which is not in the file")
    if cv is None:
        cv = splitter_of(recorded.cv)
        most = max(len(folds) for folds in recorded.scores.values())
        # A file may declare a billion folds.
        if cv is None:
            # No splitter was recorded: use scikit-learn's default, with as many folds.
            if most < 2:
                raise NotRepeatable("the recorded scores are those of one fold, and the splitter was not recorded: pass `cv`")
            cv = most
        folds = cv if isinstance(cv, int) else cv.get_n_splits(X, y, arguments.get("groups"))
        if folds != most:
            raise NotRepeatable(f"the recorded scores are those of {most} folds, the recorded splitter makes {folds}: pass `cv`")
    computed, _ = cross_validate(estimator, X, y, cv, scoring, **arguments)
    if len(computed) == 1 and len(recorded.scores) == 1:
        # A score without a name, by a user function.
        computed = {next(iter(recorded.scores)): next(iter(computed.values()))}
    missing = [name for name in recorded.scores if name not in computed]
    if missing:
        raise NotRepeatable(f"the score `{missing[0]}` was recorded, but `scoring` does not compute it")
    scores = []
    for name, folds in recorded.scores.items():
        mean, width = float(np.mean(folds)), tolerance
        if width is None:
            # If all folds agree, rounding must still be allowed.
            width = max(2 * float(np.std(folds)), 1e-6 * max(1.0, abs(mean)))
        scores.append(ScoreRange(name, folds, tuple(float(v) for v in computed[name]), mean - width, mean + width))
    same = None
    if recorded.data is not None:
        same = recorded.data == (table(X)["sha256"], None if y is None else table(y)["sha256"])
    return ScoreCheck(tuple(scores), same)


def _scoring_named(names: Mapping[str, Any]) -> list[str]:
    """The scorings that scikit-learn has by the names of the scores: what `cross_validate` calls several of them."""
    from sklearn.metrics import get_scorer_names  # type: ignore

    known = set(get_scorer_names())
    unknown = [name for name in names if name not in known]
    if unknown:
        raise NotRepeatable(f"scikit-learn has no scoring named `{unknown[0]}`: pass `scoring`")
    return list(names)


def _scoring_of(recorded: Any) -> Any:
    if recorded is None or isinstance(recorded, str):
        return recorded
    if isinstance(recorded, list) and all(isinstance(name, str) for name in recorded):
        return recorded
    if isinstance(recorded, dict) and recorded and all(isinstance(name, str) for name in recorded.values()):
        if not {"name", "repr", "class", "float"} & set(recorded):
            return recorded
    raise NotRepeatable("the recorded scores are those of a function, which is not in the file: pass `scoring`")


def _float(value: Any) -> float:
    if isinstance(value, Mapping):
        value = value.get("float")
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))
