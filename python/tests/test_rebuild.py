"""`skiff rebuild` trains models again by their passports, and refuses what it cannot: each script here is run by this Python."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest
from conftest import COMMAND
from test_passport_source import git

import skiff
from skiff import _passport

SCRIPT = """
import sys, os
import numpy as np, skiff
from sklearn.naive_bayes import GaussianNB

table = np.loadtxt("data/train.csv", delimiter=",", skiprows=1)
X, y = table[:, :2], table[:, 2]
model = GaussianNB(var_smoothing=float(os.environ.get("SMOOTHING", "1e-9"))).fit(X, y)
skiff.dump(model, sys.argv[1] if len(sys.argv) > 1 else "m.skiff", data="data/train.csv", source=__file__, cv=(3, X, y, "accuracy"), lock=True)
"""
ROWS = "a,b,y\n" + "".join(f"{i % 7},{i % 5},{int(i % 7 + i % 5 > 5)}\n" for i in range(60))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a script, its data, and the model that it dumped, and a copy of the folder."""
    home = tmp_path_factory.mktemp("rebuild") / "home"
    (home / "data").mkdir(parents=True)
    (home / "data" / "train.csv").write_text(ROWS)
    (home / "train.py").write_text(SCRIPT)
    subprocess.run([sys.executable, home / "train.py"], cwd=home, check=True)
    return home, shutil.copytree(home, home.parent / "copy")


@pytest.fixture
def home(made):
    """The folder as it was made, at the same path, which is recorded."""
    home, copy = made
    shutil.rmtree(home)
    return pathlib.Path(shutil.copytree(copy, home))


def rebuild(home, *words, status=0, here=True):
    """Standard output, or standard error where the status is 2."""
    words = [*words] if not here else ["--here", "--python", sys.executable, "--env", "PYTHONPATH", *words]
    temporary = home.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    done = subprocess.run(
        [COMMAND, "rebuild", *map(str, words)],
        cwd=home,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(temporary), "SKIFF_CACHE": str(home / "cache")},
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert not os.listdir(temporary), "the temporary folder is removed"
    return done.stderr if status == 2 else done.stdout


def test_the_same_bits_by_the_same_versions(home):
    found = json.loads(rebuild(home, "m.skiff", "--yes", "--format", "json"))
    assert found["same"] and found["same_data"] and found["versions"] == []
    (score,) = found["scores"]
    assert score["name"] == "accuracy" and score["in_range"] and score["computed"] == score["recorded"]
    old, new = (skiff.inspect(home / name)["passport"] for name in ("m.skiff", "m.rebuilt.skiff"))
    assert new["parent"]["name"] == "m.skiff" and len(new["parent"]["sha256"]) == 64
    for name in ("source", "data", "lock", "cross_validation"):
        assert new[name] == old[name], name
    # What was rebuilt can be rebuilt, and nothing is overwritten.
    assert "exists" in rebuild(home, "m.skiff", "--yes", status=2)
    rebuild(home, "m.rebuilt.skiff", "--yes", "--name", "m.skiff", "-o", "again.skiff")
    assert skiff.inspect(home / "again.skiff")["passport"]["parent"]["name"] == "m.rebuilt.skiff"


def test_another_model_is_measured_by_its_scores(home, monkeypatch):
    for smoothing, passed, status, state in [
        ("1e-8", True, 0, "is in range"),
        ("1e9", True, 1, "is out of range"),
        # The script has few of the variables.
        ("1e9", False, 0, "the same to the last bit"),
    ]:
        monkeypatch.setenv("SMOOTHING", smoothing)
        said = rebuild(home, "m.skiff", "--yes", "--force", *(["--env", "SMOOTHING"] if passed else []), status=status)
        assert state in said and ("the same to the last bit" in said) != passed
        assert (home / "m.rebuilt.skiff").exists()


def test_it_says_what_it_runs_and_asks(home):
    said = rebuild(home, "m.skiff", status=2)
    passport = skiff.inspect(home / "m.skiff")["passport"]
    for digest in (passport["source"]["sha256"], passport["data"]["sha256"]):
        assert digest in said
    assert "cd " in said and f"{sys.executable} train.py\n" in said
    assert "there is no terminal to ask on: `--yes` runs it" in said
    assert os.listdir(home / "data") == ["train.csv"] and not (home / "m.rebuilt.skiff").exists()
    # Of a fresh environment: every package, and every command.
    said = rebuild(home, "m.skiff", "--dry-run", "--python", sys.executable, "--without", "numpy", here=False)
    for name, version in passport["lock"].items():
        listed = name not in ("numpy", "pip", "skiff-ml")
        assert (f" {name}=={version} " in said) == listed, name
    assert f" skiff-ml=={skiff.__version__}\n" in said
    assert "-m venv" in said and "-m pip install" in said and "--no-deps" in said
    said = rebuild(home, "m.skiff", "--dry-run", "--python", sys.executable, "--with", "scikit-learn==1.8.0", "--", "a b", here=False)
    assert " scikit-learn==1.8.0 " in said and " numpy " in said and "--no-deps" not in said
    assert "train.py 'a b'\n" in said


def test_what_has_changed_is_refused(home):
    (home / "data" / "train.csv").write_text(ROWS + "1,1,1\n")
    assert "error[data-changed]: the data has changed: expected sha256 `" in rebuild(home, "m.skiff", "--yes", status=2)
    (home / "old.csv").write_text(ROWS)
    said = rebuild(home, "m.skiff", "--yes", "--data", "old.csv")
    assert "the same to the last bit" in said and "data: as recorded" in said
    said = rebuild(home, "m.skiff", "--yes", "--other-data", "--force")
    assert "data: not as recorded" in said and "accuracy: " in said
    (home / "data" / "train.csv").unlink()
    assert "error[missing-data]: the recorded data `data/train.csv` is not found" in rebuild(home, "m.skiff", "--force", status=2)
    (home / "train.py").write_text(SCRIPT + "print('more')\n")
    said = rebuild(home, "m.skiff", "--force", status=2)
    assert "error[source-changed]: the script has changed: expected sha256 `" in said
    (home / "train.py").unlink()
    assert "error[missing-source]: the recorded script `" in rebuild(home, "m.skiff", "--force", status=2)
    (home / "before.py").write_text(SCRIPT)
    assert "the same to the last bit" in rebuild(home, "m.skiff", "--yes", "--force", "--source", "before.py", "--data", "old.csv")


def test_what_is_not_recorded_is_named(home):
    model = skiff.load(home / "m.skiff")
    script, table = home / "train.py", home / "data" / "train.csv"
    for name, told, code in [
        ("a.skiff", {}, "no-source"),
        ("b.skiff", {"source": pathlib.Path.touch, "data": table}, "no-source"),
        ("c.skiff", {"source": script}, "no-data"),
        ("d.skiff", {"source": home / "data" / "train.csv", "data": table}, "not-dumped"),
    ]:
        skiff.dump(model, home / name, **told)
        expected = "script-failed" if code == "not-dumped" else code
        assert f"error[{expected}]: " in rebuild(home, name, "--yes", status=2), name
        assert not (home / name.replace(".", ".rebuilt.")).exists()
    skiff.dump(model, home / "e.joblib")
    assert "error[no-passport]: " in rebuild(home, "e.joblib", status=2)
    # A script that dumps nothing.
    (home / "nothing.py").write_text("pass\n")
    skiff.dump(model, home / "f.skiff", source=home / "nothing.py", data=table)
    assert "error[not-dumped]: the script ended without a `skiff.dump`" in rebuild(home, "f.skiff", "--yes", status=2)


def test_packages_are_names_and_versions_only(home, monkeypatch):
    model = skiff.load(home / "m.skiff")
    for lock in ({"scikit-learn": "1 --index-url=http://example.org"}, {"-r": "x"}, {"a": "1\n-e ."}, {"a;b": "1"}, {"a": 1}):
        monkeypatch.setattr(_passport, "locked", lambda lock=lock: lock)
        skiff.dump(model, home / "n.skiff", source=home / "train.py", data=home / "data" / "train.csv", lock=True)
        said = rebuild(home, "n.skiff", "--dry-run", here=False, status=2)
        assert "error[wrong-passport]: the passport records `" in said
    data = (home / "m.skiff").read_bytes()
    (home / "m.skiff").write_bytes(data.replace(b'"accuracy"', b'"accurate"'))
    assert "error[wrong-digest]: " in rebuild(home, "m.skiff", "--yes", status=2)


def test_a_commit_has_the_script_and_its_modules(home):
    (home / "helper.py").write_text("NAME = 'm.skiff'\n")
    (home / "src").mkdir()
    (home / "train.py").rename(home / "src" / "train.py")
    script = SCRIPT.replace("import sys, os", "import sys, os; sys.path.insert(0, '.'); import helper")
    (home / "src" / "train.py").write_text(script)
    git(home, "init", "-q", "-b", "trunk")
    git(home, "add", "helper.py", "src")
    git(home, "commit", "-q", "-m", "first")
    subprocess.run([sys.executable, "src/train.py"], cwd=home, check=True)
    # Both have changed since.
    (home / "src" / "train.py").write_text("raise SystemExit(1)\n")
    (home / "helper.py").write_text("raise SystemExit(1)\n")
    said = rebuild(home, "m.skiff", "--dry-run")
    commit = git(home, "rev-parse", "HEAD")
    assert f"archive --format=tar {commit} | tar -x -C " in said and "as of the recorded commit" in said
    assert "the same to the last bit" in rebuild(home, "m.skiff", "--yes")


def test_files_of_scripts_stay_in_the_temporary_folder(home):
    before = (home / "m.skiff").read_bytes()
    assert "the same to the last bit" in rebuild(home, "m.skiff", "--yes", "--", home / "m.skiff")
    assert (home / "m.skiff").read_bytes() == before


def test_an_interrupt_ends_the_script_and_leaves_nothing(home):
    (home / "slow.py").write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n")
    skiff.dump(skiff.load(home / "m.skiff"), home / "n.skiff", source=home / "slow.py", data=home / "data" / "train.csv")
    temporary = home / "temporary"
    temporary.mkdir()
    command = [COMMAND, "rebuild", "n.skiff", "--yes", "--here", "--python", sys.executable]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, cwd=home, stderr=subprocess.PIPE, text=True, env=environment) as process:
        # What the script prints is a message.
        script = next(int(line) for line in process.stderr if line.strip().isdigit())
        assert len(os.listdir(temporary)) == 1
        process.terminate()
        assert process.wait(timeout=20) == 130
    assert not os.listdir(temporary) and not (home / "n.rebuilt.skiff").exists()
    with pytest.raises(ProcessLookupError):
        while True:
            os.kill(script, 0)
            time.sleep(0.02)


def test_the_next_version_in_a_registry(home):
    def registry(*words):
        return subprocess.run([COMMAND, "registry", *words], cwd=home, check=True, capture_output=True, text=True).stdout

    registry("init", "models")
    registry("push", "m.skiff", "models/m", "--alias", "production")
    said = rebuild(home, "models/m@production", "--yes", "--why", "newer packages", "--source", "train.py")
    assert said.startswith("models/m:2: rebuilt from models/m@production\n")
    shown = json.loads(registry("show", "models/m:2", "--format", "json"))
    assert shown["parents"][0]["version"] == 1 and shown["why"] == "newer packages"
    assert shown["description"]["passport"]["parent"]["sha256"] == shown["parents"][0]["digest"].removeprefix("sha256:")
    assert "m:1" in registry("lineage", "models/m:2")
    assert len(registry("log", "models/m").splitlines()) == 1, "the alias stays"
