"""`skiff registry import` of a folder as MLflow writes it; `mlflow_cases.py` has MLflow write one."""

import json
import pathlib
import shutil
import subprocess

import pytest
from conftest import COMMAND
from sklearn.datasets import load_iris
from sklearn.linear_model import Ridge

import skiff

X, Y = load_iris(return_X_y=True)
META = """aliases: {{}}
creation_timestamp: 1795992492063
current_stage: {stage}
description: {description}
last_updated_timestamp: 1795992492103
name: m
run_id: 57c0a96f82924aa9b5d7f84f0a62dee4
source: models:/m-{number}
status: READY
storage_location: file://{folder}
version: {number}
"""


@pytest.fixture
def store(tmp_path):
    """Versions 1, 2 and 3 of a model, the first two of which are the same."""
    store = tmp_path / "ml runs"
    home = store / "models" / "m"
    (home / "aliases").mkdir(parents=True)
    (home / "meta.yaml").write_text("aliases:\n  best: '2'\nname: m\ndescription: null\n")
    for number, alpha in enumerate((1.0, 1.0, 2.0), 1):
        folder = store / "0" / "models" / f"m-{number}" / "artifacts"
        folder.parent.mkdir(parents=True)
        skiff.dump(Ridge(alpha).fit(X, Y), tmp_path / "m.pkl")
        subprocess.run([COMMAND, "convert", tmp_path / "m.pkl", folder, "--to", "mlflow"], check=True)
        version = home / f"version-{number}"
        version.mkdir()
        url = str(folder).replace(" ", "%20")
        stage, description = ("Production", "more") if number == 3 else ("None", "null")
        (version / "meta.yaml").write_text(META.format(number=number, folder=url, stage=stage, description=description))
    (home / "aliases" / "best").write_text("2")
    return store


def run(*words, status=0):
    done = subprocess.run([COMMAND, "registry", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stderr if status else done.stdout



def test_versions_and_aliases_are_kept(store, tmp_path):
    registry = tmp_path / "registry"
    run("init", registry)
    said = run("import", store, registry, "--why", "moved")
    assert "m:1  MLflow's version 1\n" in said and "m:3  MLflow's version 3\n" in said
    (listed,) = json.loads(run("list", registry, "--format", "json"))
    assert listed == {"model": "m", "versions": [1, 2, 3], "aliases": {"best": 2, "production": 3}}
    shown = json.loads(run("show", f"{registry}/m:3", "--format", "json"))
    assert shown["why"] == "version 3 of `m` in MLflow. more moved"
    assert shown["description"]["estimators"] == ["sklearn.linear_model._ridge.Ridge"]
    assert run("import", store, registry) == "", "what was imported is not imported again"
    # What is new in MLflow, follows.
    shutil.copytree(store / "models" / "m" / "version-3", store / "models" / "m" / "version-12")
    meta = store / "models" / "m" / "version-12" / "meta.yaml"
    meta.write_text(meta.read_text().replace("version: 3", "version: 12"))
    (store / "models" / "m" / "aliases" / "best").write_text("12")
    said = run("import", store, registry)
    assert "m:4  MLflow's version 12\n" in said and "m@best  2 -> 4" in said
    assert "0 problems" in run("verify", registry)


def test_a_store_that_was_moved(store, tmp_path):
    moved = pathlib.Path(shutil.move(store, tmp_path / "elsewhere"))
    run("init", tmp_path / "registry")
    assert "MLflow's version 3" in run("import", moved, tmp_path / "registry", "--model", "m")


def test_what_is_left_out_is_said(store, tmp_path):
    registry = tmp_path / "registry"
    run("init", registry)
    shutil.rmtree(store / "0" / "models" / "m-2")
    (store / "models" / "m" / "aliases" / "-odd").write_text("1")
    (store / "models" / "two words").mkdir()
    (store / "models" / "two words" / "meta.yaml").write_text("name: two words\n")
    said = run("import", store, registry, status=1)
    for what in ("version 2 of `m` is left out: its folder `file://", "the alias `best` of `m` is", "`-odd`", "`two words` is left out"):
        assert what in said
    assert json.loads(run("list", registry, "--format", "json"))[0]["versions"] == [1, 2]
    assert "has no such model" in run("import", store, registry, "--model", "n", status=2)
    assert "error[not-a-registry]" in run("import", tmp_path, registry, status=2)
    (store / "models" / "m" / "version-3" / "meta.yaml").write_text("a: [")
    assert "MLflow's registry is damaged" in run("import", store, registry, status=2)
