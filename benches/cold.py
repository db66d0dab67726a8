"""Compares fresh processes of the command and of Python with scikit-learn, from their start to the written answers.

`cargo xtask bench-cold` builds the command and runs this. The programs take turns, and medians are shown, since machines
are busy. Arguments: names of cases (all of them if there are none); `--rounds N`.

This process imports nothing large, as `measure.py` explains.
"""

import argparse
import statistics
import subprocess
import sys

from measure import FOLDER, ROOT, SKIFF, machine, spawn

# A fresh process that opens a model, answers some rows and writes the answers.
COLD = {
    "forest_250_mb": ("random forest, 250 MB, raw joblib", ["row.npy", "rows.npy"]),
    "forest_digits": ("random forest, 200 trees, digits, joblib compress=3", ["row.npy", "rows.npy"]),
    "svc_iris": ("scaler and SVC, iris", ["row.npy"]),
    "text": ("TF-IDF and logistic regression", ["row.txt", "rows.txt"]),
    "columns": ("ColumnTransformer and logistic regression", ["row.csv", "rows.csv"]),
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
    arguments = parser.parse_args()
    wanted = [name for name in COLD if name in (arguments.cases or COLD)]
    subprocess.run([sys.executable, ROOT / "benches" / "models.py", FOLDER, *wanted], check=True)
    cold(wanted, arguments.rounds)


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


def compare(ours, theirs):
    """Answers are compared in a process of its own, which may import numpy."""
    code = (
        "import sys, numpy\n"
        "a, b = map(numpy.load, sys.argv[1:])\n"
        "same = a.shape == b.shape and a.dtype.kind == b.dtype.kind and (a == b).all()\n"
        "print('the same' if same else f'{numpy.sum(a != b)} DIFFER' if a.shape == b.shape else 'ANOTHER SHAPE')\n"
    )
    return subprocess.check_output([sys.executable, "-c", code, ours, theirs], text=True).strip()


if __name__ == "__main__":
    main()
