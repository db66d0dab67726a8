"""Model folders exchanged with a real MLflow: `cargo xtask peers mlflow`.

`mlflow.sklearn` writes folders that skiff opens, and MLflow loads and serves what skiff writes, in processes in which
scikit-learn cannot be imported.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
import pytest
import skiff
import skiff.mlflow
from conftest import COMMAND
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

X, Y = load_iris(return_X_y=True, as_frame=True)
MIXED = pd.DataFrame({"color": ["red", "green", "blue", "red"] * 5, "size": np.arange(20.0), "flag": [True, False] * 10})
LABELS = ["yes", "no", "no", "yes"] * 5

MODELS = {
    "svc": (make_pipeline(StandardScaler(), SVC()).fit(X, Y), X),
    "forest": (RandomForestClassifier(10, random_state=0).fit(X.to_numpy(), Y), X.to_numpy()),
    "mixed": (
        make_pipeline(
            make_column_transformer((OneHotEncoder(), ["color"]), remainder="passthrough"), LogisticRegression()
        ).fit(MIXED, LABELS),
        MIXED,
    ),
}

#: Makes importing scikit-learn an error.
WITHOUT_SCIKIT_LEARN = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "sklearn":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Without())
"""


@pytest.fixture
def without_scikit_learn(tmp_path, monkeypatch):
    """The environment of processes that have no scikit-learn."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(WITHOUT_SCIKIT_LEARN)
    # `mlflow models serve` starts `uvicorn` by its name.
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    tracking = f"sqlite:///{tmp_path}/mlflow.db"
    return {**os.environ, "PYTHONPATH": str(folder), "PATH": path, "MLFLOW_TRACKING_URI": tracking}


@pytest.mark.parametrize("form", ["pickle", "cloudpickle", "skops"])
@pytest.mark.parametrize("name", MODELS)
def test_skiff_opens_what_mlflow_writes(name, form, tmp_path):
    model, rows = MODELS[name]
    folder = tmp_path / "folder"
    signature = infer_signature(rows, model.predict(rows))
    # MLflow 3 refuses trees as skops unless told to trust them.
    trusted = {"skops_trusted_types": ["sklearn.tree._tree.Tree"]} if (name, form) == ("forest", "skops") else {}
    mlflow.sklearn.save_model(
        model, folder, serialization_format=form, signature=signature, pip_requirements=["scikit-learn"], **trusted
    )
    opened = skiff.open(folder)
    assert np.array_equal(opened.predict(rows), model.predict(rows))
    shown = skiff.inspect(folder)["mlflow"]
    if isinstance(rows, pd.DataFrame):
        assert [part.split(": ")[0] for part in shown["inputs"].split(", ")] == list(rows.columns)
    else:
        assert shown["inputs"] == "float64 (-1, 4)"
    assert shown.get("ignored") == ("its list of trusted types" if trusted else None)


def asked(code, environment, *arguments):
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


LOAD = """
import json, sys, mlflow.pyfunc, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
rows = pd.read_pickle(sys.argv[2])
print(json.dumps(model.predict(rows).tolist()))
assert "sklearn" not in sys.modules
"""


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
@pytest.mark.parametrize("name", ["forest", "mixed"])
def test_mlflow_loads_what_skiff_writes(name, method, tmp_path, without_scikit_learn):
    model, rows = MODELS[name]
    skiff.mlflow.save_model(model, tmp_path / "folder", method=method)
    pd.to_pickle(rows, tmp_path / "rows.pkl")
    found = asked(LOAD, without_scikit_learn, tmp_path / "folder", tmp_path / "rows.pkl")
    assert found == getattr(skiff.open(tmp_path / "folder"), method)(rows).tolist()
    assert np.allclose(found, getattr(model, method)(rows)) if method != "predict" else found == list(model.predict(rows))


def test_signatures_are_enforced(tmp_path):
    model, rows = MODELS["svc"]
    skiff.mlflow.save_model(model, tmp_path / "folder", signature=infer_signature(rows, model.predict(rows)))
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "folder"))
    assert [column.name for column in loaded.metadata.signature.inputs] == list(rows.columns)
    assert np.array_equal(loaded.predict(rows), model.predict(rows))
    with pytest.raises(mlflow.exceptions.MlflowException):
        loaded.predict(rows.drop(columns=rows.columns[0]))


def test_models_are_logged_and_registered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    model, rows = MODELS["svc"]
    with mlflow.start_run():
        logged = skiff.mlflow.log_model(model, name="model", registered_model_name="flowers")
    for uri in (logged.model_uri, "models:/flowers/1"):
        assert np.array_equal(mlflow.pyfunc.load_model(uri).predict(rows), model.predict(rows))


def test_mlflow_serves_what_skiff_writes(tmp_path, without_scikit_learn):
    model, rows = MODELS["mixed"]
    skiff.mlflow.save_model(model, tmp_path / "folder", method="predict_proba")
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", tmp_path / "folder", "--env-manager", "local"]
    port = 18000 + os.getpid() % 1000
    process = subprocess.Popen(
        [*map(str, command), "--port", str(port)],
        env=without_scikit_learn,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        body = json.dumps({"dataframe_split": rows.to_dict(orient="split")}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/invocations", data=body, headers={"Content-Type": "application/json"}
        )
        found = None
        for _ in range(120):
            try:
                with urllib.request.urlopen(request, timeout=10) as reply:
                    found = json.load(reply)["predictions"]
                break
            except urllib.error.HTTPError as error:
                raise AssertionError(error.read().decode()) from error
            except OSError:
                time.sleep(0.5)
        assert found == skiff.open(tmp_path / "folder").predict_proba(rows).tolist()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def test_a_registry_is_imported(tmp_path, monkeypatch):
    # MLflow asks for a database, unless told otherwise.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    store, registry = tmp_path / "mlruns", tmp_path / "registry"
    mlflow.set_tracking_uri(store.as_uri())
    mlflow.set_registry_uri(store.as_uri())
    for seed in (0, 0, 1):
        model = RandomForestClassifier(10, random_state=seed).fit(X, Y)
        with mlflow.start_run():
            mlflow.sklearn.log_model(model, name="model", registered_model_name="iris", serialization_format="cloudpickle")
    client = mlflow.MlflowClient()
    client.set_registered_model_alias("iris", "production", 2)
    client.update_model_version("iris", "3", description="another seed")

    def command(*words):
        return subprocess.run([COMMAND, "registry", *map(str, words)], check=True, capture_output=True, text=True).stdout

    command("init", registry)
    command("import", store, registry)
    (listed,) = json.loads(command("list", registry, "--format", "json"))
    assert listed == {"model": "iris", "versions": [1, 2, 3], "aliases": {"production": 2}}
    for version in (1, 2, 3):
        command("pull", f"{registry}/iris:{version}", tmp_path / "pulled")
        expected = mlflow.sklearn.load_model(f"models:/iris/{version}").predict_proba(X)
        assert np.array_equal(skiff.open(tmp_path / "pulled").predict_proba(X), expected)
        os.remove(tmp_path / "pulled")
    assert "another seed" in command("show", f"{registry}/iris")
