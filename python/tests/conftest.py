"""What tests ask for by name: the `skiff` command, the functions of recorded models, and where to dump to."""

import pathlib
import subprocess

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = ROOT / "target" / "release" / "skiff"


class Skiff:
    """Runs `skiff` in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, *arguments):
        """Standard output of a run that must succeed."""
        done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fails(self, *arguments):
        """Standard error of a run that must fail."""
        done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 2, done.stdout + done.stderr
        return done.stderr

    def refuses(self, model, method, rows):
        """Standard error of `model.method(rows)`, which must have no answer."""
        data = self.folder / "rows.npy"
        np.save(data, rows)
        return self.fails("predict", model, data, "--method", method)

    def call(self, model, method, rows):
        """The answer to `model.method(rows)` as an array."""
        data, out = self.folder / "rows.npy", self.folder / "answer.npy"
        np.save(data, rows)
        self.run("predict", model, data, "--method", method, "--output", out)
        return np.load(out)


@pytest.fixture
def skiff(tmp_path):
    return Skiff(tmp_path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.skiff"


@pytest.fixture
def functions_of_models(monkeypatch):
    """Recorded models hold functions of the script that made them."""
    monkeypatch.syspath_prepend(str(ROOT / "fixtures"))
