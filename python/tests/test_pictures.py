"""Pictures of trees are those of scikit-learn's `export_graphviz` and `export_text`; others are well-formed and safe."""

import re
import subprocess
import xml.etree.ElementTree

import joblib
import numpy as np
import pandas as pd
import pytest
import recorded
from conftest import COMMAND
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.ensemble._forest import ForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
    export_graphviz,
    export_text,
)

#: Those whose estimators are fitted to numbers of classes.
ENCODING = (ForestClassifier, BaggingClassifier, StackingClassifier, VotingClassifier)
FLOWERS = ["setosa <&>", 'versi"color', "virginica"]


def names_of(estimator):
    """The names that scikit-learn's functions are to write: those of the estimator itself."""
    classes = getattr(estimator, "classes_", None)
    is_one = getattr(estimator, "n_outputs_", 1) == 1
    return {
        "feature_names": getattr(estimator, "feature_names_in_", None),
        "class_names": [str(name) for name in classes] if classes is not None and is_one else None,
    }


def pictured(skiff, path, extension, *arguments):
    out = skiff.folder / f"picture.{extension}"
    skiff.run("export", path, out, "--force", *arguments)
    return out.read_text()


def assert_same(skiff, path, tree, names, *arguments, max_depth=None):
    """Both pictures are those of scikit-learn, whose text calls classes by `classes_`."""
    depth = [] if max_depth is None else ["--max-depth", max_depth]
    dot = export_graphviz(tree, filled=True, max_depth=max_depth, **names)
    assert pictured(skiff, path, "dot", *depth, *arguments) == dot, path
    text = export_text(tree, **({} if max_depth is None else {"max_depth": max_depth}), **names)
    assert pictured(skiff, path, "txt", *depth, *arguments) == text, path


def is_drawn_by_scikit_learn(tree):
    # The colors of several outputs lie between the least and the greatest impurity.
    return tree.tree_.n_outputs == 1 or np.ptp(tree.tree_.impurity) > 0


@recorded.each_family
def test_recorded_trees_are_drawn_as_by_scikit_learn(family, skiff):
    if family not in ("tree", "ensemble", "ensemble-2", "multioutput"):
        pytest.skip("no trees")
    count = 0
    for path in recorded.models(family):
        estimator = joblib.load(path)
        trees = [((), estimator)]
        members = getattr(estimator, "estimators_", [])
        for at, tree in enumerate((members.ravel() if isinstance(members, np.ndarray) else members)[:2]):
            trees.append((("--at", f"estimators_[{at}]"), tree))
        for arguments, tree in trees:
            if not isinstance(tree, (DecisionTreeClassifier, DecisionTreeRegressor)) or not is_drawn_by_scikit_learn(tree):
                continue
            names = names_of(tree)
            if arguments and hasattr(estimator, "feature_names_in_"):
                names["feature_names"] = estimator.feature_names_in_
            if arguments and isinstance(estimator, ENCODING):
                names["class_names"] = names_of(estimator)["class_names"]
            assert_same(skiff, path, tree, names, *arguments)
            assert_same(skiff, path, tree, names, *arguments, max_depth=1)
            xml.etree.ElementTree.fromstring(pictured(skiff, path, "svg", *arguments))
            count += 1
    assert count or family not in ("tree", "ensemble")


def table(width=4, rows=300, seed=5):
    random = np.random.default_rng(seed)
    return pd.DataFrame(random.normal(size=(rows, width)) * 10 ** np.arange(width), columns=[f"a {at}" for at in range(width)])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", [DecisionTreeClassifier, ExtraTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor])
def test_trees_of_every_kind(kind, weighted, skiff):
    X = table()
    random = np.random.default_rng(1)
    weights = random.uniform(size=len(X)) if weighted else None
    flowers = np.array(FLOWERS, object)
    targets = {
        "labels": flowers[np.digitize(X["a 0"], [-0.5, 0.5])],
        "numbers": np.digitize(X["a 1"], [0]) * 10,
        "many": random.integers(0, 40, len(X)),
        "several": np.c_[np.digitize(X["a 0"], [-1, 1]), np.digitize(X["a 1"], [0])],
        "one": np.zeros(len(X), int),
    }
    if "Regressor" in kind.__name__:
        targets = {"values": X["a 3"] * 1e13, "small": X["a 0"] * 1e-5, "several": X[["a 0", "a 2"]].to_numpy(), "one": np.ones(len(X))}
    path = skiff.folder / "tree.joblib"
    for y in targets.values():
        tree = kind(random_state=0, max_depth=12, min_samples_leaf=2).fit(X, y, sample_weight=weights)
        joblib.dump(tree, path)
        assert_same(skiff, path, tree, names_of(tree))
        assert_same(skiff, path, tree, names_of(tree), max_depth=0)
        # Rows of numbers have no names.
        tree = kind(random_state=0, max_depth=3).fit(X.to_numpy(), y, sample_weight=weights)
        joblib.dump(tree, path)
        assert_same(skiff, path, tree, names_of(tree), max_depth=2)


def test_long_arrays_are_shortened_as_numpy_does(skiff):
    X = table(rows=4000)
    path = skiff.folder / "tree.joblib"
    tree = DecisionTreeClassifier(max_depth=1).fit(X, np.arange(len(X)) % 1500)
    joblib.dump(tree, path)
    assert_same(skiff, path, tree, names_of(tree))
    tree = DecisionTreeRegressor(max_depth=1).fit(X, np.random.default_rng(0).normal(size=(len(X), 1200)))
    joblib.dump(tree, path)
    assert_same(skiff, path, tree, names_of(tree))


def test_names_come_from_the_estimators_around(skiff):
    X = table()
    y = np.array(FLOWERS, object)[np.digitize(X["a 0"], [-0.5, 0.5])]
    path = skiff.folder / "model.joblib"
    names = {"feature_names": X.columns, "class_names": sorted(FLOWERS)}

    forest = RandomForestClassifier(3, max_depth=3, random_state=0).fit(X, y)
    joblib.dump(forest, path)
    assert_same(skiff, path, forest.estimators_[2], names, "--at", "estimators_[2]")
    joblib.dump({"model": make_pipeline(StandardScaler(), forest).fit(X, y)}, path)
    names = {**names, "feature_names": StandardScaler().fit(X).get_feature_names_out()}
    assert_same(skiff, path, forest.estimators_[1], names, "--at", "['model'].steps[1][1].estimators_[1]")

    boosting = GradientBoostingClassifier(n_estimators=2, random_state=0).fit(X, y)
    joblib.dump(boosting, path)
    only = {"feature_names": X.columns}
    assert_same(skiff, path, boosting.estimators_[1, 2], only, "--at", "estimators_[5]")

    bagging = BaggingClassifier(max_features=3, n_estimators=2, random_state=1).fit(X, y)
    joblib.dump(bagging, path)
    chosen = {**names, "feature_names": X.columns[bagging.estimators_features_[1]]}
    assert_same(skiff, path, bagging.estimators_[1], chosen, "--at", "estimators_[1]")

    frame = X.assign(kind=np.where(X["a 1"] > 0, "b", "c"))
    encoder = make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough")
    pipeline = make_pipeline(encoder, DecisionTreeClassifier(max_depth=3)).fit(frame, y)
    joblib.dump(pipeline, path)
    encoded = {**names, "feature_names": encoder.get_feature_names_out()}
    assert_same(skiff, path, pipeline[-1], encoded, "--at", "steps[-1][1]")


def test_trees_of_histogram_boosting(skiff):
    X = table().assign(kind=pd.Categorical(np.random.default_rng(0).choice(["b", "c", "d"], 300)))
    y = X["a 0"] + X["kind"].map({"b": 5, "c": -5, "d": 0}).astype(float)
    path = skiff.folder / "model.joblib"
    boosting = HistGradientBoostingRegressor(max_iter=2, max_leaf_nodes=4, categorical_features="from_dtype").fit(X, y)
    joblib.dump(boosting, path)
    nodes = boosting._predictors[1][0].nodes
    at = ["--at", "_predictors[1][0]"]
    dot = pictured(skiff, path, "dot", *at)
    counts = [int(count) for count in re.findall(r"samples = (\d+)", dot)]
    assert sorted(counts) == sorted(nodes["count"])
    splits = nodes[nodes["is_leaf"] == 0]
    names = ["kind", *[f"a {at}" for at in range(4)]]
    for split in splits:
        assert f'label="{names[split["feature_idx"]]} {"in" if split["is_categorical"] else "<="} ' in dot
    assert " in {" in dot and "gain = " in dot
    for value in nodes["value"][nodes["is_leaf"] == 1]:
        assert f"value = {np.around(value, 3)}" in dot
    assert "|--- kind in {" in pictured(skiff, path, "txt", *at) and "|--- kind not in {" in pictured(skiff, path, "txt", *at)
    xml.etree.ElementTree.fromstring(pictured(skiff, path, "svg", *at))
    assert '`--at "_predictors[0][0]"`' in skiff.fails("export", path, skiff.folder / "x.svg")


def test_composite_estimators_are_boxes_in_boxes(skiff):
    frame = table().assign(kind="b")
    encoder = make_column_transformer((OneHotEncoder(), ["kind"]), (StandardScaler(), ["a 0"]))
    pipeline = make_pipeline(encoder, LogisticRegression(C=0.5)).fit(frame, frame["a 1"] > 0)
    path = skiff.folder / "model.joblib"
    joblib.dump(pipeline, path)
    svg = pictured(skiff, path, "svg")
    boxes = xml.etree.ElementTree.fromstring(svg).findall("{*}rect")
    x, y, width, height = (np.array([float(box.get(name)) for box in boxes]) for name in ("x", "y", "width", "height"))
    # The pipeline, the column transformer with two transformers, the regression.
    assert len(boxes) == 5
    assert (x[0] < x[1:]).all() and (x[0] + width[0] > x[1:] + width[1:]).all() and (y[0] + height[0] > y[1:] + height[1:]).all()
    assert y[2] == y[3] and x[2] + width[2] < x[3] and y[4] > y[1] + height[1]
    assert "columntransformer: ColumnTransformer" in svg and "C=0.5" in svg
    assert "has no trees" in skiff.fails("export", path, skiff.folder / "x.dot")


def test_what_cannot_be_drawn_is_refused_with_what_can(skiff):
    X = table()
    path = skiff.folder / "model.joblib"
    joblib.dump(SVC().fit(X, X["a 0"] > 0), path)
    for extension in ("dot", "svg", "txt"):
        assert "SVC has no trees" in skiff.fails("export", path, skiff.folder / f"x.{extension}")
    joblib.dump(make_pipeline(StandardScaler(), RandomForestClassifier(4)).fit(X, X["a 0"] > 0), path)
    failure = skiff.fails("export", path, skiff.folder / "x.dot")
    assert 'Pipeline is not one tree: draw one of those in it with `--at "steps[1][1].estimators_[0]"`' in failure
    assert "a picture, which has no methods" in skiff.fails("convert", path, skiff.folder / "x.dot", "--method", "predict")
    assert "`--max-depth` is for pictures" in skiff.fails("export", path, skiff.folder / "x.onnx", "--max-depth", 2)
    assert "has no methods" in skiff.fails("supported", "--target", "dot")


def test_names_are_data(skiff):
    names = ['a" -> 1', "<script>alert(1)</script>", "e\\", "f\0\x1b[31m", "]]>", "g\nh", "&amp;", "\uffff"]
    rows = np.random.default_rng(3).normal(size=(400, len(names)))
    labels = np.array(names, object)[np.abs(rows).argmax(axis=1)]
    path = skiff.folder / "model.joblib"
    joblib.dump(DecisionTreeClassifier(random_state=0).fit(pd.DataFrame(rows, columns=names), labels), path)
    svg = pictured(skiff, path, "svg")
    assert "<script" not in svg
    found = "".join(xml.etree.ElementTree.fromstring(svg).itertext())
    assert "class = <script>alert(1)</script>" in found and "class = &amp;" in found
    dot = pictured(skiff, path, "dot")
    strings = re.sub(r'"(\\.|[^"\\])*"', "S", dot)
    for line in strings.splitlines()[3:-1]:
        assert re.fullmatch(r"\d+ \[label=S, fillcolor=S\] ;|\d+ -> \d+( \[labeldistance=2.5, labelangle=-?45, headlabel=S\])? ;", line), line
    text = pictured(skiff, path, "txt")
    assert all(line.startswith("|") for line in text.splitlines()) and "\x1b" not in text and "\0" not in text


def test_large_trees_are_cut(skiff):
    rows = np.random.default_rng(3).normal(size=(60_000, 3))
    path = skiff.folder / "model.joblib"
    tree = DecisionTreeRegressor().fit(rows, np.random.default_rng(4).normal(size=len(rows)))
    assert tree.tree_.node_count > 100_000
    joblib.dump(tree, path)
    for extension in ("dot", "svg"):
        out = skiff.folder / f"x.{extension}"
        done = subprocess.run([COMMAND, "export", path, out], capture_output=True, text=True)
        assert done.returncode == 0 and "a greater `--max-depth` draws more" in done.stderr
        depth = int(re.search(r"to a depth of (\d+) only", done.stderr)[1])
        cut = out.read_text()
        assert len(cut) < 1_000_000
        assert pictured(skiff, path, extension, "--max-depth", depth) == cut
    assert pictured(skiff, path, "dot", "--max-depth", 1000).count("samples = ") == tree.tree_.node_count
    assert pictured(skiff, path, "txt") == export_text(tree)
