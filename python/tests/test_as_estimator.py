"""A `skiff.Model` where scikit-learn, joblib, pickle and copy take an estimator."""

import copy
import multiprocessing
import pickle
import warnings

import joblib
import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer, make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, export_graphviz, export_text, plot_tree
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

import skiff

random = np.random.default_rng(0)
X = random.normal(size=(120, 4))
y = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 1)
t = X @ [1.0, 2.0, 0.0, -1.0] + random.normal(size=120)

CLASSIFIER = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
FOREST = RandomForestClassifier(6, random_state=0).fit(X, y)
REGRESSOR = RandomForestRegressor(6, random_state=0).fit(X, t)


def opened(model, **arguments):
    return skiff.open(pickle.dumps(model), **arguments)


@pytest.mark.parametrize("model", [CLASSIFIER, FOREST, REGRESSOR, PCA(2).fit(X)], ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("protocol", range(2, 6))
def test_pickles_open_anywhere(model, protocol, tmp_path):
    path = tmp_path / "model.joblib"
    joblib.dump(model, path, compress=3)
    ours = skiff.open(path)
    path.unlink()
    again = pickle.loads(pickle.dumps(ours, protocol))
    assert type(again) is skiff.Model and repr(again) == repr(ours)
    method = "transform" if hasattr(model, "transform") else "predict"
    assert np.array_equal(getattr(again, method)(X), getattr(ours, method)(X))


def test_parts_of_models_are_pickled_too():
    ours = opened(CLASSIFIER)
    for part in [ours[0], ours[:1], ours["logisticregression"], ours[1:], opened(FOREST).estimators_[2], opened(FOREST)[3]]:
        again = pickle.loads(pickle.dumps(part))
        assert repr(again) == repr(part)
        method = "transform" if hasattr(part, "transform") else "predict"
        assert np.array_equal(getattr(again, method)(X), getattr(part, method)(X))
    several = pickle.dumps({"one": CLASSIFIER, "two": FOREST})
    two = pickle.loads(pickle.dumps(skiff.open(several, at="['two']")))
    assert np.array_equal(two.predict(X), FOREST.predict(X))


def test_what_a_model_was_opened_with_goes_along():
    limits = skiff.Limits(answer=1_000, time=60)
    again = pickle.loads(pickle.dumps(opened(CLASSIFIER, limits=limits, n_jobs=1)))
    with pytest.raises(skiff.LimitExceededError):
        again.predict_proba(np.zeros((10_000, 4)))
    assert repr(pickle.loads(pickle.dumps(limits))) == repr(limits)


def test_an_encrypted_model_is_not_pickled_in_plain(tmp_path):
    key = skiff.Identity.generate()
    skiff.dump(CLASSIFIER, tmp_path / "model.skiff", recipients=key.recipients)
    ours = skiff.open(tmp_path / "model.skiff", identity=key)
    for secret in [ours, ours[0]]:
        with pytest.raises(TypeError, match="in plain"):
            pickle.dumps(secret)


def test_copies_are_the_model_itself():
    ours = opened(FOREST)
    assert copy.copy(ours) is ours and copy.deepcopy(ours) is ours and clone(ours) is ours
    assert clone(make_pipeline(StandardScaler(), ours))[-1] is ours


def test_joblib_and_multiprocessing():
    ours = opened(FOREST)
    rows = np.vstack([X] * 400)
    # Threads were used before the fork, which the forked process has not.
    expected = ours.predict(rows)
    for backend in ["threading", "loky", "multiprocessing"]:
        parts = joblib.Parallel(2, backend=backend)(joblib.delayed(ours.predict)(part) for part in np.array_split(rows, 5))
        assert np.array_equal(np.concatenate(parts), expected), backend
    for method in ["fork", "spawn"]:
        with multiprocessing.get_context(method).Pool(2) as pool:
            parts = pool.map_async(ours.predict, np.array_split(rows, 5)).get(timeout=120)
            assert np.array_equal(np.concatenate(parts), expected), method


def test_scorers_take_models():
    for theirs, target, names in [
        (CLASSIFIER, y, ["accuracy", "balanced_accuracy", "roc_auc_ovr", "neg_log_loss", "f1_macro", "top_k_accuracy"]),
        (SVC().fit(X, y > 0), y > 0, ["accuracy", "roc_auc", "average_precision", "f1"]),
        (REGRESSOR, t, ["r2", "neg_mean_absolute_error", "neg_max_error"]),
    ]:
        for name in names:
            score = get_scorer(name)
            assert score(opened(theirs), X, target) == pytest.approx(score(theirs, X, target), rel=1e-9), name
    own = make_scorer(mean_absolute_error, greater_is_better=False)
    assert own(opened(REGRESSOR), X, t) == own(REGRESSOR, X, t)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_permutation_importance_is_scikit_learns(n_jobs):
    for theirs, target in [(CLASSIFIER, y), (REGRESSOR, t)]:
        expected = permutation_importance(theirs, X, target, n_repeats=3, random_state=0)
        found = permutation_importance(opened(theirs), X, target, n_repeats=3, random_state=0, n_jobs=n_jobs)
        np.testing.assert_allclose(found.importances, expected.importances, rtol=1e-9, atol=1e-12)


def test_partial_dependence_is_scikit_learns():
    for theirs in [CLASSIFIER, SVC().fit(X, y > 0), REGRESSOR, LinearRegression().fit(X, t)]:
        for kind in ["average", "individual"]:
            expected = partial_dependence(theirs, X, [1, (0, 2)][:1], kind=kind, method="brute")
            found = partial_dependence(opened(theirs), X, [1], kind=kind)
            np.testing.assert_allclose(found[kind], expected[kind], rtol=1e-9, atol=1e-12)
    tree = DecisionTreeRegressor(max_depth=4).fit(X, t)
    expected = partial_dependence(tree, X, [1], kind="average")
    np.testing.assert_allclose(partial_dependence(opened(tree), X, [1], kind="average").average, expected.average, rtol=1e-9)


def test_types_and_tags_are_scikit_learns():
    for theirs in [
        CLASSIFIER,
        FOREST,
        REGRESSOR,
        GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2).fit(X, y),
        GridSearchCV(LinearRegression(), {"fit_intercept": [True]}, cv=2).fit(X, t),
        KMeans(2, n_init=1).fit(X),
        PCA(2).fit(X),
        StandardScaler().fit(X),
        make_pipeline(StandardScaler(), PCA(2)).fit(X),
        SVC().fit(X, y),
    ]:
        ours = opened(theirs)
        assert is_classifier(ours) == is_classifier(theirs) and is_regressor(ours) == is_regressor(theirs)
        assert get_tags(ours).estimator_type == get_tags(theirs).estimator_type == ours._estimator_type, theirs
        assert (get_tags(ours).transformer_tags is None) == (not hasattr(theirs, "transform"))
        check_is_fitted(ours)


def test_frozen_models_stand_in_for_fitted_estimators():
    frozen = FrozenEstimator(opened(CLASSIFIER))
    assert frozen.fit(X[:3], y[:3]) is frozen
    assert np.array_equal(frozen.predict(X), CLASSIFIER.predict(X))
    assert is_classifier(frozen)
    scores = cross_val_score(frozen, X, y, cv=3)
    np.testing.assert_allclose(scores, cross_val_score(FrozenEstimator(CLASSIFIER), X, y, cv=3))
    votes = VotingClassifier([("a", frozen), ("b", FrozenEstimator(opened(FOREST)))], voting="soft").fit(X, y)
    theirs = VotingClassifier([("a", FrozenEstimator(CLASSIFIER)), ("b", FrozenEstimator(FOREST))], voting="soft").fit(X, y)
    np.testing.assert_allclose(votes.predict_proba(X), theirs.predict_proba(X), rtol=1e-12)
    scaled = make_pipeline(FrozenEstimator(opened(StandardScaler().fit(X))), LogisticRegression()).fit(X, y)
    np.testing.assert_allclose(scaled.predict_proba(X), CLASSIFIER.predict_proba(X), rtol=1e-9)


def test_models_are_steps_of_pipelines():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        line = make_pipeline(opened(StandardScaler().fit(X)), opened(CLASSIFIER[-1]))
        assert np.array_equal(line.predict(X), CLASSIFIER.predict(X))
        assert "Model" in repr(line) and "Model" in line._repr_html_()
    with pytest.raises((skiff.NotSupportedError, AttributeError), match="FrozenEstimator"):
        line.fit(X, y)
    with pytest.raises(NotImplementedError, match="FrozenEstimator"):
        opened(FOREST).fit(X, y)


def test_trees_are_drawn():
    pytest.importorskip("matplotlib")
    for theirs in [DecisionTreeClassifier(max_depth=3).fit(X, y), DecisionTreeRegressor(max_depth=3).fit(X, t)]:
        assert [str(one) for one in plot_tree(opened(theirs))] == [str(one) for one in plot_tree(theirs)]


def test_trees_are_exported():
    for theirs in [DecisionTreeClassifier(max_depth=3).fit(X, y), DecisionTreeRegressor(max_depth=3).fit(X, t)]:
        ours = opened(theirs)
        assert export_text(ours) == export_text(theirs)
        assert export_graphviz(ours, filled=True) == export_graphviz(theirs, filled=True)
        assert type(ours) is skiff.Model
    assert export_text(opened(FOREST)[0]) == export_text(FOREST[0])


@pytest.mark.parametrize(
    "theirs",
    [
        FOREST,
        REGRESSOR,
    ],
    ids=lambda model: type(model).__name__,
)
def test_ensembles_are_sequences(theirs):
    ours = opened(theirs)
    assert len(ours) == len(theirs) and bool(ours)
    for one, other in zip(ours, theirs):
        assert np.array_equal(one.predict(X), other.predict(X))
    assert np.array_equal(ours[-1].predict(X), theirs[-1].predict(X))
    with pytest.raises(IndexError):
        ours[99]
    boosted = GradientBoostingClassifier(n_estimators=3).fit(X, y)
    assert len(opened(boosted)) == len(boosted) and opened(boosted)[1].shape == boosted[1].shape


def test_transformers_have_names():
    theirs = make_column_transformer((StandardScaler(), [0, 1]), (PCA(1), [2, 3])).fit(X)
    assert np.array_equal(opened(theirs)["standardscaler"].transform(X[:, :2]), theirs["standardscaler"].transform(X[:, :2]))
    union = make_union(StandardScaler(), PCA(2)).fit(X)
    assert np.array_equal(opened(union)["standardscaler"].transform(X), union["standardscaler"].transform(X))
    with pytest.raises(KeyError):
        opened(union)["nobody"]


def test_what_is_not_there_is_explained():
    ours, encoder = opened(FOREST), opened(OneHotEncoder().fit([["a"], ["b"]]))
    for model, name, words in [
        (ours, "transform", "transform"),
        (ours, "set_params", "is immutable"),
        (ours, "partial_fit", "is fitted and immutable"),
        (ours, "nonsense", "no attribute 'nonsense'"),
        (ours, "cv_results_", "neither in the file nor computed"),
        (encoder, "predict", "predict"),
        (encoder, "fit_transform", "skiff.load"),
        (opened(SVC().fit(X, y)), "predict_proba", "SVC"),
    ]:
        assert not hasattr(model, name)
        with pytest.raises(AttributeError, match=words):
            getattr(model, name)


def test_the_supported_estimators_are_listed():
    names = skiff.supported()
    assert "sklearn.svm.SVC" in names and names == sorted(names)
    page = skiff.supported("SVC")
    assert page == skiff.supported("sklearn.svm.SVC") == skiff.supported(SVC) and "# Predicts" in page
    with pytest.raises(skiff.WrongInputError, match="LogisticRegression"):
        skiff.supported("LogisticRegresion")
