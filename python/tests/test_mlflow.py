"""MLflow's model folders, without MLflow: recorded ones, and those that skiff writes. `mlflow_cases.py` asks MLflow."""

import json
import urllib.request

import numpy as np
import pandas as pd
import pytest
import skiff
import skiff.mlflow
from conftest import ROOT, Skiff
from servers import serving
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

RECORDED = ROOT / "crates" / "skiff" / "tests" / "data" / "mlflow"
ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [5.9, 3.0, 4.2, 1.5]]
LABELS = [0, 2, 1]


@pytest.mark.parametrize("name", ["pickle", "skops"])
def test_recorded_folders(name):
    folder = RECORDED / name
    rows = pd.DataFrame(ROWS, columns=["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"])
    assert skiff.open(folder).predict(ROWS).tolist() == LABELS
    assert skiff.mlflow.load_model(folder).predict(ROWS).tolist() == LABELS
    assert skiff.load(folder).predict(rows).tolist() == LABELS
    mlflow = skiff.inspect(folder)["mlflow"]
    assert mlflow["flavors"] == "python_function, sklearn" and mlflow["outputs"] == "int64 (-1)"
    assert mlflow["inputs"].startswith("sepal length (cm): double, ")
    verdicts = {verdict["file"].rsplit("/", 1)[-1]: verdict["verdict"] for verdict in skiff.scan(folder)}
    assert verdicts["MLmodel"] == "model"


def test_the_command_reads_and_writes_folders(tmp_path):
    command = Skiff(tmp_path)
    folder = tmp_path / "folder"
    command.run("convert", RECORDED / "skops", folder, "--to", "mlflow", "--method", "decision_function")
    assert "predict_fn: decision_function" in (folder / "MLmodel").read_text()
    for one in (folder, RECORDED / "pickle"):
        assert command.call(one, "predict", np.array(ROWS)).tolist() == LABELS
    shown = command.run("inspect", RECORDED / "pickle")
    assert "\nMLflow:\n  flavors: python_function, sklearn\n" in shown and "  inputs: sepal length (cm): double" in shown
    assert json.loads(command.run("inspect", folder, "--format", "json"))["mlflow"]["flavors"] == "python_function"
    assert "model      " in command.run("scan", RECORDED / "pickle")
    command.fails("convert", RECORDED / "skops", folder, "--to", "mlflow")


def test_estimators_and_files_are_saved(tmp_path):
    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(X, y)
    skiff.mlflow.save_model(model, tmp_path / "estimator", method="predict_proba")
    expected = skiff.open(skiff.dumps(model)).predict_proba(X)
    assert skiff.open(tmp_path / "estimator").predict_proba(X).tolist() == expected.tolist()
    skiff.mlflow.save_model(ROOT / "examples" / "passengers.skiff", tmp_path / "file")
    assert skiff.verify(tmp_path / "file")
    assert skiff.inspect(tmp_path / "file")["passport"]["author"] == "the authors of skiff"
    with pytest.raises(FileExistsError):
        skiff.mlflow.save_model(model, tmp_path / "file")
    with pytest.raises(skiff.WrongInputError):
        skiff.mlflow.save_model(model, tmp_path / "other", method="transmogrify")
    with pytest.raises(TypeError):
        skiff.mlflow.save_model(skiff.open(tmp_path / "file"), tmp_path / "other")


def test_folders_are_served(tmp_path):
    skiff.mlflow.save_model(RECORDED / "pickle", tmp_path / "versions" / "flowers" / "2")
    with serving(RECORDED, tmp_path / "versions", grpc=False) as addresses:
        for name in ("pickle", "skops", "flowers"):
            request = urllib.request.Request(
                f"http://{addresses['http']}/models/{name}/invocations",
                data=json.dumps({"inputs": ROWS}).encode(),
                headers={"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request) as reply:
                assert json.load(reply) == {"predictions": LABELS}
        with urllib.request.urlopen(f"http://{addresses['http']}/models/skops") as reply:
            assert b"<tr><th>outputs</th><td>int64 (-1)</td></tr>" in reply.read()
