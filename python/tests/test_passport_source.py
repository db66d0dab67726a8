"""The reference to the code that trained a model, in the passport."""

import hashlib
import os
import pathlib
import subprocess
import sys

import pytest
from passports import X, Y, passport_of
from sklearn.svm import SVC

import skiff


def git(folder, *arguments):
    command = ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_script_in_a_repository(path, tmp_path):
    home = tmp_path / "repository"
    (home / "train").mkdir(parents=True)
    script = home / "train" / "fit.py"
    script.write_text("pass\n")
    found = passport_of(path, source=script)["source"]
    sha256 = hashlib.sha256(b"pass\n").hexdigest()
    assert found == {"path": str(script), "size": 5, "sha256": sha256}, "no repository is fine"
    git(home, "init", "-q", "-b", "trunk")
    git(home, "add", ".")
    git(home, "commit", "-q", "-m", "first")
    git(home, "remote", "add", "origin", "https://ada:secret@code.example/ada/train.git")
    found = passport_of(path, source=script)["source"]["git"]
    assert found == {
        "commit": git(home, "rev-parse", "HEAD"),
        "path": "train/fit.py",
        "dirty": False,
        "file_committed": True,
        "branch": "trunk",
        "remote": "https://code.example/ada/train.git",
    }
    script.write_text("fit()\n")
    found = passport_of(path, source=script)["source"]["git"]
    assert found["dirty"] and not found["file_committed"]


def test_without_git(path, monkeypatch, tmp_path):
    script = tmp_path / "fit.py"
    script.write_text("pass\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git" not in passport_of(path, source=script)["source"]


def test_modules_functions_and_what_has_no_file(path):
    sha256 = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()
    for source, name in ((sys.modules[__name__], __name__), (git, f"{__name__}.git")):
        found = passport_of(path, source=source)["source"]
        assert (found["name"], found["sha256"]) == (name, sha256)
        assert not os.path.isabs(found["path"])
    namespace = {"__name__": "notebook"}
    exec("def fit(): pass", namespace)
    assert passport_of(path, source=namespace["fit"])["source"] == {"name": "notebook.fit"}
    for wrong in (3, ["train.py"]):
        with pytest.raises(TypeError):
            skiff.dump(SVC().fit(X, Y), path, source=wrong)
    with pytest.raises(FileNotFoundError):
        skiff.dump(SVC().fit(X, Y), path, source="nowhere.py")
