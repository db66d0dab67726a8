"""Models as source code answer as scikit-learn did: recorded cases, compiled by `cc` or run by Python."""

import shutil

import onnx_cases
import pytest
import source_cases
from conftest import COMMAND, ROOT

#: A selection: `cargo xtask peers c` and `cargo xtask peers python` ask all.
SELECTION = {
    "c": ["calibration", "cluster", "compose", "impute", "neural_network"],
    "python": ["compose", "ensemble", "impute", "neighbors", "preprocessing", "svm", "tree"],
}


@pytest.mark.parametrize("language, family", [(one, family) for one, all in SELECTION.items() for family in all])
def test_code_answers_as_scikit_learn(language, family, tmp_path):
    if language == "c" and not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    failures, calls = [], 0
    for call, _, _, _, differs in onnx_cases.outcomes(COMMAND, family, tmp_path, source_cases.LANGUAGES[language]):
        calls += 1
        if differs and not onnx_cases.is_known(call):
            failures.append(f"{call.name}: {differs}")
    assert calls and not failures, "\n".join(failures[:50])


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
