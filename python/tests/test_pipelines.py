"""A minute of random pipelines, the same ones in each run: `python/tests/pipelines` tries others."""

import os
import pathlib
import subprocess
import sys

import pytest
import sklearn

HARNESS = pathlib.Path(__file__).resolve().parent / "pipelines"


@pytest.mark.skipif(sklearn.__version__ != "1.9.1", reason="another scikit-learn draws other estimators")
def test_random_pipelines_agree():
    # Results of BLAS depend on the number of its threads.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-B", HARNESS, "--seed", "31", "--count", "600", "--seconds", "60"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
