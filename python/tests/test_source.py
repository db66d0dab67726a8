"""Models as source code answer as scikit-learn did: recorded cases, compiled and run in their language."""

import os
import shutil

import joblib
import numpy as np
import onnx_cases
import pandas as pd
import pytest
import source_cases
from conftest import COMMAND, ROOT
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

#: A selection: `cargo xtask peers LANGUAGE` asks all.
SELECTION = {
    "c": ["calibration", "cluster", "compose", "impute", "neural_network"],
    "duckdb": ["compose", "impute", "preprocessing", "tree"],
    "go": ["discriminant_analysis"],
    "java": ["compose", "impute", "tree"],
    "javascript": ["compose", "ensemble", "impute", "neighbors", "preprocessing", "tree"],
    "rust": ["calibration"],
    "postgres": ["tree"],
    "python": ["compose", "ensemble", "impute", "neighbors", "preprocessing", "svm", "tree"],
}


def needs(language):
    """Skips the test where the tools of a language are not there."""
    tool = source_cases.TOOLS[language][0]
    if not shutil.which(tool):
        pytest.skip(f"there is no `{tool}`")
    if language == "postgres" and "SKIFF_POSTGRES" not in os.environ:
        pytest.skip("there is no PostgreSQL")


@pytest.mark.parametrize("language, family", [(one, family) for one, all in SELECTION.items() for family in all])
def test_code_answers_as_scikit_learn(language, family, tmp_path):
    needs(language)
    failures, calls = [], 0
    for call, _, _, _, differs in onnx_cases.outcomes(COMMAND, family, tmp_path, source_cases.LANGUAGES[language]):
        calls += 1
        if differs and not onnx_cases.is_known(call):
            failures.append(f"{call.name}: {differs}")
    assert calls and not failures, "\n".join(failures[:50])


@pytest.mark.parametrize("version", onnx_cases.OLDER)
def test_older_files_are_exported_as_they_are(version, tmp_path):
    failures, calls = [], 0
    cases = onnx_cases.spread(version, 20)
    for call, _, _, _, differs in onnx_cases.outcomes_of(COMMAND, cases, tmp_path, source_cases.LANGUAGES["python"]):
        calls += 1
        if differs and not onnx_cases.is_known(call):
            failures.append(f"{call.name}: {differs}")
    assert calls and not failures, "\n".join(failures)


def test_code_is_readable(skiff):
    iris, passengers, tree = (ROOT / "examples" / name for name in ("iris-svc.joblib", "passengers.joblib", "balance-scale-tree.pkl"))
    code = skiff.folder / "model.py"
    skiff.run("export", iris, code, "--method", "predict")
    assert code.read_text().startswith('"""SVC of scikit-learn 1.9, exported by skiff')
    assert "x[2] petal length (cm)" in code.read_text()
    skiff.run("export", passengers, code, "--force")
    assert "    # fare\n" in code.read_text()
    skiff.run("export", tree, code, "--method", "predict", "--force")
    assert "    if x[1] <= 2.5:\n        if x[2] <= 1.5:\n" in code.read_text()
    assert skiff.fails("export", tree, skiff.folder / "tree.c", "--method", "decision_path").startswith("error[not-exported]")


#: What would end a comment or a string.
NAMES = ["</script>", "\\u000a int c;", "\u202e // d", "a */ int b;", '"""', "c\nd", "e\\", "f\0", "g??/", "\u2028h", 'é"']


@pytest.mark.parametrize("language", sorted(SELECTION))
def test_names_and_labels_are_data(language, tmp_path):
    needs(language)
    rows = np.random.default_rng(3).normal(size=(200, len(NAMES)))
    labels = np.array([name.replace("\0", "") for name in NAMES], object)[np.abs(rows).argmax(axis=1)]
    estimator = DecisionTreeClassifier(random_state=0).fit(pd.DataFrame(rows, columns=NAMES), labels)
    joblib.dump(estimator, tmp_path / "model.joblib")
    code = source_cases.LANGUAGES[language](COMMAND, tmp_path / "model.joblib", tmp_path, None, "predict")
    (found,) = code.run(None, {"X": rows})
    assert (found == estimator.predict(pd.DataFrame(rows, columns=NAMES))).all()


@pytest.mark.parametrize("language", ["c", "python"])
def test_a_machine_without_support_vectors_is_its_intercept(language, tmp_path):
    X, y = np.random.default_rng(3).normal(size=(30, 2)), np.arange(30) % 3
    with pytest.warns(ConvergenceWarning):
        never_fitted = SVC(max_iter=0).fit(X, y)
    for estimator in (SVR().fit(X, np.full(30, 2.5)), never_fitted):
        joblib.dump(estimator, tmp_path / "model.joblib")
        code = source_cases.LANGUAGES[language](COMMAND, tmp_path / "model.joblib", tmp_path, None, "predict")
        (found,) = code.run(None, {"X": X})
        assert (found == estimator.predict(X)).all()


def test_a_zero_in_a_label_is_refused_in_c(skiff):
    rows = np.arange(8.0)[:, None]
    joblib.dump(DecisionTreeClassifier().fit(rows, ["a\0b"] * 4 + ["a"] * 4), skiff.folder / "model.joblib")
    error = skiff.fails("export", skiff.folder / "model.joblib", skiff.folder / "model.c", "--method", "predict")
    assert error.startswith("error[not-exported]") and "zero" in error
    skiff.run("export", skiff.folder / "model.joblib", skiff.folder / "model.py", "--method", "predict")


def near(values):
    """Numbers, and those next to them, in both precisions."""
    values = np.unique(values)
    singles = values.astype(np.float32)
    apart = [np.nextafter(values, side) for side in (-np.inf, np.inf)]
    apart += [np.nextafter(singles, np.float32(side)).astype(np.float64) for side in (-np.inf, np.inf)]
    halves = [(values + other) / 2 for other in apart[2:]]
    return np.concatenate([values, *apart, *halves, [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e300, -1e300, 1e-60]])


@pytest.mark.parametrize("language", sorted(SELECTION))
@pytest.mark.parametrize("size", ["conditions", "tables"])
def test_rows_next_to_thresholds(language, size, tmp_path):
    needs(language)
    random = np.random.default_rng(7)
    X = random.normal(size=(600, 3)).astype(np.float32).astype(np.float64) * [1, 1e3, 1e-3]
    X[::7, 1] = np.nan
    y = np.nan_to_num(X).sum(axis=1) + random.normal(size=len(X))
    trees, leaves = (3, 16) if size == "conditions" else (12, 400)
    forest = RandomForestRegressor(trees, max_leaf_nodes=leaves, random_state=0).fit(X, y)
    boosting = HistGradientBoostingRegressor(max_iter=trees, max_leaf_nodes=min(leaves, 31), min_samples_leaf=2).fit(X, y)
    thresholds = np.concatenate([tree.tree_.threshold for tree in forest.estimators_])
    thresholds = np.concatenate([thresholds, *(tree[0].nodes["num_threshold"] for tree in boosting._predictors)])
    rows = random.choice(near(thresholds), size=(400, 3))
    for estimator in (forest, boosting):
        # Forests refuse infinities, and what is one in float32.
        own = np.where(np.abs(rows) > 1e38, 1.0, rows) if estimator is forest else rows
        joblib.dump(estimator, tmp_path / "model.joblib")
        code = source_cases.LANGUAGES[language](COMMAND, tmp_path / "model.joblib", tmp_path, None, "predict")
        (found,) = code.run(None, {"X": own})
        assert (found == estimator.predict(own)).all()


@pytest.mark.parametrize("language", sorted(SELECTION))
def test_trees_of_all_depths(language, tmp_path):
    """Trees that are walked together end after different numbers of steps; some are leaves, and NaN goes left in some."""
    needs(language)
    random = np.random.default_rng(5)
    X = random.normal(size=(600, 80))
    X[:, 3:8][random.random((600, 5)) < 0.2] = np.nan
    y = np.nan_to_num(X).sum(axis=1) + 5 * np.isnan(X[:, 4])
    forest = RandomForestRegressor(21, random_state=0).fit(X, y)
    for place, tree in enumerate(forest.estimators_):
        # A leaf, few splits, many, and a chain of them.
        if place % 4 == 0:
            tree.fit(X, np.full(len(X), 0.1 * place))
        elif place % 4 == 1:
            tree.set_params(max_depth=1 + place // 4).fit(X, y)
        elif place == 2:
            tree.fit(np.eye(600, 80), random.normal(size=600))
    categories = HistGradientBoostingRegressor(categorical_features=[3], max_iter=40, min_samples_leaf=2)
    X[:, 3] = np.where(np.isnan(X[:, 3]), np.nan, np.abs(np.nan_to_num(X[:, 3]) * 9).round())
    for estimator in (forest, categories.fit(X, y)):
        joblib.dump(estimator, tmp_path / "model.joblib")
        code = source_cases.LANGUAGES[language](COMMAND, tmp_path / "model.joblib", tmp_path, None, "predict")
        (found,) = code.run(None, {"X": X[:200]})
        assert (found == estimator.predict(X[:200])).all()


@pytest.mark.parametrize("language", ["duckdb", "postgres"])
def test_large_trees_in_databases(language, tmp_path):
    """Trees through which a query walks: one that is a leaf, one that is deeper than conditions may be, missing values."""
    needs(language)
    random = np.random.default_rng(3)
    X = random.normal(size=(2500, 5))
    X[random.random(X.shape) < 0.1] = np.nan
    y = np.nan_to_num(X[:, 0]) - np.nan_to_num(X[:, 4]) ** 2 + random.normal(size=len(X))
    forest = RandomForestRegressor(6, random_state=0).fit(X, y)
    forest.estimators_[2] = DecisionTreeRegressor().fit(X, np.full(len(X), -0.7))
    kinds = RandomForestClassifier(8, random_state=0).fit(X, np.digitize(y, [-1, 1]))
    # Each split takes one row away.
    chain = DecisionTreeRegressor(random_state=0).fit(np.eye(400), random.normal(size=400))
    assert chain.get_depth() > 300 and sum(tree.tree_.n_leaves for tree in forest.estimators_) > 3000
    rows = [X[:200], X[:200], np.vstack([np.zeros(400), np.eye(400)[::8]])]
    for estimator, own in zip((forest, kinds, chain), rows, strict=True):
        joblib.dump(estimator, tmp_path / "model.joblib")
        code = source_cases.LANGUAGES[language](COMMAND, tmp_path / "model.joblib", tmp_path, None, "predict")
        assert "WITH RECURSIVE walk" in code.text
        (found,) = code.run(None, {"X": own})
        assert (found == estimator.predict(own)).all()
    # Two methods share the trees.
    methods = "predict_proba,predict"
    joblib.dump(kinds, tmp_path / "model.joblib")
    code = source_cases.LANGUAGES[language](COMMAND, tmp_path / "model.joblib", tmp_path, None, methods)
    assert code.text.count("NOT MATERIALIZED") == 1
    found = code.run(None, {"X": X[:200]})
    assert (found[0] == kinds.predict_proba(X[:200])).all() and (found[1] == kinds.predict(X[:200])).all()


def test_integers_that_javascript_lacks_are_refused(skiff):
    path = skiff.folder / "model.joblib"
    joblib.dump(DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 2**53 + 1]), path)
    assert "do not have all integers" in skiff.fails("export", path, skiff.folder / "x.mjs", "--method", "predict")
    skiff.run("export", path, skiff.folder / "x.js", "--method", "predict_proba")


def test_queries_are_readable_and_refuse_what_they_cannot_hold(skiff):
    needs("duckdb")
    iris, passengers = (ROOT / "examples" / name for name in ("iris-svc.joblib", "passengers.joblib"))
    query = skiff.folder / "model.sql"
    skiff.run("export", passengers, query, "--method", "predict_proba")
    text = query.read_text()
    assert "SELECT data.*, model.*\nFROM data\n" in text
    assert """COALESCE(data."fare"::float8, 'NaN'::float8) AS x""" in text and 'AS "predict_proba_1"' in text
    path = skiff.folder / "model.joblib"
    rows = np.random.default_rng(3).normal(size=(60, 2))
    joblib.dump(KNeighborsRegressor().fit(rows, rows[:, 0]), path)
    assert "error[not-exported]" in skiff.fails("export", path, query, "--force")
    # A table may have names that would end a string, and a text may have them as well.
    names = ['a"b', "c'd; --"]
    joblib.dump(DecisionTreeClassifier().fit(pd.DataFrame(rows, columns=names), np.where(rows[:, 0] > 0, "y'", 'n"')), path)
    code = source_cases.LANGUAGES["duckdb"](COMMAND, path, skiff.folder, None, "predict")
    assert set(code.run(None, {"X": rows})[0]) == {"y'", 'n"'}
    assert "some rows are refused" in skiff.fails("export", iris, query, "--force")
