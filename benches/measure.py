"""What the benchmarks share: where things are, and processes measured from outside.

It imports nothing large: Linux counts what a process holds itself at the moment of a start as the child's memory.
"""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "target" / "bench"
SKIFF = ROOT / "target" / "dist" / "skiff"
SKIFF_BENCH = ROOT / "target" / "dist" / "skiff-bench"


def spawn(command):
    """Wall time and CPU time in seconds, and peak memory in MB, of one process."""
    command = [str(part) for part in command]
    started = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    if status != 0:
        raise SystemExit(f"{command} failed")
    # Linux counts in units of 1,024 bytes, macOS in bytes.
    peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024)
    return wall, usage.ru_utime + usage.ru_stime, peak


def machine(*packages):
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    code = (
        "import sys, platform; from importlib.metadata import version\n"
        "print(*[f'{name} {version(name)}' for name in sys.argv[1:]], f'Python {platform.python_version()}', sep=', ')"
    )
    command = [sys.executable, "-c", code, "scikit-learn", *packages]
    versions = subprocess.check_output(command, text=True).strip()
    return f"{os.cpu_count()} cores of {name}; {versions}."
