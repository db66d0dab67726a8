"""Every public attribute, parameter and method of every recorded estimator of the newest scikit-learn: there where
scikit-learn has it, equal in value, type, dtype, shape and order, and absent where it is absent there."""

import collections

import joblib
import numpy as np
import pytest
import skiff
import sklearn
from attributes import compare_estimators
from recorded import NEWEST, each_family, models
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

pytestmark = [
    pytest.mark.skipif(sklearn.__version__ != NEWEST, reason=f"the recorded models are scikit-learn {NEWEST}'s"),
    pytest.mark.filterwarnings("ignore"),
]

#: Recorded models that skiff refuses: code that is in no file, and one without a fit.
REFUSED = {
    "count_callable_analyzer",
    "count_callable_tokenizer",
    "knn_callable_weights",
    "knn_regressor_callable_weights",
    "label_spreading_callable",
    "radius_classifier_callable_weights",
    "svc_callable",
    "count_unfitted",
}


@each_family
def test_attributes_are_scikit_learns(family):
    found, compared = [], 0
    for path in models(family):
        case = path.parent.name
        theirs = joblib.load(path)
        if case in REFUSED:
            with pytest.raises(skiff.SkiffError):
                skiff.open(path)
            continue
        if isinstance(theirs, BaseEstimator):
            compare_estimators(skiff.open(path), theirs, case, found)
            compared += 1
        elif isinstance(theirs, collections.OrderedDict):
            for key, estimator in theirs.items():
                compare_estimators(skiff.open(path, at=f"[{key!r}]"), estimator, f"{case}[{key!r}]", found)
                compared += 1
    assert not found, "\n".join(found[:40])
    assert compared > 0


def test_pipelines_are_indexed_and_sliced():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(40, 3)), random.integers(2, size=40)
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    theirs = Pipeline([("scale", StandardScaler()), ("pca", PCA(2)), ("clf", LogisticRegression())]).fit(X, y)
    import io

    file = io.BytesIO()
    joblib.dump(theirs, file)
    ours = skiff.open(file.getvalue())
    assert len(ours) == 3 and bool(ours)
    for key in ["clf", 0, -1, 1]:
        assert type(theirs[key]).__name__ in repr(ours[key])
    for part in [slice(None, -1), slice(0, 2), slice(1, None), slice(0, 1)]:
        assert len(ours[part]) == len(theirs[part])
        assert [name for name, _ in ours[part].steps] == [name for name, _ in theirs[part].steps]
        assert list(ours[part].named_steps) == list(theirs[part].named_steps)
    np.testing.assert_allclose(ours[:-1].transform(X), theirs[:-1].transform(X), rtol=1e-10, atol=1e-12)
    inner = theirs[0].transform(X)
    np.testing.assert_allclose(ours[1:].predict_proba(inner), theirs[1:].predict_proba(inner), rtol=1e-10)
    assert not hasattr(ours[:-1], "predict")
    np.testing.assert_allclose(ours[:-1][1:].transform(inner), theirs[:-1][1:].transform(inner), rtol=1e-10, atol=1e-12)
    for wrong in [lambda: ours[::2], lambda: ours[2:2]]:
        with pytest.raises(ValueError):
            wrong()
    with pytest.raises(IndexError):
        ours[7]
    with pytest.raises(KeyError):
        ours["nobody"]
    with pytest.raises(TypeError):
        ours[0][0]
    with pytest.raises(TypeError):
        len(ours[0])


def test_scores_are_scikit_learns(tmp_path):
    from sklearn.datasets import make_classification, make_multilabel_classification, make_regression
    from sklearn.decomposition import PCA
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.linear_model import (
        GammaRegressor,
        LinearRegression,
        LogisticRegression,
        PoissonRegressor,
        TweedieRegressor,
    )
    from sklearn.model_selection import GridSearchCV
    from sklearn.preprocessing import StandardScaler

    X, y = make_classification(120, 6, n_informative=3, n_classes=3, random_state=0)
    labels = np.array(["a", "b", "c"])[y]
    M, ys = make_multilabel_classification(80, random_state=0)
    R, t = make_regression(90, 5, n_targets=2, noise=30, random_state=0)
    weights = np.random.default_rng(0).uniform(0.5, 2, 120)
    cases = [
        (LogisticRegression().fit(X, labels), X, labels),
        (RandomForestClassifier(5, max_depth=3, random_state=0).fit(M, ys), M, ys),
        (RandomForestRegressor(5, max_depth=3, random_state=0).fit(R, t), R, t),
        (LinearRegression().fit(R, t[:, 0]), R, t[:, 0]),
        (Pipeline([("s", StandardScaler()), ("m", LogisticRegression())]).fit(X, y), X, y),
        (GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2).fit(X, y), X, y),
        (PCA(2).fit(X), X, None),
        (PoissonRegressor().fit(X, y), X, y),
        (GammaRegressor().fit(X, y + 1.0), X, y + 1.0),
        *((TweedieRegressor(power=power).fit(X, y + 1.0), X, y + 1.0) for power in (0, 1, 1.5, 2, 3)),
        (Pipeline([("s", StandardScaler()), ("m", PoissonRegressor())]).fit(X, y), X, y),
        (KMeans(3, n_init=1, random_state=0).fit(X), X, None),
        (MiniBatchKMeans(3, n_init=1, random_state=0).fit(X), X, None),
    ]
    path = tmp_path / "model.pkl"
    for theirs, rows, truth in cases:
        joblib.dump(theirs, path)
        ours = skiff.open(path)
        score = ours.score(rows, truth)
        assert type(score) is float and score == pytest.approx(theirs.score(rows, truth), rel=1e-12)
        if truth is not None and not isinstance(theirs, (Pipeline, GridSearchCV)):
            some = weights[: len(rows)]
            assert ours.score(rows, truth, sample_weight=some) == pytest.approx(theirs.score(rows, truth, some), rel=1e-12)
            with pytest.raises(ValueError):
                ours.score(rows, truth[:-1])
    # Fits that did not converge.
    for power, values in [(0, [np.nan] * 6), (0, [1e4] * 6), (1, [np.nan] * 6), (1, [1e4] * 6)]:
        theirs = TweedieRegressor(power=power, link="log").fit(X, y + 1.0)
        theirs.coef_ = np.array(values)
        joblib.dump(theirs, path)
        with np.errstate(all="ignore"):
            np.testing.assert_equal(skiff.open(path).score(X, y + 1.0), theirs.score(X, y + 1.0))
    joblib.dump(StandardScaler().fit(X), path)
    assert not hasattr(skiff.open(path), "score")


@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("n_components", [2, 5, 0])
def test_covariances_are_scikit_learns(n_components, whiten, tmp_path):
    from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD

    X = np.random.default_rng(0).normal(size=(40, 5)) * [5, 4, 3, 2, 1]
    path = tmp_path / "model.pkl"
    for class_ in [PCA, IncrementalPCA]:
        if class_ is IncrementalPCA and n_components == 0:
            continue
        for rows in [X, X.astype(np.float32)]:
            theirs = class_(n_components, whiten=whiten).fit(rows)
            joblib.dump(theirs, path)
            ours = skiff.open(path)
            for method in ["get_covariance", "get_precision"]:
                found, expected = getattr(ours, method)(), getattr(theirs, method)()
                assert found.dtype == expected.dtype
                rtol = 1e-10 if found.dtype == np.float64 else 1e-3
                np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol / 1e3)
    joblib.dump(TruncatedSVD(2).fit(X), path)
    assert not hasattr(skiff.open(path), "get_covariance")


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree", "ball_tree"])
def test_neighbours_of_the_rows_of_the_fit(algorithm, tmp_path):
    from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

    random = np.random.default_rng(0)
    X = random.normal(size=(30, 3))
    X[5] = X[9]
    for theirs in [
        NearestNeighbors(n_neighbors=4, algorithm=algorithm).fit(X),
        KNeighborsClassifier(3, algorithm=algorithm).fit(X, random.integers(2, size=30)),
    ]:
        path = tmp_path / "model.pkl"
        joblib.dump(theirs, path)
        ours = skiff.open(path)
        for arguments in [{}, {"n_neighbors": 2}]:
            for own, other in zip(ours.kneighbors(**arguments), theirs.kneighbors(**arguments)):
                assert own.dtype == other.dtype
                np.testing.assert_allclose(own, other, rtol=1e-7, atol=1e-7)
            np.testing.assert_array_equal(
                ours.kneighbors(return_distance=False, **arguments), theirs.kneighbors(return_distance=False, **arguments)
            )
            for mode in ["connectivity", "distance"]:
                own, other = ours.kneighbors_graph(mode=mode, **arguments), theirs.kneighbors_graph(mode=mode, **arguments)
                assert type(own) is type(other) and own.shape == other.shape and own.dtype == other.dtype
                np.testing.assert_allclose(own.toarray(), other.toarray(), rtol=1e-7, atol=1e-7)
        with pytest.raises(ValueError):
            ours.kneighbors(n_neighbors=30)


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree", "ball_tree"])
def test_neighbours_within_a_radius(algorithm, tmp_path):
    from sklearn.neighbors import NearestNeighbors

    X = np.random.default_rng(0).normal(size=(30, 3))
    X[5] = X[9]
    theirs = NearestNeighbors(radius=1.2, algorithm=algorithm, leaf_size=4).fit(X)
    path = tmp_path / "model.pkl"
    joblib.dump(theirs, path)
    ours = skiff.open(path)
    for rows in [(), (X[:7] + 0.1,), (X[:1] + 50,)]:
        for arguments in [{}, {"radius": 0.7}, {"sort_results": True}]:
            found, expected = ours.radius_neighbors(*rows, **arguments), theirs.radius_neighbors(*rows, **arguments)
            for own, other in zip(found, expected):
                assert own.dtype == other.dtype == object and own.shape == other.shape
                for one, another in zip(own, other):
                    assert one.dtype == another.dtype
                    np.testing.assert_allclose(one, another, rtol=1e-7, atol=1e-7)
            for mode in ["connectivity", "distance"]:
                own = ours.radius_neighbors_graph(*rows, mode=mode, **arguments)
                other = theirs.radius_neighbors_graph(*rows, mode=mode, **arguments)
                assert type(own) is type(other) and own.shape == other.shape and own.dtype == other.dtype
                np.testing.assert_array_equal(own.indices, other.indices)
                np.testing.assert_allclose(own.toarray(), other.toarray(), rtol=1e-7, atol=1e-7)
        for own, other in zip(ours.radius_neighbors(*rows, return_distance=False), theirs.radius_neighbors(*rows, return_distance=False)):
            np.testing.assert_array_equal(own, other)
    for rows in [(), (X,)]:
        with pytest.raises(ValueError, match="return_distance"):
            ours.radius_neighbors(*rows, sort_results=True, return_distance=False)
