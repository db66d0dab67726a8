"""Models made smaller by `skiff.slim`: scikit-learn loads them, and every method and attribute is as before."""

import json
import pickle

import joblib
import numpy as np
import pyarrow
import pyarrow.parquet as pq
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
    IsolationForest,
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
NETWORK_TRAINING = ["_best_coefs", "_best_intercepts", "_optimizer", "loss_curve_", "validation_scores_"]
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
    (MLPClassifier(early_stopping=True, **NETWORK), X, LABELS, NETWORK_TRAINING),
    (MLPRegressor(**NETWORK), X, NUMBERS, NETWORK_TRAINING),
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


def loaded(model, tmp_path, **options):
    """The model with these options, loaded by pickle, and the report."""
    source = pickle.dumps(model)
    report = skiff.slim(source, tmp_path / "slim.pkl", **options)
    with open(tmp_path / "slim.pkl", "rb") as file:
        return pickle.load(file), report


def measured(model, rows, target, tmp_path, **options):
    """The model with these options, whose report says what scikit-learn finds."""
    slim, report = loaded(model, tmp_path, X=rows, y=target, **options)
    found = report["measured"]
    assert found["rows"] == len(rows)
    greatest = np.abs(getattr(slim, found["method"])(rows) - getattr(model, found["method"])(rows)).max()
    assert found["greatest_difference"] == pytest.approx(greatest, rel=1e-9)
    if found["changed_labels"] is not None:
        assert found["changed_labels"] == np.mean(slim.predict(rows) != model.predict(rows))
    expected = {"before": model.score(rows, target), "after": slim.score(rows, target)}
    assert {name: found["metric"][name] for name in expected} == pytest.approx(expected)
    return slim


def test_forests_keep_their_first_trees(tmp_path):
    for model, target in [(RandomForestClassifier(20, random_state=0), LABELS), (ExtraTreesRegressor(20, random_state=0), NUMBERS)]:
        model.fit(X, target)
        slim = measured(model, X, target, tmp_path, prune_trees=7)
        model.estimators_ = model.estimators_[:7]
        model.n_estimators = 7
        assert np.array_equal(slim.predict(X), model.predict(X))
        assert slim.get_params() == model.get_params()


def test_isolation_forests_keep_their_first_trees(tmp_path):
    model = IsolationForest(n_estimators=10, random_state=0).fit(X)
    slim, _ = loaded(model, tmp_path, prune_trees=4, X=X)
    assert len(slim.estimators_) == len(slim.estimators_features_) == 4
    assert np.allclose(slim.score_samples(X), skiff.open(tmp_path / "slim.pkl").score_samples(X), rtol=1e-12)


def test_boosting_keeps_its_first_iterations(tmp_path):
    for model in [
        GradientBoostingClassifier(n_estimators=10, random_state=0),
        HistGradientBoostingClassifier(max_iter=10),
    ]:
        model.fit(X, LABELS)
        expected = list(model.staged_predict_proba(X))[3]
        slim = measured(model, X, LABELS, tmp_path, prune_trees=4)
        assert np.array_equal(slim.predict_proba(X), expected)


def test_pruning_is_scikit_learns(tmp_path):
    for model, target in [(DecisionTreeClassifier(random_state=0), LABELS), (DecisionTreeRegressor(random_state=0), NUMBERS)]:
        model.fit(X, target)
        alphas = model.cost_complexity_pruning_path(X, target).ccp_alphas
        for alpha in (alphas[1:] + alphas[:-1]) / 2:
            expected = clone(model).set_params(ccp_alpha=alpha).fit(X, target)
            if expected.tree_.node_count == model.tree_.node_count:
                continue
            slim = measured(model, X, target, tmp_path, prune_trees=float(alpha))
            assert slim.tree_.node_count == expected.tree_.node_count
            assert slim.get_depth() == expected.get_depth()
            assert np.array_equal(slim.apply(X), expected.apply(X))
            assert np.array_equal(slim.predict(X), expected.predict(X))


def test_trees_end_at_a_depth(tmp_path):
    model = RandomForestClassifier(5, random_state=0).fit(X, LABELS)
    slim = measured(model, X, LABELS, tmp_path, max_depth=2)
    assert [tree.get_depth() for tree in slim.estimators_] == [2] * 5
    for tree, old in zip(slim.estimators_, model.estimators_):
        nodes = old.decision_path(X).toarray()
        assert tree.tree_.node_count <= 7
        assert np.array_equal(tree.tree_.n_node_samples[0], old.tree_.n_node_samples[0])
        assert nodes.shape[1] > tree.tree_.node_count


def test_learned_numbers_are_rounded(tmp_path):
    model = LogisticRegression().fit(X, LABELS)
    assert np.array_equal(measured(model, X, LABELS, tmp_path, float32=True).coef_, model.coef_.astype(np.float32))
    assert np.array_equal(measured(model, X, LABELS, tmp_path, float16=True).coef_, model.coef_.astype(np.float16))
    coef = measured(model, X, LABELS, tmp_path, quantize=8).coef_
    step = np.exp2(np.ceil(np.log2(np.abs(model.coef_).max() / 127)))
    assert np.array_equal(coef, np.round(model.coef_ / step) * step)
    assert np.count_nonzero(measured(model, X, LABELS, tmp_path, top_features=2).coef_) == 2
    network = MLPClassifier(**NETWORK).fit(X, LABELS)
    slim = measured(network, X, LABELS, tmp_path, float16=True)
    assert all(np.array_equal(new, old.astype(np.float16)) for new, old in zip(slim.coefs_, network.coefs_))


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (LogisticRegression(), {"max_depth": 3}, "`--max-depth` applies to decision trees.*`LogisticRegression`"),
        (DecisionTreeClassifier(), {"top_features": 3}, "`--top-features` applies to linear models.*`DecisionTreeClassifier`"),
        (LogisticRegression(), {"prune_trees": 3}, "`--prune-trees` applies to forests"),
        (RandomForestClassifier(3), {"prune_trees": 3}, "no ensemble has more than 3 members"),
        (RandomForestClassifier(3), {"float16": True}, "`--float16` applies to"),
        (GradientBoostingClassifier(n_estimators=3), {"max_depth": 1}, "`GradientBoostingClassifier`, whose trees"),
        (MultinomialNB(), {"max_depth": 1}, "`MultinomialNB`"),
    ],
)
def test_what_does_not_apply_is_refused_by_name(model, options, message, tmp_path):
    model.fit(np.abs(X), LABELS)
    with pytest.raises(skiff.NotSupportedError, match=message):
        loaded(model, tmp_path, unmeasured=True, **options)
    assert not list(tmp_path.iterdir())


def test_labels_that_change_are_limited(tmp_path):
    model = RandomForestClassifier(50, random_state=0).fit(X, RANDOM.integers(0, 3, 150))
    with pytest.raises(skiff.WrongInputError, match="of the rows get another label, more than 0.01: nothing was written"):
        loaded(model, tmp_path, prune_trees=1, X=X, max_label_change=0.01)
    assert not list(tmp_path.iterdir())
    loaded(model, tmp_path, prune_trees=1, X=X, max_label_change=1.0)
    for options in [{"prune_trees": 1}, {"max_label_change": 0.1}]:
        with pytest.raises(skiff.WrongInputError, match="pass `X=`"):
            loaded(model, tmp_path, **options)


def test_the_command_measures_on_rows_of_files(skiff, tmp_path):
    model = RandomForestClassifier(20, random_state=0).fit(X, LABELS)
    joblib.dump(model, tmp_path / "model.joblib")
    table = np.c_[X, LABELS]
    names = [*(f"x{number}" for number in range(6)), "y"]
    np.savetxt(tmp_path / "rows.csv", table, delimiter=",", header=",".join(names), comments="", fmt="%.17g")
    pq.write_table(pyarrow.table(dict(zip(names, table.T))), tmp_path / "rows.parquet")
    options = ["--prune-trees", "5", "--format", "json", "--force", "--target", "y", "--columns", ",".join(names[:6])]
    reports = []
    for data in ("rows.csv", "rows.parquet"):
        out = skiff.run("slim", tmp_path / "model.joblib", tmp_path / "slim.joblib", *options, "--data", tmp_path / data)
        reports.append(json.loads(out)["measured"])
    slim = joblib.load(tmp_path / "slim.joblib")
    for report in reports:
        assert report["changed_labels"] == np.mean(slim.predict(X) != model.predict(X))
        assert report["metric"] == pytest.approx({"name": "accuracy", "before": 1.0, "after": slim.score(X, LABELS)})
        assert report["greatest_difference"] == np.abs(slim.predict_proba(X) - model.predict_proba(X)).max()
    assert "`--unmeasured`" in skiff.fails("slim", tmp_path / "model.joblib", tmp_path / "a.skiff", "--prune-trees", "5")
