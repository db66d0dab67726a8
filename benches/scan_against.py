"""Compares ``skiff scan`` with other scanners of pickles, side by side in one run.

``python benches/scan_against.py SKIFF [--every N] [--large FILE] [--only TOOLS] [FOLDER ...]`` with picklescan, modelscan, fickling,
hayward and modelaudit-picklescan installed, as far as they are to be compared; SKIFF is the command, FOLDER has honest
models besides every Nth of ``fixtures/cases`` and those of ``fixtures/boosting``, FILE is a large honest model. Nothing
is loaded.

A file is *caught* when the tool calls it dangerous or suspicious, *unsaid* when the tool gives up on it (an error, a
skipped file, an analysis that says that it is not complete) or is late, and *missed* when it is called clean.
"""

import argparse
import bz2
import collections
import contextlib
import gzip
import importlib.metadata
import io
import json
import logging
import lzma
import multiprocessing
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import warnings
import zlib
from contextlib import redirect_stderr, redirect_stdout

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "fixtures"))

from generate import archive  # noqa: E402

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
#: Seconds for one file.
PATIENCE = 20
FORK = multiprocessing.get_context("fork")


def files(folder, wanted=lambda name: True):
    for where, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if wanted(name):
                yield os.path.join(where, name)


def picklescan(strict):
    from picklescan.scanner import SafetyLevel, scan_file_path

    bad = {SafetyLevel.Dangerous, SafetyLevel.Suspicious} if strict else {SafetyLevel.Dangerous}

    def scan(path):
        result = scan_file_path(path)
        if any(found.safety in bad for found in result.globals):
            return "caught"
        return "unsaid" if result.scan_err or not result.scanned_files else "missed"

    return scan


def modelscan():
    from modelscan.modelscan import ModelScan

    def scan(path):
        scanner = ModelScan()
        result = scanner.scan(path)
        if result["summary"]["total_issues"]:
            return "caught"
        return "unsaid" if result["errors"] or not result["summary"]["scanned"]["total_scanned"] else "missed"

    return scan


def fickling():
    from fickling import scan_file

    def scan(path):
        result = scan_file(path, graceful=True)
        if not result.is_safe and result.results:
            return "caught"
        return "unsaid" if result.errors or not result.results else "missed"

    return scan


def hayward():
    from hayward import ModelFileScanner, Severity, is_coverage_gap

    def scan(path):
        found = ModelFileScanner().scan_file(pathlib.Path(path))
        real = [one for one in found if not is_coverage_gap(one) and one.severity is not Severity.INFO]
        return "caught" if real else "unsaid" if found else "missed"

    return scan


def modelaudit():
    from modelaudit_picklescan import SafetyVerdict, scan_file

    def scan(path):
        verdict = scan_file(path).verdict
        if verdict in (SafetyVerdict.MALICIOUS, SafetyVerdict.SUSPICIOUS):
            return "caught"
        return "missed" if verdict is SafetyVerdict.CLEAN else "unsaid"

    return scan


TOOLS = [
    ("picklescan", "picklescan", lambda: picklescan(False)),
    ("picklescan --strict", "picklescan", lambda: picklescan(True)),
    ("modelscan", "modelscan", modelscan),
    ("fickling", "fickling", fickling),
    ("hayward", "hayward", hayward),
    ("modelaudit-picklescan", "modelaudit-picklescan", modelaudit),
]


def serve(make, calls):
    """Judges the files that come, in a process of its own: some tools hang where no signal reaches them."""
    scan = make()
    calls.send(None)
    while path := calls.recv():
        start = time.process_time()
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            try:
                answer = scan(path)
            except BaseException:  # What the tool throws at its user, whatever it is.
                answer = "unsaid"
        calls.send((answer, time.process_time() - start))


class Tool:
    """A tool in a process of its own, which is made anew when it does not come back."""

    def __init__(self, make):
        self.make, self.process = make, None

    def start(self):
        self.calls, theirs = FORK.Pipe()
        self.process = FORK.Process(target=serve, args=(self.make, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.calls.recv()

    def end(self):
        if self.process:
            self.process.kill()
            self.process.join()
            self.process = None

    def scan(self, path):
        """The result of the tool for a file, and its processor time in seconds."""
        if not self.process:
            self.start()
        self.calls.send(path)
        try:
            if self.calls.poll(PATIENCE):
                return self.calls.recv()
        except EOFError:  # It has crashed.
            self.end()
            return "unsaid", 0.0
        self.end()
        return "late", float(PATIENCE)


def run(tool, paths):
    """The result of the tool for each file, and its processor time in seconds."""
    answers = {path: tool.scan(path) for path in paths}
    return {path: answer for path, (answer, _) in answers.items()}, sum(seconds for _, seconds in answers.values())


def skiff(command, paths):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run([command, "scan", "--strict", "--format", "json", *paths], capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    verdicts = {one["file"]: one["verdict"] for one in json.loads(out.stdout)}
    return {path: "missed" if verdict == "model" else "caught" for path, verdict in verdicts.items()}, seconds


def write_model(folder, name, files):
    """The path of a recorded model that is written into `folder`."""
    path = os.path.join(folder, name.replace("/", "-") + "-" + archive.model(files))
    with open(path, "wb") as out:
        out.write(files[archive.model(files)])
    return path


def is_of_generate(model):
    """Whether a model names a function of ``fixtures/generate``, in the file or in what it packs."""
    for unpack in (bytes, zlib.decompress, gzip.decompress, bz2.decompress, lzma.decompress):
        with contextlib.suppress(OSError, EOFError, zlib.error, lzma.LZMAError):
            if b"generate." in unpack(model):
                return True
    return False


def groups(arguments, out):
    none = ("README.md", "index.json", ".gitattributes")
    attacks = list(files(os.path.join(ROOT, "attacks"), lambda name: name not in none and not name.endswith((".py", ".pyc"))))
    is_numbers = [os.path.basename(path).startswith("numbers-") for path in attacks]
    # The functions of the program that wrote them are unknown code, in modules called `generate.…`.
    recorded = [(name, content) for name, content in archive.cases() if "callable" not in name]
    recorded = [(name, content) for name, content in recorded if not is_of_generate(content[archive.model(content)])]
    honest = [write_model(out, name, content) for name, content in recorded[:: arguments.every]]
    honest += files(os.path.join(ROOT, "fixtures", "boosting"), lambda name: not name.endswith(".py"))
    for folder in arguments.folders:
        honest += files(folder)
    code = [path for path, numbers in zip(attacks, is_numbers) if not numbers]
    packed = [path for path in code if os.path.basename(path).startswith("joblib-") and "-raw-" not in path and not path.endswith(".pkl")]
    return {
        "attacks by code": code,
        "of them in compressed joblib": packed,
        "attacks by numbers": [path for path, numbers in zip(attacks, is_numbers) if numbers],
        "honest models": honest,
    }


def large(command, path):
    """Processor time of fresh processes that judge one large file, the best of five."""
    commands = {"skiff scan": [command, "scan", path]}
    code = "import sys; from picklescan.scanner import scan_file_path; assert scan_file_path(sys.argv[1]).issues_count == 0"
    commands["picklescan"] = [sys.executable, "-c", code, path]
    commands["picklescan's start alone"] = [sys.executable, "-c", "import picklescan.scanner"]
    print(f"\n| {os.path.getsize(path) / 1e6:.0f} MB, fresh process, best of five | processor s | wall s |\n|---|--:|--:|")
    for name, words in commands.items():
        best = []
        for _ in range(5):
            before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run(words, capture_output=True, check=True)
            wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
            best.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall))
        print(f"| {name} | {min(cpu for cpu, _ in best):.3f} | {min(wall for _, wall in best):.3f} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--large")
    parser.add_argument("--only", help="names of the tools to compare with, separated by commas")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as recorded:
        compare(arguments, groups(arguments, recorded))
    if arguments.large:
        large(arguments.command, arguments.large)


def compare(arguments, all_groups):
    for title, paths in all_groups.items():
        print(f"{title}: {len(paths)} files, {sum(map(os.path.getsize, paths)) / 1e6:.1f} MB")
    print("\n| tool | " + " | ".join(f"{title}: caught, unsaid, missed" for title in all_groups) + " | late | processor ms/MB |")
    print("|---|" + "--:|" * (len(all_groups) + 2))
    caught_by = {}
    for name, package, make in [("skiff scan", None, None), *TOOLS]:
        if make and arguments.only and name not in arguments.only.split(","):
            continue
        try:
            version = f" {importlib.metadata.version(package)}" if package else ""
        except importlib.metadata.PackageNotFoundError:
            print(f"| {name} | not installed |")
            continue
        tool = Tool(make)
        cells, seconds, size, late = [], 0.0, 0, 0
        for title, paths in all_groups.items():
            answers, spent = run(tool, paths) if make else skiff(arguments.command, paths)
            seconds += spent
            size += sum(map(os.path.getsize, paths))
            count = collections.Counter(answers.values())
            late += count["late"]
            cells.append(f"{count['caught']}, {count['unsaid'] + count['late']}, {count['missed']}")
            if "attacks" in title:
                caught_by.setdefault(name, set()).update(path for path, answer in answers.items() if answer == "caught")
            elif not make:
                alarms = [os.path.relpath(path, ROOT) for path in paths if answers[path] != "missed"]
        tool.end()
        print(f"| {name}{version} | " + " | ".join(cells) + f" | {late} | {seconds / size * 1e9:.1f} |", flush=True)
    print(f"\nhonest models of which skiff does not say that they are models: {alarms}")
    ours = caught_by.pop("skiff scan")
    for name, caught in caught_by.items():
        print(f"caught by {name} and not by skiff: {sorted(map(os.path.basename, caught - ours))}")


if __name__ == "__main__":
    main()
