"""The types of the package are those of the extension module."""

import pathlib
import subprocess
import sys


def test_stubs_say_what_is_there():
    # `__getattr__` is there, in a slot that Python shows as `__getattribute__` alone.
    allowed = pathlib.Path(__file__).parent / "stubtest.allowed"
    # The engines of `skiff.integrations` need not be installed.
    command = [sys.executable, "-m", "mypy.stubtest", "skiff", "--allowlist", str(allowed), "--ignore-unused-allowlist"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=allowed.parent)
    assert done.returncode == 0, done.stdout + done.stderr
