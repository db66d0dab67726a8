"""CPython and skiff agree on random pickles.

`SKIFF_DIFFERENTIAL=1000000` tries as many, and `crates/skiff-pickle/tests/differential.py COUNT SEED` others.
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_skiff_reads_what_cpython_reads():
    script = ROOT / "crates" / "skiff-pickle" / "tests" / "differential.py"
    count = os.environ.get("SKIFF_DIFFERENTIAL", "6000")
    done = subprocess.run([sys.executable, script, count], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-3000:]
