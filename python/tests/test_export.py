"""`skiff.export`, `skiff export`, `skiff convert` and `skiff supported --target` write and list the same."""

import hashlib
import io
import json
import warnings

import joblib
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
import skiff
from conftest import ROOT
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, export_graphviz, export_text

X = np.random.default_rng(7).normal(size=(60, 3))
Y = np.array(["no", "yes"])[(X[:, 0] + X[:, 1] > 0).astype(int)]


@pytest.fixture
def estimator():
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)


def answers(content, method):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run([method], {"X": X})[0]


def test_an_estimator_a_model_a_path_and_bytes_are_exported(estimator, tmp_path):
    path = tmp_path / "model.joblib"
    skiff.dump(estimator, path)
    sources = [estimator, skiff.open(path), path, str(path), path.read_bytes()]
    for number, source in enumerate(sources):
        out = tmp_path / f"{number}.onnx"
        skiff.export(source, out)
        assert (answers(out.read_bytes(), "predict") == estimator.predict(X)).all()
        np.testing.assert_allclose(answers(out.read_bytes(), "predict_proba"), estimator.predict_proba(X), rtol=1e-12)


def test_methods_are_chosen(estimator, tmp_path):
    for methods in ("predict_proba", ["predict_proba"], ("predict_proba",)):
        skiff.export(estimator, tmp_path / "model.onnx", methods=methods)
        outputs = [output.name for output in onnx.load(tmp_path / "model.onnx").graph.output]
        assert outputs == ["predict_proba"]


def test_a_file_object_is_written(estimator, tmp_path):
    out = io.BytesIO()
    skiff.export(estimator, out, target="onnx")
    assert (answers(out.getvalue(), "predict") == estimator.predict(X)).all()
    with open(tmp_path / "model.onnx", "wb") as file:
        skiff.export(estimator, file)
    assert (tmp_path / "model.onnx").read_bytes() == out.getvalue()
    with pytest.raises(skiff.WrongInputError, match="expected a target"):
        skiff.export(estimator, io.BytesIO())


def test_what_is_left_out_is_said(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        machine = SVC(probability=True).fit(X, Y)
    with pytest.warns(UserWarning, match="`predict_proba` of SVC cannot be exported"):
        skiff.export(machine, tmp_path / "model.onnx")
    with pytest.raises(skiff.NotSupportedError, match="`predict_proba` of SVC cannot be exported") as raised:
        skiff.export(machine, tmp_path / "other.onnx", methods=["predict_proba"])
    assert raised.value.code == "not-exported"
    assert not (tmp_path / "other.onnx").exists()
    with pytest.raises(skiff.WrongInputError, match="`guess` is not the name of a method"):
        skiff.export(machine, tmp_path / "other.onnx", methods=["guess"])
    with pytest.raises(skiff.WrongInputError, match="expected a target"):
        skiff.export(machine, tmp_path / "other.unknown")


def test_trees_are_drawn(tmp_path):
    table = pd.DataFrame(X, columns=list("abc"))
    tree = DecisionTreeClassifier(random_state=0).fit(table, Y)
    names = {"feature_names": list("abc"), "class_names": [str(label) for label in tree.classes_]}
    out = io.BytesIO()
    skiff.export(tree, out, target="dot", max_depth=1)
    assert out.getvalue().decode() == export_graphviz(tree, filled=True, max_depth=1, **names)
    forest = RandomForestClassifier(3, random_state=0).fit(table, Y)
    joblib.dump({"model": forest}, tmp_path / "model.joblib")
    skiff.export(tmp_path / "model.joblib", tmp_path / "tree.txt", at="['model'].estimators_[2]")
    assert (tmp_path / "tree.txt").read_text() == export_text(forest.estimators_[2], **names)
    boosting = HistGradientBoostingClassifier(max_iter=2).fit(table, Y)
    joblib.dump(boosting, tmp_path / "model.joblib")
    skiff.export(tmp_path / "model.joblib", tmp_path / "tree.svg", at="_predictors[1][0]")
    assert (tmp_path / "tree.svg").read_text().startswith("<svg ")
    joblib.dump(tree, tmp_path / "model.joblib")
    assert "<svg " in skiff.open(tmp_path / "model.joblib")._repr_html_()
    with pytest.raises(skiff.NotSupportedError, match="is not one tree: draw one of those in it"):
        skiff.export(forest, tmp_path / "other.svg")
    with pytest.raises(skiff.NotSupportedError, match="a picture, which has no methods"):
        skiff.export(tree, tmp_path / "other.svg", "predict")
    with pytest.raises(skiff.WrongInputError, match="`max_depth` is for pictures"):
        skiff.export(tree, tmp_path / "other.onnx", max_depth=2)


def test_the_metadata_says_what_was_exported(tmp_path):
    path = ROOT / "examples" / "iris-svc.joblib"
    skiff.export(path, tmp_path / "model.onnx", methods="predict")
    properties = {one.key: one.value for one in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert properties["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    written_by = dict(one.split(" ") for one in skiff.inspect(path)["written_by"])
    assert written_by["scikit-learn"].startswith(properties["scikit-learn"])


def test_the_command_converts_by_extension(skiff):
    model, exported, converted = (skiff.folder / name for name in ("model.skiff", "a.onnx", "b.onnx"))
    skiff.run("convert", ROOT / "examples" / "iris-svc.joblib", model)
    skiff.run("export", model, exported, "--method", "predict")
    skiff.run("convert", model, converted, "--method", "predict")
    assert exported.read_bytes() == converted.read_bytes()
    assert skiff.fails("convert", model, converted).startswith("error[file-exists]")
    for flags in (["--compress", "xz"], ["--for", "scikit-learn==1.9.1"], ["--protocol", "4"]):
        assert skiff.fails("convert", model, converted, "--force", *flags).startswith("error[usage]")
    assert skiff.fails("convert", model, skiff.folder / "b.pkl", "--method", "predict").startswith("error[usage]")
    error = skiff.fails("export", model, skiff.folder / "c.onnx", "--method", "transform")
    assert error.startswith("error[no-such-method]") and str(model) in error


def test_what_is_supported_is_listed(skiff):
    page = (ROOT / "docs" / "export.md").read_text()
    assert page.endswith(skiff.run("supported", "--target", "onnx"))
    listed = json.loads(skiff.run("supported", "--target", "onnx", "--format", "json"))
    assert "predict" in listed["RandomForestClassifier"]
    assert skiff.fails("supported", "--target", "cobol")


def test_python_lists_the_same(skiff):
    import skiff as package

    assert package.supported(target="onnx") == json.loads(skiff.run("supported", "--target", "onnx", "--format", "json"))
    with pytest.raises(package.WrongInputError, match="is not a target"):
        package.supported(target="cobol")
