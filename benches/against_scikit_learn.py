"""Compares skiff with scikit-learn, on the same files and the same rows, and prints tables in Markdown.

`cargo xtask bench` runs this with a Python that has scikit-learn. The programs take turns, and medians are shown, since
machines are busy. Arguments: names of cases (all of them if there are none); `--rounds N`; `--only cold` or
`--only warm`; `--no-build` to measure what is there.

This process imports nothing large: Linux counts what it holds itself at the moment of a start as the child's memory.
"""

import argparse
import os
import platform
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "target" / "bench"
SKIFF = ROOT / "target" / "dist" / "skiff"
SKIFF_BENCH = ROOT / "target" / "dist" / "skiff-bench"

# A fresh process that opens a model, answers some rows and writes the answers.
COLD = {
    "forest_250_mb": ("random forest, 250 MB, raw joblib", ["row.npy", "rows.npy"]),
    "forest_digits": ("random forest, 200 trees, digits, joblib compress=3", ["row.npy", "rows.npy"]),
    "svc_iris": ("scaler and SVC, iris", ["row.npy"]),
    "text": ("TF-IDF and logistic regression", ["row.txt", "rows.txt"]),
    "columns": ("ColumnTransformer and logistic regression", ["row.csv", "rows.csv"]),
}

# A process that has the model open already.
WARM = {
    "forest_digits": ("random forest, 200 trees, digits", "predict_proba"),
    "forest_250_mb": ("random forest, 100 trees, 1.7 M nodes", "predict_proba"),
    "hist_gradient_boosting": ("hist. gradient boosting, 200 trees", "predict_proba"),
    "gradient_boosting": ("gradient boosting, 200 trees of depth 3", "predict"),
    "svc_2000": ("SVC, 2,080 vectors of 64", "predict"),
    "neighbors": ("5 nearest of 10,000 x 20", "predict"),
    "logistic_regression": ("logistic regression, 784 x 10", "predict_proba"),
    "text": ("TF-IDF and logistic regression, 30 words a row", "predict_proba"),
}

COLD_PYTHON = """
import sys, joblib, numpy
model, rows, out = sys.argv[1:]
if rows.endswith(".npy"):
    rows = numpy.load(rows)
elif rows.endswith(".txt"):
    rows = open(rows).read().splitlines()
else:
    import pandas
    rows = pandas.read_csv(rows)
numpy.save(out, joblib.load(model).predict(rows))
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=["cold", "warm"])
    parser.add_argument("--no-build", action="store_true")
    arguments = parser.parse_args()
    build = ["cargo", "build", "--profile", "dist", "--package", "skiff-cli", "--package", "skiff-bench"]
    if not arguments.no_build:
        subprocess.run(build, cwd=ROOT, check=True)
    subprocess.run([sys.executable, ROOT / "benches" / "models.py", FOLDER], check=True)
    wanted = arguments.cases or [*COLD, *WARM]
    if arguments.only != "warm":
        cold([name for name in COLD if name in wanted], arguments.rounds)
    if arguments.only != "cold":
        warm([name for name in WARM if name in wanted], arguments.rounds)


def cold(cases, rounds):
    print(f"\n## A fresh process, to the written answers\n\n{machine()}\n")
    print("| model | file, MB | rows | skiff: s | CPU s | peak MB | Python: s | CPU s | peak MB | wall | answers |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|")
    for case in cases:
        title, inputs = COLD[case]
        model = FOLDER / case / "model.joblib"
        for rows in inputs:
            rows = FOLDER / case / rows
            out, expected = FOLDER / case / "skiff.npy", FOLDER / case / "python.npy"
            ours = [SKIFF, "predict", "--quiet", model, rows, "-o", out]
            theirs = [sys.executable, "-c", COLD_PYTHON, model, rows, expected]
            runs = [], []
            # The first round warms the page cache, and is not counted.
            for turn in range(rounds + 1):
                for command, results in zip([ours, theirs], runs, strict=True):
                    result = spawn(command)
                    if turn > 0:
                        results.append(result)
            measured = [[statistics.median(values) for values in zip(*results, strict=True)] for results in runs]
            (wall, cpu, peak), (python_wall, python_cpu, python_peak) = measured
            count = "10,000" if rows.stem == "rows" else "1"
            size = model.stat().st_size / 1e6
            print(
                f"| {title} | {size:.1f} | {count} | {wall:.3f} | {cpu:.3f} | {peak:.0f} | {python_wall:.2f} |"
                f" {python_cpu:.2f} | {python_peak:.0f} | {python_wall / wall:.0f} x | {compare(out, expected)} |",
                flush=True,
            )


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


def compare(ours, theirs):
    """Answers are compared in a process of its own, which may import numpy."""
    code = (
        "import sys, numpy\n"
        "a, b = map(numpy.load, sys.argv[1:])\n"
        "same = a.shape == b.shape and a.dtype.kind == b.dtype.kind and (a == b).all()\n"
        "print('the same' if same else f'{numpy.sum(a != b)} DIFFER' if a.shape == b.shape else 'ANOTHER SHAPE')\n"
    )
    return subprocess.check_output([sys.executable, "-c", code, ours, theirs], text=True).strip()


def warm(cases, rounds):
    print(f"\n## In a process that has the model open\n\n{machine()}\n")
    print("| model | method | skiff, one row: µs | scikit-learn | | skiff, 10,000 rows: ms | 2 threads |", end="")
    print(" scikit-learn | 2 threads | 1 to 1 | 2 to 2 |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for case in cases:
        title, method = WARM[case]
        model = FOLDER / case / "model.joblib"
        rows = next((FOLDER / case).glob("rows.*"))
        programs = [
            Program([program, *script, model, rows, method, threads])
            for program, *script in [[SKIFF_BENCH], [sys.executable, ROOT / "benches" / "in_process.py"]]
            for threads in [1, 2]
        ]
        row, batch = [[] for _ in programs], [[] for _ in programs]
        for turn in range(rounds + 1):
            for program, in_row, in_batch in zip(programs, row, batch, strict=True):
                times = program.time("row"), program.time("batch")
                if turn > 0:
                    in_row.append(times[0])
                    in_batch.append(times[1])
        for program in programs:
            program.close()
        row = [statistics.median(times) * 1e6 for times in row]
        batch = [statistics.median(times) * 1e3 for times in batch]
        print(
            f"| {title} | {method} | {row[0]:.1f} | {row[2]:.0f} | {row[2] / row[0]:.1f} x |"
            f" {batch[0]:.1f} | {batch[1]:.1f} | {batch[2]:.1f} | {batch[3]:.1f} |"
            f" {batch[2] / batch[0]:.1f} x | {batch[3] / batch[1]:.1f} x |",
            flush=True,
        )


class Program:
    """A process that measures when it is asked, and does nothing in between."""

    def __init__(self, command):
        threads = {"OMP_NUM_THREADS": str(command[-1]), "OPENBLAS_NUM_THREADS": str(command[-1])}
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | threads,
        )
        self.loading = float(self.process.stdout.readline())

    def time(self, what):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        # Those whose turn it is not keep still: threads of OpenMP wait by spinning for a while.
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.process.args} ended")
        return float(answer)

    def close(self):
        self.process.stdin.close()
        if self.process.wait() not in (0, -signal.SIGPIPE):
            raise SystemExit(f"{self.process.args} failed")


def machine():
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    code = "import sklearn, platform; print(f'scikit-learn {sklearn.__version__}, Python {platform.python_version()}')"
    versions = subprocess.check_output([sys.executable, "-c", code], text=True).strip()
    return f"{os.cpu_count()} cores of {name}; {versions}."


if __name__ == "__main__":
    main()
