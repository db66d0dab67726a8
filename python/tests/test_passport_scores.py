"""Cross-validation scores in the passport, and what `skiff.check_scores` makes of them."""

import numpy as np
import pytest
from passports import FRAME, LABELS, X, Y, passport_of
from sklearn import model_selection
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import skiff


def test_scores_in_every_form(path):
    model = LogisticRegression(max_iter=500)
    fitted = LogisticRegression(max_iter=500).fit(X, Y)
    folds = model_selection.StratifiedKFold(5, shuffle=True, random_state=3)
    scores = model_selection.cross_val_score(model, X, Y, cv=folds, scoring="f1_macro")
    results = model_selection.cross_validate(model, X, Y, cv=folds, scoring=["f1_macro", "accuracy"])
    given = passport_of(path, fitted, cv=scores)["cross_validation"]
    assert given["scores"]["score"] == {
        "folds": scores.tolist(),
        "mean": pytest.approx(scores.mean()),
        "std": pytest.approx(scores.std()),
    }
    assert (given["origin"], given["cv"], given["scoring"]) == ("given", None, None)
    told = passport_of(path, fitted, cv={**results, "cv": folds, "scoring": ["f1_macro", "accuracy"], "rows": 150})
    told = told["cross_validation"]
    assert told["scores"]["f1_macro"]["folds"] == scores.tolist()
    assert told["rows"] == 150
    assert told["cv"] == {
        "class": "sklearn.model_selection._split.StratifiedKFold",
        "repr": repr(folds),
        "parameters": {"n_splits": 5, "shuffle": True, "random_state": 3},
    }
    for form in ((folds, X, Y, "f1_macro"), {"X": X, "y": Y, "cv": folds, "scoring": "f1_macro"}):
        computed = passport_of(path, fitted, cv=form)["cross_validation"]
        assert computed["scores"]["f1_macro"]["folds"] == scores.tolist()
        assert (computed["origin"], computed["rows"]) == ("computed", 150)
        assert computed["data"]["X"]["sha256"] == skiff._digest.of_array(X)
    three = passport_of(path, fitted, cv=(0.5, 0.25, float("nan")))["cross_validation"]
    assert three["scores"]["score"]["folds"] == [0.5, 0.25, {"float": "nan"}]
    assert passport_of(path, fitted, cv=(3, X, Y))["cross_validation"]["cv"]["parameters"]["n_splits"] == 3
    for wrong in ("good", [], [[0.5]], {"fit_time": [1.0]}, ["a"]):
        with pytest.raises((TypeError, ValueError)):
            skiff.dump(fitted, path, cv=wrong)


def test_a_search_has_scores_already(path):
    search = model_selection.GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
        {"logisticregression__C": [0.01, 1.0]},
        cv=model_selection.StratifiedKFold(4),
        scoring={"f": "f1_macro", "a": "accuracy"},
        refit="a",
    ).fit(X, Y)
    found = passport_of(path, search)["cross_validation"]
    best = search.best_index_
    assert (found["origin"], found["of"]) == ("search", "best_estimator_")
    assert found["scores"]["a"]["folds"] == [search.cv_results_[f"split{fold}_test_a"][best] for fold in range(4)]
    assert found["scores"]["a"]["mean"] == pytest.approx(search.best_score_)
    check = skiff.check_scores(path, X, Y)
    assert check
    assert [score.computed for score in check.scores] == [score.recorded for score in check.scores]
    assert check.same_data is None
    # The scores of a search are not those of another model.
    assert passport_of(path, search.best_estimator_, cv=search)["cross_validation"]["scores"] == found["scores"]


@pytest.mark.parametrize(
    "cv",
    [
        4,
        model_selection.StratifiedKFold(3, shuffle=True, random_state=1),
        model_selection.RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=1),
        model_selection.RepeatedKFold(n_splits=4, n_repeats=2, random_state=1),
        model_selection.StratifiedShuffleSplit(4, test_size=0.3, random_state=1),
        model_selection.ShuffleSplit(4, test_size=40, random_state=1),
        model_selection.KFold(5),
    ],
    ids=lambda cv: str(cv).partition("(")[0],
)
def test_scores_are_computed_again_fold_by_fold(cv, path):
    model = make_pipeline(StandardScaler(), LogisticRegression())
    skiff.dump(model.fit(FRAME, LABELS), path, cv=(cv, FRAME, LABELS, "accuracy"))
    check = skiff.check_scores(path, FRAME, LABELS)
    [score] = check.scores
    assert check and check.same_data
    assert score.name == "accuracy"
    assert score.recorded == score.computed
    assert score.low == pytest.approx(score.recorded_mean - max(2 * np.std(score.recorded), 1e-6))
    # Other labels are other data, and no model is good at them.
    other = skiff.check_scores(path, FRAME, np.random.RandomState(0).permutation(LABELS))
    assert not other and other.same_data is False
    assert "out of range" in str(other)
    # Any difference is in a range that is wide enough, and none in one that is not there.
    assert skiff.check_scores(path, FRAME, np.random.RandomState(0).permutation(LABELS), tolerance=1.0)
    assert not skiff.check_scores(path, FRAME, np.random.RandomState(0).permutation(LABELS), tolerance=0.0)


def test_scores_by_groups_and_by_functions(path):
    groups = np.arange(150) % 5
    model = LogisticRegression(max_iter=500).fit(X, Y)
    cv = {"cv": model_selection.GroupKFold(5), "X": X, "y": Y, "groups": groups}
    skiff.dump(model, path, cv=cv)
    assert skiff.check_scores(path, X, Y, groups=groups).scores[0].name == "score"

    def scoring(estimator, rows, labels):
        return float((estimator.predict(rows) == labels).mean())

    skiff.dump(model, path, cv=(5, X, Y, scoring))
    with pytest.raises(skiff.WrongInputError, match="pass `scoring`"):
        skiff.check_scores(path, X, Y)
    assert skiff.check_scores(path, X, Y, scoring=scoring)
    # Folds that were listed one by one cannot be made again.
    listed = list(model_selection.KFold(5, shuffle=True, random_state=0).split(X))
    skiff.dump(model, path, cv=(listed, X, Y, "accuracy"))
    with pytest.raises(skiff.WrongInputError, match="pass `cv`"):
        skiff.check_scores(path, X, Y)
    assert skiff.check_scores(path, X, Y, cv=listed)


def test_a_file_without_scores(path):
    skiff.dump(SVC().fit(X, Y), path)
    with pytest.raises(skiff.WrongInputError, match="found none") as error:
        skiff.check_scores(path, X, Y)
    assert error.value.code == "no-scores"


def test_a_passport_is_not_believed(path, monkeypatch):
    """Whatever a stranger writes as the cross-validation, nothing but scikit-learn's splitters is made, of few folds."""
    model = LogisticRegression(max_iter=500).fit(X, Y)
    folds = {"scores": {"accuracy": {"folds": [0.9] * 5}}, "scoring": "accuracy"}
    hostile = [
        {"cv": {"class": "os.system", "parameters": {"command": "true"}}},
        {"cv": {"class": "sklearn.model_selection.os.system", "parameters": {}}},
        {"cv": {"class": "sklearn.model_selection.GridSearchCV", "parameters": {}}},
        {"cv": {"class": "sklearn.model_selection.ShuffleSplit", "parameters": {"n_splits": 10**12}}},
        {"cv": {"folds": 10**9}},
        {"cv": {"class": "sklearn.model_selection.KFold", "parameters": {"n_splits": -1}}},
        {"cv": {"class": "sklearn.model_selection.KFold", "parameters": 3}},
        {"cv": []},
        {"cv": None, "scoring": {"name": "os.system"}},
        {"cv": None, "scoring": [3]},
    ]
    record = skiff._cross_validation.record
    for entry in hostile:
        monkeypatch.setattr(skiff._cross_validation, "record", lambda *_: {**folds, **entry})
        skiff.dump(model, path, cv=[0.5])
        with pytest.raises(skiff.WrongInputError) as error:
            skiff.check_scores(path, X, Y)
        assert error.value.code == "scores-not-repeatable", entry
    for entry in ({"scores": 3}, {"scores": {}}, {"scores": {"a": 3}}, {"scores": {"a": {"folds": []}}}, {"scores": []}):
        monkeypatch.setattr(skiff._cross_validation, "record", lambda *_: {**folds, **entry})
        skiff.dump(model, path, cv=[0.5])
        with pytest.raises(skiff.WrongInputError) as error:
            skiff.check_scores(path, X, Y)
        assert error.value.code == "no-scores", entry
    assert record is not skiff._cross_validation.record


def test_as_many_folds_as_were_recorded(path):
    from sklearn.datasets import make_classification
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score, cross_validate

    X, y = make_classification(120, random_state=0)
    model = LogisticRegression().fit(X, y)
    for folds in [3, 8]:
        skiff.dump(model, path, cv=cross_val_score(model, X, y, cv=folds))
        check = skiff.check_scores(path, X, y)
        (score,) = check.scores
        assert check and len(score.computed) == folds and score.computed == score.recorded
    skiff.dump(model, path, cv=[0.9])
    with pytest.raises(skiff.WrongInputError, match="pass `cv`"):
        skiff.check_scores(path, X, y)
    assert len(skiff.check_scores(path, X, y, cv=4).scores[0].computed) == 4
    several = cross_validate(model, X, y, cv=4, scoring=["accuracy", "roc_auc"])
    skiff.dump(model, path, cv=several)
    check = skiff.check_scores(path, X, y)
    assert check and [score.name for score in check.scores] == ["accuracy", "roc_auc"]
    assert all(score.computed == score.recorded for score in check.scores)
    named = cross_validate(model, X, y, cv=4, scoring={"mine": "accuracy"})
    skiff.dump(model, path, cv=named)
    with pytest.raises(skiff.WrongInputError, match="pass `scoring`"):
        skiff.check_scores(path, X, y)
    assert skiff.check_scores(path, X, y, scoring={"mine": "accuracy"})
