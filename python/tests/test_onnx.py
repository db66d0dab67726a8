"""Every recorded case of the newest scikit-learn that `skiff export` writes as ONNX: onnxruntime answers as scikit-learn
did, from the file alone."""

import onnx
import onnx_cases
import pytest
from conftest import COMMAND, ROOT


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
