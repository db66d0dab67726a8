"""Models as source code answer as scikit-learn did: recorded cases, compiled by `cc` or run by Python."""

import shutil

import joblib
import numpy as np
import onnx_cases
import pandas as pd
import pytest
import source_cases
from conftest import COMMAND, ROOT
from sklearn.tree import DecisionTreeClassifier

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


#: What would end a comment or a string.
NAMES = ["a */ int b;", '"""', "c\nd", "e\\", "f\0", "g??/", "\u2028h", 'é"']


@pytest.mark.parametrize("language", ["c", "python"])
def test_names_and_labels_are_data(language, tmp_path):
    rows = np.random.default_rng(3).normal(size=(200, len(NAMES)))
    labels = np.array([name.replace("\0", "") for name in NAMES], object)[np.abs(rows).argmax(axis=1)]
    estimator = DecisionTreeClassifier(random_state=0).fit(pd.DataFrame(rows, columns=NAMES), labels)
    joblib.dump(estimator, tmp_path / "model.joblib")
    code = source_cases.LANGUAGES[language](COMMAND, tmp_path / "model.joblib", tmp_path, None, "predict")
    (found,) = code.run(None, {"X": rows})
    assert (found == estimator.predict(pd.DataFrame(rows, columns=NAMES))).all()


def test_a_zero_in_a_label_is_refused_in_c(skiff):
    rows = np.arange(8.0)[:, None]
    joblib.dump(DecisionTreeClassifier().fit(rows, ["a\0b"] * 4 + ["a"] * 4), skiff.folder / "model.joblib")
    error = skiff.fails("export", skiff.folder / "model.joblib", skiff.folder / "model.c", "--method", "predict")
    assert error.startswith("error[not-exported]") and "zero" in error
    skiff.run("export", skiff.folder / "model.joblib", skiff.folder / "model.py", "--method", "predict")
