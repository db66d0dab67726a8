"""Models fitted here and now, on data that no fixture has seen: skiff answers what this scikit-learn answers."""

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Perceptron,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR, NuSVC, NuSVR, OneClassSVM
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

METHODS = ["predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "score_samples", "apply"]

CLASSIFIERS = [
    lambda seed: LogisticRegression(C=0.5 + seed),
    lambda seed: SGDClassifier(loss="modified_huber", random_state=seed),
    lambda seed: RidgeClassifier(alpha=1.0 + seed),
    lambda seed: Perceptron(random_state=seed),
    lambda seed: LinearSVC(random_state=seed),
    lambda seed: SVC(kernel=["rbf", "poly", "sigmoid", "linear"][seed % 4], C=1.0 + seed),
    lambda seed: NuSVC(nu=0.2, decision_function_shape="ovo"),
    lambda seed: DecisionTreeClassifier(random_state=seed, max_depth=3 + seed),
    lambda seed: ExtraTreeClassifier(random_state=seed),
    lambda seed: RandomForestClassifier(n_estimators=17, random_state=seed),
    lambda seed: ExtraTreesClassifier(n_estimators=9, random_state=seed),
    lambda seed: GradientBoostingClassifier(n_estimators=12, random_state=seed),
    lambda seed: HistGradientBoostingClassifier(max_iter=15, random_state=seed),
    lambda seed: KNeighborsClassifier(n_neighbors=3 + seed, weights=["uniform", "distance"][seed % 2]),
    lambda seed: GaussianNB(),
    lambda seed: BernoulliNB(binarize=0.1),
    lambda seed: make_pipeline(StandardScaler(), PolynomialFeatures(2), LogisticRegression(max_iter=500)),
    lambda seed: make_pipeline(make_union(PCA(2), MinMaxScaler()), SVC(random_state=seed)),
    lambda seed: GridSearchCV(make_pipeline(RobustScaler(), SVC()), {"svc__C": [0.1, 1.0]}, cv=2),
]

REGRESSORS = [
    lambda seed: LinearRegression(),
    lambda seed: Ridge(alpha=0.1 + seed),
    lambda seed: Lasso(alpha=0.01),
    lambda seed: ElasticNet(alpha=0.01),
    lambda seed: SGDRegressor(random_state=seed),
    lambda seed: LinearSVR(random_state=seed),
    lambda seed: SVR(kernel=["rbf", "poly", "sigmoid", "linear"][seed % 4]),
    lambda seed: NuSVR(),
    lambda seed: DecisionTreeRegressor(random_state=seed),
    lambda seed: RandomForestRegressor(n_estimators=11, random_state=seed),
    lambda seed: ExtraTreesRegressor(n_estimators=7, random_state=seed),
    lambda seed: GradientBoostingRegressor(n_estimators=12, loss="huber", random_state=seed),
    lambda seed: HistGradientBoostingRegressor(max_iter=15, random_state=seed),
    lambda seed: KNeighborsRegressor(algorithm=["brute", "kd_tree", "ball_tree"][seed % 3]),
    lambda seed: make_pipeline(Normalizer(), MaxAbsScaler(), Ridge()),
]

TRANSFORMERS = [
    lambda seed: PCA(3, whiten=bool(seed % 2)),
    lambda seed: TruncatedSVD(2, random_state=seed),
    lambda seed: KMeans(3, n_init=2, random_state=seed),
    lambda seed: OneClassSVM(gamma=0.2),
    lambda seed: SimpleImputer(strategy=["mean", "median", "most_frequent"][seed % 3]),
]


def rows(seed, count=60):
    """Random rows of four scales, with ties: one column is rounded."""
    random = np.random.RandomState(seed)
    table = random.normal(size=(count, 5)) * [1.0, 10.0, 0.01, 3.0, 1.0] + [0.0, 5.0, 0.0, -2.0, 1.0]
    table[:, 3] = np.round(table[:, 3])
    return table


def check(skiff, model, test):
    path = skiff.folder / "model.joblib"
    joblib.dump(model, path)
    asked = 0
    for method in METHODS:
        if not hasattr(model, method):
            continue
        for table in (test, np.asfortranarray(test), test.astype(np.float32), test[:1]):
            try:
                expected = getattr(model, method)(table)
            except ValueError:
                # KMeans refuses rows of another float dtype than its centres.
                skiff.refuses(path, method, table)
                continue
            if hasattr(expected, "toarray"):
                expected = expected.toarray()
            found = skiff.call(path, method, table)
            assert found.shape == expected.shape, (method, table.dtype)
            if expected.dtype.kind in "fc":
                single = table.dtype == np.float32 or expected.dtype == np.float32
                scale = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
                tolerance = 1e-5 if single else 1e-10
                np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * 1e-3 * scale)
            else:
                np.testing.assert_array_equal(found, expected)
            asked += 1
    assert asked > 0


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("make", CLASSIFIERS)
def test_classifiers(skiff, make, seed):
    train, test = rows(seed), rows(seed + 100, 40)
    labels = np.array(["red", "green", "blue"])[(train[:, 0] > 0).astype(int) + (train[:, 1] > 5)]
    if seed % 2:
        labels = labels == "red"
    check(skiff, make(seed).fit(train, labels), test)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("make", REGRESSORS)
def test_regressors(skiff, make, seed):
    train, test = rows(seed), rows(seed + 100, 40)
    check(skiff, make(seed).fit(train, train[:, 0] * 2 - train[:, 3] + 100 * train[:, 2]), test)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("make", TRANSFORMERS)
def test_transformers(skiff, make, seed):
    check(skiff, make(seed).fit(rows(seed)), rows(seed + 100, 40))


def test_weights_of_histogram_boosting(skiff):
    train = rows(0)
    model = HistGradientBoostingRegressor(max_iter=5).fit(train, train[:, 0], sample_weight=np.arange(len(train)))
    check(skiff, model, rows(1, 20))


@pytest.mark.parametrize("values", [[True, True, False], [1.0, 1.0, 2.0], ["b", "b", "a"]])
def test_one_infrequent_category(skiff, values):
    table = np.array(values)[:, np.newaxis]
    model = OneHotEncoder(drop="if_binary", max_categories=2, handle_unknown="infrequent_if_exist").fit(table)
    path = skiff.folder / "model.joblib"
    joblib.dump(model, path)
    encoded = model.transform(table).toarray()
    found, expected = skiff.call(path, "inverse_transform", encoded), model.inverse_transform(encoded)
    assert [str(cell) for cell in found.ravel()] == [str(cell) for cell in expected.ravel()]


def test_infrequent_categories_beside_missing_ones(skiff):
    table = np.array([1.0, 1.0, 2.0, 3.0, 3.0, 3.0, np.nan])[:, np.newaxis]
    check(skiff, OrdinalEncoder(max_categories=2, encoded_missing_value=-9.0).fit(table), table)


def test_functions_of_small_integers(skiff):
    table = np.array([[3, -2], [1, 7]], dtype=np.int16)
    path = skiff.folder / "model.joblib"
    for function in (np.exp, np.square):
        joblib.dump(FunctionTransformer(function, check_inverse=False).fit(table), path)
        np.testing.assert_allclose(skiff.call(path, "transform", table), function(table), rtol=1e-5)
    joblib.dump(FunctionTransformer(np.exp, check_inverse=False).fit(table), path)
    skiff.refuses(path, "transform", table.astype(np.int8))


def test_the_version_is_told(skiff):
    path = skiff.folder / "model.joblib"
    joblib.dump(StandardScaler().fit(rows(0)), path)
    assert f"scikit-learn {sklearn.__version__}" in skiff.run("inspect", path)


def test_a_class_of_ones_own_is_named_and_not_run(skiff):
    path = skiff.folder / "model.joblib"
    joblib.dump(make_pipeline(Shouting(), StandardScaler()).fit(rows(0)), path)
    error = skiff.fails("predict", path, path)
    assert "Shouting" in error and "steps[0]" in error


class Shouting(StandardScaler):
    """A transformer that no release of scikit-learn has."""
