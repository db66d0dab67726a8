"""CPython accepts the pickles that skiff writes, and finds in them what skiff read."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_cpython_reads_what_skiff_rewrites():
    script = ROOT / "crates" / "skiff-pickle" / "tests" / "cross_check.py"
    done = subprocess.run(
        [sys.executable, script, "300"], capture_output=True, text=True, cwd=ROOT, env={**os.environ}
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
