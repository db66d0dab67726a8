"""Compares ``skiff scan`` with picklescan, side by side in one run.

``python benches/scan_against.py SKIFF [FOLDER ...]`` with picklescan installed; SKIFF is the command, FOLDER has honest
models besides those of ``fixtures/cases``. Nothing is loaded. A file is *caught* when the tool reports anything but a
clean file; picklescan's errors count as caught only in the last column, since its exit status would tell of them.
"""

import io
import json
import logging
import os
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout

from picklescan.scanner import SafetyLevel, scan_file_path

logging.disable(logging.CRITICAL)
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def files(folder, wanted):
    for where, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if wanted(name):
                yield os.path.join(where, name)


def picklescan(paths):
    """For each file: anything dangerous, anything suspicious, an error."""
    answers = {}
    for path in paths:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            try:
                result = scan_file_path(path)
                levels = {found.safety for found in result.globals}
                answers[path] = (SafetyLevel.Dangerous in levels, SafetyLevel.Suspicious in levels, bool(result.scan_err))
            except Exception:  # What the tool throws at its user.
                answers[path] = (False, False, True)
    return answers


def skiff(command, paths):
    out = subprocess.run([command, "scan", "--strict", "--format", "json", *paths], capture_output=True, check=False)
    return {one["file"]: one["verdict"] for one in json.loads(out.stdout)}


def main():
    command, folders = sys.argv[1], sys.argv[2:]
    none = ("make.py", "README.md", "index.json", ".gitattributes")
    attacks = list(files(os.path.join(ROOT, "attacks"), lambda name: name not in none))
    honest = list(files(os.path.join(ROOT, "fixtures", "cases"), lambda name: name.startswith("model.")))
    for folder in folders:
        honest += files(folder, lambda name: True)
    for title, paths in [("attacks", attacks), ("honest", honest)]:
        size = sum(os.path.getsize(path) for path in paths) / 1e6
        start = time.perf_counter()
        ours = skiff(command, paths)
        middle = time.perf_counter()
        theirs = picklescan(paths)
        end = time.perf_counter()
        print(f"{title}: {len(paths)} files, {size:.1f} MB")
        print(f"  skiff scan: dangerous {sum(v == 'dangerous' for v in ours.values())}, unknown "
              f"{sum(v == 'unknown' for v in ours.values())}, model {sum(v == 'model' for v in ours.values())}, "
              f"{(middle - start) / size * 1e3:.1f} ms/MB")
        dangerous = {path for path, (bad, _, _) in theirs.items() if bad}
        strict = {path for path, (bad, odd, _) in theirs.items() if bad or odd}
        errors = {path for path, (_, _, failed) in theirs.items() if failed}
        print(f"  picklescan: dangerous {len(dangerous)}, dangerous or suspicious {len(strict)}, errors {len(errors)}, "
              f"neither {len(set(paths) - strict - errors)}, {(end - middle) / size * 1e3:.1f} ms/MB")
        if title == "attacks":
            print(f"  caught by picklescan, a model to skiff: {sorted(p for p in strict | errors if ours[p] == 'model')}")
            names = [os.path.basename(path) for path in sorted(set(paths) - strict - errors)]
            print(f"  neither reported nor an error in picklescan ({len(names)}): {', '.join(names)}")


if __name__ == "__main__":
    main()
