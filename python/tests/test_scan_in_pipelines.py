"""`skiff scan` in pipelines: the hook of pre-commit and the action of GitHub, run as they are written."""

import json
import os
import re
import subprocess

import pytest
import yaml
from conftest import COMMAND, ROOT
from pre_commit.clientlib import load_manifest

MODEL = (ROOT / "examples" / "iris-svc.joblib").read_bytes()
# `os.system("true")`, by protocol 0.
RUNS_CODE = b"cos\nsystem\n(S'true'\ntR."


@pytest.fixture
def environment():
    return {**os.environ, "PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "good.joblib").write_bytes(MODEL)
    (tmp_path / "-bad one.pkl").write_bytes(RUNS_CODE)
    return tmp_path


def test_the_hook_scans_model_files(folder, environment):
    (hook,) = load_manifest(str(ROOT / ".pre-commit-hooks.yaml"))
    for name in ("a.pkl", "b/c.joblib.gz", "d.skops", "e.skiff.age", "f.npz"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "a.py")

    def run(*names):
        return subprocess.run([*hook["entry"].split(), *names], cwd=folder, env=environment, capture_output=True).returncode

    assert run("good.joblib") == 0
    assert run("good.joblib", "./-bad one.pkl") == 1


@pytest.mark.parametrize(("paths", "status"), [("good.joblib\n\n", 0), (".", 1), ("good.joblib\n-bad one.pkl\n", 1), ("$(touch x)", 2)])
def test_the_action_scans_and_writes_sarif(folder, environment, paths, status):
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    step = action["runs"]["steps"][-1]
    # Nothing of the caller's is written into the script.
    assert "${{" not in step["run"]
    assert step["env"] == {name.upper(): f"${{{{ inputs.{name} }}}}" for name in action["inputs"]}
    # As GitHub runs `shell: bash`.
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={**environment, "PATHS": paths, "SARIF": "out.sarif"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stderr
    sarif = json.loads((folder / "out.sarif").read_text())
    assert sarif["version"] == "2.1.0"
    assert bool(sarif["runs"][0]["results"]) == (status == 1)
    assert not (folder / "x").exists()
