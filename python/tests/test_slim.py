"""Models made smaller by `skiff.slim`: scikit-learn loads them, and every method and attribute is as before."""

import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import AffinityPropagation, Birch, BisectingKMeans, KMeans, MeanShift, MiniBatchKMeans
from sklearn.cross_decomposition import CCA, PLSCanonical, PLSRegression
from sklearn.decomposition import NMF, MiniBatchDictionaryLearning, MiniBatchNMF
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import (
    HuberRegressor,
    Lars,
    LarsCV,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LogisticRegression,
    LogisticRegressionCV,
    MultiTaskElasticNetCV,
    RANSACRegressor,
    RidgeClassifierCV,
    RidgeCV,
)
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, MultinomialNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import skiff

pytestmark = pytest.mark.filterwarnings("ignore")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(150, 6))
LABELS = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(int)
NUMBERS = X[:, 0] * 3 + RANDOM.normal(size=150)
PAIRS = np.c_[NUMBERS, X[:, 1]]
SOME_LABELS = np.where(np.arange(150) % 3, LABELS, -1)
COUNTS = np.abs(np.round(X * 3)).astype(int)
TEXTS = [" ".join(f"w{int(value * 3)}" for value in row) for row in X]
OOB = {"n_estimators": 30, "oob_score": True, "bootstrap": True, "random_state": 0}
NETWORK = {"hidden_layer_sizes": (8,), "max_iter": 20, "random_state": 0}

#: Models, their rows and targets, and the attributes that are dropped.
MODELS = [
    (RandomForestClassifier(**OOB), X, LABELS, ["oob_decision_function_"]),
    (ExtraTreesClassifier(**OOB), X, LABELS, ["oob_decision_function_"]),
    (BaggingClassifier(**OOB), X, LABELS, ["oob_decision_function_"]),
    (RandomForestRegressor(**OOB), X, NUMBERS, ["oob_prediction_"]),
    (ExtraTreesRegressor(**OOB), X, NUMBERS, ["oob_prediction_"]),
    (BaggingRegressor(**OOB), X, NUMBERS, ["oob_prediction_"]),
    (
        GradientBoostingClassifier(n_estimators=20, subsample=0.5, random_state=0),
        X,
        LABELS,
        ["oob_improvement_", "oob_scores_", "train_score_"],
    ),
    (GradientBoostingRegressor(n_estimators=20, random_state=0), X, NUMBERS, ["train_score_"]),
    (HistGradientBoostingClassifier(max_iter=10), X, LABELS, ["train_score_", "validation_score_"]),
    (HistGradientBoostingRegressor(max_iter=10), X, NUMBERS, ["train_score_", "validation_score_"]),
    (DecisionTreeClassifier(random_state=0), X, LABELS, []),
    (DecisionTreeRegressor(random_state=0), X, NUMBERS, []),
    (MLPClassifier(early_stopping=True, **NETWORK), X, LABELS, ["_optimizer", "loss_curve_", "validation_scores_"]),
    (MLPRegressor(**NETWORK), X, NUMBERS, ["_optimizer", "loss_curve_", "validation_scores_"]),
    (CountVectorizer(max_features=20), TEXTS, None, []),
    (TfidfVectorizer(max_features=20), TEXTS, None, []),
    (AffinityPropagation(), X, None, ["affinity_matrix_", "labels_"]),
    (Birch(n_clusters=4), X, None, ["dummy_leaf_", "labels_", "root_"]),
    (BisectingKMeans(4, random_state=0), X, None, ["labels_"]),
    (KMeans(4, random_state=0), X, None, ["labels_"]),
    (MiniBatchKMeans(4, random_state=0), X, None, ["labels_"]),
    (MeanShift(), X, None, ["labels_"]),
    (BernoulliNB(), COUNTS, LABELS, ["feature_count_"]),
    (ComplementNB(), COUNTS, LABELS, ["feature_count_"]),
    (MultinomialNB(), COUNTS, LABELS, ["feature_count_"]),
    (CategoricalNB(), COUNTS, LABELS, ["category_count_"]),
    (MiniBatchNMF(3, random_state=0), np.abs(X), None, ["_components_denominator", "_components_numerator"]),
    (NMF(3, random_state=0), np.abs(X), None, []),
    (MiniBatchDictionaryLearning(3, random_state=0), X, None, ["_A", "_B"]),
    (GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}), X, LABELS, ["cv_results_"]),
    (LogisticRegressionCV(cv=3), X, LABELS, ["coefs_paths_"]),
    (Lars(), X, NUMBERS, ["coef_path_"]),
    (LassoLars(), X, NUMBERS, ["coef_path_"]),
    (LarsCV(), X, NUMBERS, ["coef_path_", "mse_path_"]),
    (LassoLarsCV(), X, NUMBERS, ["coef_path_", "mse_path_"]),
    (LassoCV(), X, NUMBERS, ["mse_path_"]),
    (MultiTaskElasticNetCV(), X, PAIRS, ["mse_path_"]),
    (RidgeCV(store_cv_results=True), X, NUMBERS, ["cv_results_"]),
    (RidgeClassifierCV(store_cv_results=True), X, LABELS, ["cv_results_"]),
    (HuberRegressor(), X, NUMBERS, ["outliers_"]),
    (RANSACRegressor(random_state=0), X, NUMBERS, ["inlier_mask_"]),
    (PLSRegression(), X, PAIRS, ["_x_scores", "_y_scores", "x_scores_", "y_scores_"]),
    (PLSCanonical(), X, PAIRS, ["_x_scores", "_y_scores"]),
    (CCA(), X, PAIRS, ["_x_scores", "_y_scores"]),
    (LabelSpreading(), X, SOME_LABELS, ["transduction_"]),
    (SelfTrainingClassifier(LogisticRegression()), X, SOME_LABELS, ["labeled_iter_", "transduction_"]),
]
METHODS = """predict predict_proba predict_log_proba predict_joint_log_proba decision_function transform score_samples apply
    decision_path staged_predict staged_predict_proba staged_decision_function inverse_transform get_feature_names_out""".split()


def is_same(first, second):
    """Whether two results are the same, to the last bit."""
    if isinstance(first, np.ndarray):
        is_array = isinstance(second, np.ndarray) and (first.dtype, first.shape) == (second.dtype, second.shape)
        return is_array and (first.tolist() == second.tolist() if first.dtype == object else first.tobytes() == second.tobytes())
    if hasattr(first, "toarray"):
        return is_same(first.toarray(), second.toarray())
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(map(is_same, first, second))
    return type(first) is type(second) and bool(first == second)


def answers(model, rows):
    """What each method returns, by its name."""
    found = {}
    for name in METHODS:
        method = getattr(model, name, None)
        if method is None:
            continue
        try:
            found[name] = method() if name == "get_feature_names_out" else method(rows)
            if hasattr(found[name], "__next__"):
                found[name] = list(found[name])
        except (ValueError, skiff.SkiffError):  # `inverse_transform` of other columns, and what skiff does not answer.
            pass
    return found


def attributes(model):
    def has(name):
        try:
            getattr(model, name)
        except Exception:
            return False
        return True

    return {name for name in dir(model) if has(name)}


@pytest.mark.parametrize(("model", "rows", "target", "dropped"), MODELS, ids=lambda value: type(value).__name__)
def test_slim_models_answer_as_before(model, rows, target, dropped, tmp_path):
    model = clone(model).fit(rows, target) if target is not None else clone(model).fit(rows)
    before = pickle.dumps(model)
    # Its arrays lie in memory as those of the other model do, so that BLAS adds in the same order.
    model = pickle.loads(before)
    slimmed = skiff.slim(before, tmp_path / "slim.pkl")
    assert sorted(one["attribute"] for one in slimmed["dropped"]) == dropped
    assert {one["class"] for one in slimmed["dropped"]} <= {type(model).__name__}
    with open(tmp_path / "slim.pkl", "rb") as file:
        slim = pickle.load(file)
    expected = answers(model, rows)
    assert expected
    found = answers(slim, rows)
    assert expected.keys() == found.keys()
    assert [name for name in expected if not is_same(expected[name], found[name])] == []
    assert attributes(model) - attributes(slim) == set(dropped)
    assert (repr(slim), str(slim.get_params())) == (repr(model), str(model.get_params()))
    if target is not None:
        assert slim.score(rows, target) == model.score(rows, target)
        clone(slim).fit(rows, target)
    # skiff answers for the new file what it answered for the old one.
    skiff.slim(before, tmp_path / "slim.skiff")
    expected, found = (answers(skiff.open(source), rows) for source in (before, tmp_path / "slim.skiff"))
    assert "predict" in expected or "transform" in expected
    assert [name for name in expected if not is_same(expected[name], found[name])] == []


def test_what_user_code_may_read_is_kept(tmp_path):
    model = make_pipeline(FunctionTransformer(is_same), KMeans(2, random_state=0).fit(X))
    slimmed = skiff.slim(pickle.dumps(model), tmp_path / "slim.skiff")
    assert slimmed["dropped"] == []
    assert "test_slim.is_same" in slimmed["notes"][0]


def test_words_without_a_column_are_dropped(tmp_path):
    """Up to 1.4 vectorizers keep the words that they have no column for."""
    model = CountVectorizer(max_features=2).fit(TEXTS)
    model.stop_words_ = {f"w{number}" for number in range(100_000)}
    slimmed = skiff.slim(pickle.dumps(model), tmp_path / "slim.joblib")
    assert slimmed["dropped"][0]["attribute"] == "stop_words_"
    assert slimmed["dropped"][0]["bytes"] > 500_000
    assert slimmed["after"]["bytes"] < 1_000
    assert joblib.load(tmp_path / "slim.joblib").vocabulary_ == model.vocabulary_


def test_the_command_reports_what_is_smaller(skiff, tmp_path):
    path = tmp_path / "network.joblib"
    joblib.dump(MLPClassifier(**NETWORK).fit(X, LABELS), path)
    out = skiff.run("slim", path, tmp_path / "slim.skiff")
    assert "MLPClassifier._optimizer" in out
    assert "exists" in skiff.fails("slim", path, tmp_path / "slim.skiff")
    assert "`--force`" in skiff.fails("slim", path, path)


def test_samples_and_passport_are_kept(tmp_path):
    model = RandomForestClassifier(**OOB).fit(X, LABELS)
    skiff.dump(model, tmp_path / "model.skiff", X_sample=X[:20], author="Ada")
    skiff.slim(tmp_path / "model.skiff", tmp_path / "slim.skiff")
    assert skiff.verify(tmp_path / "slim.skiff")
    assert skiff.inspect(tmp_path / "slim.skiff")["passport"]["author"] == "Ada"
