"""The commands and the Python in `docs/` run as written there, block after block."""

import base64
import hashlib
import io
import os
import pathlib
import pickle
import re
import shutil
import subprocess
import sys
import types

import joblib
import numpy as np
import pandas as pd
import pytest
import skiff
from conftest import COMMAND, ROOT
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

X, Y = load_iris(return_X_y=True)
Y = Y > 0

# What the pages leave to the reader.
STAND_INS = """
set -e
curl() { cat model.joblib; }
less() { cat; }
"""
RECIPIENT = "$(sed -n 's/# public key: //p' identity.txt)"


class Clipper:
    """A reader's own class."""


class Call:
    def __reduce__(self):
        return os.system, ("true",)


class Artifact:
    """An artifact as W&B's package has it, without its server; `cargo xtask peers wandb` has real manifests."""

    def __init__(self, version, aliases):
        self.version, self.aliases, self.manifest = version, aliases, self

    def download(self, root):
        root.mkdir(parents=True)
        shutil.copy("model.joblib", root)
        return str(root)

    def to_manifest_json(self):
        model = pathlib.Path("model.joblib").read_bytes()
        digest = base64.b64encode(hashlib.md5(model).digest()).decode()
        return {"version": 1, "contents": {"model.joblib": {"digest": digest, "size": len(model)}}}


def blocks(page):
    """The language and the text of each block of code."""
    text = (ROOT / "docs" / page).read_text()
    return re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def run(script, folder):
    """Standard output of a script of bash."""
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", STAND_INS + script], cwd=folder, capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the pages name."""
    monkeypatch.chdir(tmp_path)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    pathlib.Path("model.pkl").write_bytes(pickle.dumps(model))
    pathlib.Path("old.pkl").write_bytes(pickle.dumps(model))
    skiff.dump(model, "model.joblib")
    skiff.dump({"model": model, "scaler": model[0]}, "models.skiff")
    np.savetxt("rows.csv", X, delimiter=",", header="a,b,c,d", comments="")
    pathlib.Path("train.parquet").write_bytes(b"rows")
    pathlib.Path("train.py").write_text("# how it was made")
    return tmp_path


@pytest.mark.parametrize("page", ["convert.md", "encrypt.md", "export.md", "format.md", "mlflow.md", "passport.md", "python.md", "registry.md", "sign.md"])
def test_the_blocks_of_a_page_run_one_after_the_other(page, folder, monkeypatch):
    model = skiff.load("model.pkl")
    if page in ("encrypt.md", "sign.md"):
        skiff.dump(model, "model.skiff")
    elif page == "convert.md":
        os.remove("model.joblib")
    elif page == "export.md":
        joblib.dump(DecisionTreeClassifier(random_state=0).fit(X, Y), "tree.joblib")
        joblib.dump(RandomForestClassifier(5, random_state=0).fit(X, Y), "forest.joblib")
        joblib.dump(model, "pipeline.joblib")
    names = {
        "skiff": skiff,
        "hashlib": hashlib,
        "estimator": model,
        "model": model,
        "X": X,
        "X_train": X,
        "y_train": Y,
        "X_test": X,
        "file": io.BytesIO(),
        "mypkg": types.SimpleNamespace(clean=abs),
        "Clipper": Clipper,
        "__file__": "train.py",
    }
    api = types.SimpleNamespace(artifacts=lambda *_: [Artifact("v1", ["v1", "latest"]), Artifact("v0", ["best", "v0"])])
    monkeypatch.setitem(sys.modules, "wandb", types.SimpleNamespace(Api=lambda: api))
    ran = 0
    for language, block in blocks(page):
        if language == "python":
            exec(compile(block, page, "exec"), names)
        # Chains of certificates are tested where there are some, in `skiff-sign`.
        elif (language == "sh" or block.startswith("skiff ")) and "--certificate" not in block:
            run(block.replace("--recipient age1…", f"--recipient {RECIPIENT}"), folder)
        else:
            continue
        ran += 1
    assert ran
    if page == "registry.md":
        said = run("skiff registry init imported; skiff registry import artifacts imported", folder)
        assert "churn:2  W&B's version v1" in said and "churn@best  - -> 1" in said and "churn@latest  - -> 2" in said
    if page == "format.md":
        skiff.dump(model, "plain.skiff")
        assert np.array_equal(names["skiff_arrays"]("plain.skiff").predict(X), model.predict(X))


SCALE = dict(re.findall(r"^## (\w+)[^\n]*\n(.*?)(?=^## )", (ROOT / "docs" / "scale.md").read_text(), re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("engine, package", [
    ("Polars", "polars"), ("DuckDB", "duckdb"), ("pandas", "dask"), ("Spark", "pyspark"), ("Ray", "ray"), ("The", None)
])
def test_models_predict_in_engines_as_shown(engine, package, folder, monkeypatch):
    """Spark and Ray where they are installed, as `cargo xtask peers` does."""
    if package is not None:
        pytest.importorskip(package)
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    # The Snappy of Java is not there for every C library.
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "--conf spark.sql.parquet.compression.codec=zstd pyspark-shell")
    frame = pd.DataFrame(X, columns=list("abcd")).assign(id=np.arange(len(X)))
    skiff.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(frame[list("abcd")], Y), "model.skiff")
    pathlib.Path("data").mkdir()
    for part in range(3):
        frame.iloc[part * 50 : (part + 1) * 50].to_parquet(f"data/{part}.parquet", index=False, compression="zstd")
    expected = skiff.open("model.skiff").predict(frame[list("abcd")])
    names = {}
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", SCALE[engine], re.MULTILINE | re.DOTALL):
        if language == "sh":
            run(block, folder)
        else:
            exec(compile(block, "scale.md", "exec"), names)
    written = {"Polars": "polars.parquet", "Ray": "ray.parquet", "The": "predictions.parquet", "Spark": "spark.parquet"}
    if engine in written:
        found = pd.read_parquet(written[engine]).sort_values("id")
        assert found.iloc[:, 1].tolist() == expected.tolist()
    elif engine == "DuckDB":
        assert sorted(names["counts"]) == sorted((kind, int((expected == kind).sum())) for kind in (False, True))
    else:
        assert names["predictions"].compute().tolist() == expected.tolist()


def test_the_scan_prints_what_is_shown(folder):
    (folder / "downloads").mkdir()
    (folder / "downloads" / "a.pkl").write_bytes(pickle.dumps(Call(), protocol=4))
    (folder / "downloads" / "notes.txt").write_text("A note.")
    command, _, expected = blocks("scan.md")[0][1].partition("\n")
    assert command.startswith("$ skiff scan ")
    assert run(command.removeprefix("$ ") + " || true", folder) == expected


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_server_answers_what_is_shown():
    (_, serve), (_, listening), *asked = blocks("serve.md")
    words = serve.split()
    assert words[:2] == ["skiff", "serve"] and listening.startswith("listening on http://")
    address = listening.split()[-1]
    server = subprocess.Popen(
        [COMMAND, *words[1:], "--http", "127.0.0.1:0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        here = server.stdout.readline().split()[-1]
        ran = 0
        for language, block in asked:
            if language == "sh" and block.startswith("curl "):
                commands = re.sub("^# .*\n", "", block, flags=re.MULTILINE).replace(address, here)
                out = run("unset -f curl\n" + commands, ROOT)
                for shown in re.findall("^# (.*)$", block, re.MULTILINE):
                    assert out.strip() == shown
                assert "error" not in out
                ran += 1
        assert ran
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()
