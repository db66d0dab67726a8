"""Every public attribute, parameter and method of every recorded estimator of the newest scikit-learn: there where
scikit-learn has it, equal in value, type, dtype, shape and order, and absent where it is absent there."""

import collections
import types

import joblib
import numpy as np
import pytest
import scipy.sparse
import skiff
import sklearn
from recorded import NEWEST, each_family, models
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

pytestmark = [
    pytest.mark.skipif(sklearn.__version__ != NEWEST, reason=f"the recorded models are scikit-learn {NEWEST}'s"),
    pytest.mark.filterwarnings("ignore"),
]

#: What is computed when asked, in another order of sums than scikit-learn's.
COMPUTED = {"feature_importances_", "coef_"}

#: What is not as in scikit-learn, with the reason: class (or `*`), name.
ATTRIBUTE_EXCEPTIONS = {
    ("*", "estimators_samples_"): "drawn again by numpy's random numbers, from the seeds of the fit",
    ("FeatureAgglomeration", "pooling_func"): "a function, which comes as its name",
    ("GaussianProcessClassifier", "kernel_"): "is not computed yet",
    ("IsotonicRegression", "f_"): "is not in the file: a function that scikit-learn makes when it loads",
    ("OneVsOneClassifier", "n_classes_"): "is not computed yet",
    ("OneVsRestClassifier", "multilabel_"): "is not computed yet",
    ("OneVsRestClassifier", "n_classes_"): "is not computed yet",
    ("RandomTreesEmbedding", "feature_importances_"): "is not computed yet",
    ("SelectFromModel", "threshold_"): "is not computed yet",
    ("SpectralBiclustering", "biclusters_"): "is not computed yet",
    ("SpectralCoclustering", "biclusters_"): "is not computed yet",
    ("SGDRegressor", "coef_"): "a sparse vector of one dimension, which comes as a matrix of one row",
}
#: What an estimator has here and not in scikit-learn: known differences, none of which changes an answer.
MORE = {
    ("FixedThresholdClassifier", "n_features_in_"),
    ("SelectFromModel", "n_features_in_"),
    ("SparseCoder", "n_features_in_"),
    ("_BinaryGaussianProcessClassifierLaplace", "n_features_in_"),
    ("_BinaryGaussianProcessClassifierLaplace", "score"),
}
#: Whose `get_params(deep=True)` differs from scikit-learn's, which is to be mended: parameters of kernels are not listed,
#: and those within a frozen estimator are.
DEEP_PARAMETER_EXCEPTIONS = {
    "FrozenEstimator",
    "GaussianProcessClassifier",
    "GaussianProcessRegressor",
    "_BinaryGaussianProcessClassifierLaplace",
}
METHOD_EXCEPTIONS = {
    ("*", "densify"): "changes the estimator",
    ("*", "sparsify"): "changes the estimator",
    ("*", "restrict"): "changes the estimator",
    ("*", "get_metadata_routing"): "is about fitting",
    ("*", "path"): "fits",
    ("*", "cost_complexity_pruning_path"): "fits",
    ("*", "build_analyzer"): "hands out a function",
    ("*", "build_preprocessor"): "hands out a function",
    ("*", "build_tokenizer"): "hands out a function",
    ("*", "decode"): "is a part of the analysis, which skiff does in one",
    ("*", "get_stop_words"): "is a part of the analysis, which skiff does in one",
    ("DictionaryLearning", "transform"): "is there, and raises, with positive_code=True and lars or omp",
    ("SparseCoder", "transform"): "is there, and raises, with more coefficients than atoms",
    ("BernoulliRBM", "gibbs"): "draws random numbers without a seed",
    ("BernoulliRBM", "score_samples"): "draws random numbers without a seed",
    ("IterativeImputer", "transform"): "draws from scipy's truncated normal distribution, with sample_posterior=True",
    ("*", "sample"): "draws by LAPACK's singular vectors, or without a seed",
    ("*", "sample_y"): "draws random numbers",
    ("*", "aic"): "is of all rows together",
    ("*", "bic"): "is of all rows together",
    ("*", "perplexity"): "is of all rows together",
    ("*", "error_norm"): "compares with another covariance",
    ("*", "correct_covariance"): "is about fitting",
    ("*", "reweight_covariance"): "is about fitting",
    ("*", "dbscan_clustering"): "clusters again",
    ("*", "get_indices"): "is about the clusters of the fit",
    ("*", "get_shape"): "is about the clusters of the fit",
    ("*", "get_submatrix"): "is about the clusters of the fit",
    ("LatentDirichletAllocation", "score"): "is of all rows together",
    **{
        (name, "score"): "is the likelihood of all rows together"
        for name in [
            "EmpiricalCovariance", "ShrunkCovariance", "LedoitWolf", "OAS", "MinCovDet", "GraphicalLasso", "GraphicalLassoCV"
        ]
    },
    ("LinearDiscriminantAnalysis", "transform"): "is there, and raises, with solver='lsqr'",
    ("KernelPCA", "inverse_transform"): "is there, and raises, with fit_inverse_transform=False",
    ("AffinityPropagation", "predict"): "is there, and raises, with affinity='precomputed'",
    **{
        (name, "inverse_transform"): "is there, and raises, where no column was selected"
        for name in ["SelectFdr", "SelectFpr", "SelectFromModel", "SelectFwe", "SelectKBest", "SelectPercentile"]
    },
    **{
        ("AdaBoostClassifier", name): "is there, and fails, with one class"
        for name in ["staged_decision_function", "staged_predict", "staged_predict_proba"]
    },
    ("AdaBoostClassifier", "decision_function"): "is not supported yet with one class, where scikit-learn returns a column",
    ("*", "staged_score"): "compares with labels",
    ("*", "latent_mean_and_variance"): "is not supported yet",
    ("*", "log_marginal_likelihood"): "is not supported yet",
    ("ClassifierChain", "predict_log_proba"): "is there, and raises, where an inner estimator has none or several classes",
    ("ClassifierChain", "predict_proba"): "is there, and raises, where an inner estimator has none or several classes",
    ("VotingClassifier", "transform"): "an array of three dimensions, with flatten_transform=False",
    ("LocalOutlierFactor", "kneighbors"): "is there, and raises, where there are more neighbors than rows",
    ("LocalOutlierFactor", "kneighbors_graph"): "is there, and raises, where there are more neighbors than rows",
    ("GridSearchCV", "score"): "is by `scoring`, which is code",
    ("SimpleImputer", "inverse_transform"): "is there, and raises, without add_indicator",
    ("Pipeline", "get_feature_names_out"): "is there, and raises, where a step has none",
    ("FeatureUnion", "get_feature_names_out"): "is there, and raises, where a transformer has none",
    ("ColumnTransformer", "get_feature_names_out"): "is there, and raises, where a transformer has none",
    ("Pipeline", "inverse_transform"): "is there, and raises, where a step raises",
    **{
        ("GridSearchCV", name): "is there, and raises, where refit=False"
        for name in ["predict", "predict_proba", "predict_log_proba", "decision_function"]
    },
    ("Pipeline", "score"): "is there, and raises, where the last step has none",
    ("DummyClassifier", "predict"): "draws random numbers without a seed",
    ("DummyClassifier", "score"): "draws random numbers without a seed",
    ("RidgeClassifier", "predict"): "labels of several outputs",
    ("RidgeClassifier", "score"): "labels of several outputs",
}
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


def excepted(exceptions, estimator, name):
    return ("*", name) in exceptions or (type(estimator).__name__, name) in exceptions


def names_of(estimator):
    """The attributes that people read: fitted ones, properties included, and parameters."""
    fitted = {name for name in dir(estimator) if name.endswith("_") and not name.startswith("_")}
    steps = {"steps", "named_steps", "named_transformers", "transformer_list"} & set(dir(estimator))
    own = {name for name in vars(estimator) if not name.startswith("_")}
    return sorted(name for name in fitted | steps | own if has(estimator, name))


def has(estimator, name):
    try:
        getattr(estimator, name)
    except Exception:  # Properties raise what they like.
        return False
    return True


def compare(ours, theirs, path, found):
    """Appends what differs to `found`."""
    wrong = lambda what: found.append(f"{path}: {what}")  # noqa: E731
    if isinstance(ours, skiff.StoredObject):
        return compare_part(ours, theirs, path, found)
    if isinstance(theirs, BaseEstimator):
        if not isinstance(ours, skiff.Model):
            return wrong(f"an estimator, found {type(ours)}")
        return compare_estimators(ours, theirs, path, found)
    if type(theirs).__name__ == "Tree":
        public = [name for name in dir(theirs) if not name.startswith("_") and not callable(getattr(theirs, name))]
        for name in public:
            # What memory scikit-learn has set aside is no fact about the tree.
            if name != "capacity":
                compare(getattr(ours, name), getattr(theirs, name), f"{path}.{name}", found)
        return None
    if scipy.sparse.issparse(theirs):
        alike = type(ours) is type(theirs) and ours.dtype == theirs.dtype and ours.shape == theirs.shape
        # scikit-learn forbids writing into some, and scipy sorts in place.
        theirs = theirs.copy()
        if not alike or abs(ours - theirs).max() > 1e-12 * max(abs(theirs).max(), 1):
            wrong(f"{theirs!r}, found {ours!r}")
        return None
    if type(ours) is not type(theirs) and not (isinstance(theirs, dict) and isinstance(ours, dict)):
        return wrong(f"{type(theirs)}, found {type(ours)}")
    if isinstance(theirs, np.ma.MaskedArray):
        compare(np.asarray(ours.mask), np.asarray(theirs.mask), f"{path}.mask", found)
        return compare(ours.data, theirs.data, f"{path}.data", found)
    if isinstance(theirs, np.ndarray):
        return compare_arrays(ours, theirs, path, found)
    if isinstance(theirs, (list, tuple)):
        if len(ours) != len(theirs):
            return wrong(f"{len(theirs)} items, found {len(ours)}")
        for index, (one, other) in enumerate(zip(ours, theirs)):
            compare(one, other, f"{path}[{index}]", found)
        return None
    if isinstance(theirs, dict):
        if [*map(str, ours)] != [*map(str, theirs)]:
            return wrong(f"the keys {[*theirs]}, found {[*ours]}")
        for key, one, other in zip(theirs, ours.values(), theirs.values()):
            compare(one, other, f"{path}[{key!r}]", found)
        return None
    same = ours is theirs or ours == theirs or (isinstance(theirs, float) and ours != ours and theirs != theirs)
    return None if same else wrong(f"{theirs!r}, found {ours!r}")


def compare_arrays(ours, theirs, path, found):
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return found.append(f"{path}: {theirs.dtype} {theirs.shape}, found {ours.dtype} {ours.shape}")
    orders = [(array.flags.c_contiguous, array.flags.f_contiguous) for array in (ours, theirs)]
    is_computed = path.rsplit(".", 1)[-1] in COMPUTED
    if theirs.ndim > 1 and orders[0] != orders[1] and not is_computed:
        return found.append(f"{path}: another order in memory")
    if theirs.dtype == object:
        for index, (one, other) in enumerate(zip(ours.ravel(), theirs.ravel())):
            compare(one, other, f"{path}[{index}]", found)
        return None
    if theirs.dtype.kind in "fc":
        same = np.array_equal(ours, theirs, equal_nan=True)
        same = same or (is_computed and np.allclose(ours, theirs, rtol=1e-10, atol=1e-13))
    else:
        same = np.array_equal(ours, theirs)
    return None if same else found.append(f"{path}: other elements")


def compare_part(ours, theirs, path, found):
    """What was left in the file: an estimator without a fit, a splitter, a scorer, a function, random numbers."""
    named = theirs if isinstance(theirs, (type, types.FunctionType)) else type(theirs)
    if isinstance(theirs, np.random.RandomState):
        assert "RandomState" in repr(ours) or "random" in repr(ours)
        return
    if ours.class_path().rsplit(".", 1)[-1] != named.__name__:
        found.append(f"{path}: {named}, found {ours!r}")
    if isinstance(theirs, BaseEstimator):
        compare_parameters(ours, theirs, path, found)


def compare_parameters(ours, theirs, path, found):
    for deep in [False, True]:
        own, expected = ours.get_params(deep=deep), theirs.get_params(deep=deep)
        if deep and type(theirs).__name__ in DEEP_PARAMETER_EXCEPTIONS:
            continue
        if sorted(own) != sorted(expected):
            found.append(f"{path}.get_params({deep}): {sorted(set(own) ^ set(expected))}")
            continue
        for name, value in expected.items():
            # The estimators themselves are looked at as attributes.
            if not isinstance(own[name], (skiff.Model, skiff.StoredObject)) and name not in ("steps", "transformers", "transformer_list"):
                compare(own[name], value, f"{path}.get_params({deep})[{name!r}]", found)


def compare_estimators(ours, theirs, path, found):
    listed = set(dir(ours))
    for name in names_of(theirs):
        if excepted(ATTRIBUTE_EXCEPTIONS, theirs, name):
            continue
        if not hasattr(ours, name):
            found.append(f"{path}.{name}: absent")
            continue
        if name not in listed:
            found.append(f"{path}.{name}: not listed by dir()")
        compare(getattr(ours, name), getattr(theirs, name), f"{path}.{name}", found)
    compare_parameters(ours, theirs, path, found)
    for name in sorted(listed):
        if not hasattr(ours, name):
            found.append(f"{path}.{name}: listed by dir(), and absent")
        elif not name.startswith("_") and not has(theirs, name) and (type(theirs).__name__, name) not in MORE:
            found.append(f"{path}.{name}: scikit-learn has none")
    for name in dir(theirs):
        is_asked = not name.startswith(("_", "fit", "partial_fit", "set_")) and not name.endswith("_")
        is_method = is_asked and callable(getattr(type(theirs), name, None)) and has(theirs, name)
        if is_method and not hasattr(ours, name) and not excepted(METHOD_EXCEPTIONS, theirs, name):
            found.append(f"{path}.{name}(): absent")


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
    with pytest.raises(ValueError):
        ours.radius_neighbors(X, sort_results=True, return_distance=False)
