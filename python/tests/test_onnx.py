"""Every recorded case of the newest scikit-learn that `skiff export` writes as ONNX: onnxruntime answers as scikit-learn
did, from the file alone."""

import warnings

import numpy as np
import onnx
import onnx_cases
import onnxruntime
import pytest
from conftest import COMMAND, ROOT
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import skiff as package


def test_the_command_writes_valid_files(skiff):
    path, out = ROOT / "examples" / "iris-svc.joblib", skiff.folder / "iris.onnx"
    skiff.run("export", path, out)
    model = onnx.load(out)
    onnx.checker.check_model(model, full_check=True)
    assert {output.name for output in model.graph.output} >= {"predict", "decision_function"}
    assert skiff.fails("export", path, out).startswith("error[file-exists]")
    assert skiff.fails("export", path, skiff.folder / "iris.unknown").startswith("error[usage]")
    assert skiff.fails("export", path, skiff.folder / "b.onnx", "--method", "predict_proba,predict")


@pytest.mark.parametrize("family", onnx_cases.families())
def test_onnxruntime_answers_as_scikit_learn(family, tmp_path):
    failures = []
    for call, _, _, _, differs in onnx_cases.outcomes(COMMAND, family, tmp_path):
        if differs and not onnx_cases.is_known(call):
            failures.append(f"{call.name}: {differs}")
    assert not failures, "\n".join(failures[:50])


@pytest.mark.parametrize("version", onnx_cases.OLDER)
def test_older_files_are_exported_as_they_are(version, tmp_path):
    failures, calls = [], 0
    for call, _, _, _, differs in onnx_cases.outcomes_of(COMMAND, onnx_cases.spread(version, 12), tmp_path):
        calls += 1
        if differs and not onnx_cases.is_known(call):
            failures.append(f"{call.name}: {differs}")
    assert calls and not failures, "\n".join(failures)


ROWS, LABELS = make_classification(200, 6, n_informative=4, n_classes=3, random_state=0)
ROWS = ROWS.astype(np.float32)
MODELS = {
    "linear": make_pipeline(StandardScaler(), LogisticRegression()),
    "tree": DecisionTreeClassifier(random_state=0),
    "forest": RandomForestClassifier(20, random_state=0),
    "boosting": GradientBoostingClassifier(n_estimators=10, random_state=0),
    "histogram": HistGradientBoostingClassifier(max_iter=10),
    "support vectors": SVC(),
    "network": MLPClassifier(max_iter=20, random_state=0),
    "neighbors": KNeighborsClassifier(),
}
METHODS = {"support vectors": ["predict", "decision_function"]}


def onnx_of(name, tmp_path, **form):
    """What onnxruntime answers from the file, what scikit-learn does, and what skiff warns of."""
    model = MODELS[name].fit(ROWS, LABELS)
    methods = METHODS.get(name, ["predict", "predict_proba"])
    with pytest.warns(UserWarning) as warned:
        package.export(model, tmp_path / "model.onnx", methods, **form)
    onnx.checker.check_model(onnx.load(tmp_path / "model.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    kind = np.float32 if "float" == session.get_inputs()[0].type[7:-1] else np.float64
    answers = dict(zip(methods, session.run(methods, {session.get_inputs()[0].name: ROWS.astype(kind)})))
    return answers, {method: getattr(model, method)(ROWS) for method in methods}, [str(one.message) for one in warned]


@pytest.mark.parametrize("classes", [2, 3])
def test_boosting_has_every_bit(classes, tmp_path):
    """Classes that are equally frequent have equal scores, of which a last bit would choose."""
    rows = ROWS[:198]
    model = GradientBoostingClassifier(n_estimators=10, random_state=0).fit(rows, np.arange(len(rows)) % classes)
    for method in ("decision_function", "staged_decision_function", "staged_predict"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            package.export(model, tmp_path / "model.onnx", [method])
        found = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, {"X": rows.astype(np.float64)})
        expected = [*getattr(model, method)(rows)] if "staged" in method else [model.decision_function(rows)]
        for stage, (have, want) in enumerate(zip(found, expected, strict=True)):
            np.testing.assert_array_equal(have, want, f"{method}, stage {stage}")


@pytest.mark.parametrize("opset", [13, 17, 18, 21])
@pytest.mark.parametrize("name", MODELS)
def test_float32(name, opset, tmp_path):
    found, expected, warned = onnx_of(name, tmp_path, float32=True, opset=opset)
    assert any("float32" in what for what in warned)
    for method, answer in expected.items():
        if answer.dtype.kind == "f":
            assert found[method].dtype == np.float32
            np.testing.assert_allclose(found[method], answer, rtol=1e-3, atol=1e-4)
        else:
            np.testing.assert_array_equal(found[method], answer)


@pytest.mark.parametrize("name", ["tree", "forest", "boosting", "histogram"])
def test_trees_of_older_operators(name, tmp_path):
    found, expected, warned = onnx_of(name, tmp_path, opset=17)
    assert any("leaves are float32" in what for what in warned)
    np.testing.assert_array_equal(found["predict"], expected["predict"])
    np.testing.assert_allclose(found["predict_proba"], expected["predict_proba"], rtol=1e-6)
    assert found["predict_proba"].dtype == np.float64


def test_forms_that_cannot_be(tmp_path):
    model = LogisticRegression().fit(ROWS, LABELS)
    with pytest.raises(package.SkiffError, match="between 13 and 21, found 12"):
        package.export(model, tmp_path / "model.onnx", opset=12)
    with pytest.raises(package.SkiffError, match="for ONNX, not for `c`"):
        package.export(model, tmp_path / "model.c", float32=True)
    with pytest.raises(package.SkiffError, match="for ONNX, not for `svg`"):
        package.export(model, tmp_path / "model.svg", float32=True)
    model.coef_ = model.coef_.astype(float) * 1e200
    with pytest.raises(package.SkiffError, match="which float32 has not"):
        package.export(model, tmp_path / "model.onnx", float32=True)
    rows = np.column_stack([ROWS, np.arange(len(ROWS)) % 5])
    categories = HistGradientBoostingClassifier(categorical_features=[6], max_iter=10).fit(rows, (rows[:, 6] % 2).astype(int))
    with pytest.raises(package.SkiffError, match="trees with categories"):
        package.export(categories, tmp_path / "model.onnx", opset=17)
    assert not list(tmp_path.iterdir())
