"""Measures what `skiff slim` makes of five models: `python benches/slim.py SKIFF [--times]` prints the table of docs/slim.md.

Models are fitted on one half of the rows and measured on the other. `xz` is `joblib.dump(compress=("xz", 6))`. With `--times`,
for a release build on an idle machine, it also has medians of five loads, of `joblib.load` of that file and of `skiff.open` if the
package is installed, and the time of both models for the rows.
"""

import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import joblib
from sklearn.datasets import load_digits, make_classification, make_regression
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

DIGITS = load_digits(return_X_y=True)
CLASSES = make_classification(8_000, 200, n_informative=50, n_classes=5, random_state=0)
NUMBERS = make_regression(4_000, 20, noise=20, random_state=0)
LINEAR = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
FOREST = RandomForestClassifier(200, random_state=0, n_jobs=-1)
MODELS = [
    ("random forest, digits", FOREST, DIGITS, ["--max-depth 8", "--prune-trees 50", "--prune-trees 0.003"]),
    (
        "forest of regression trees",
        RandomForestRegressor(100, random_state=0, n_jobs=-1),
        NUMBERS,
        ["--float32", "--float16", "--quantize 8", "--prune-trees 25"],
    ),
    ("gradient boosting", GradientBoostingRegressor(n_estimators=300, max_depth=6), NUMBERS, ["--float32", "--prune-trees 100"]),
    ("logistic regression", LINEAR, CLASSES, ["--float16", "--quantize 8", "--top-features 50"]),
    (
        "neural network",
        MLPClassifier((256, 128), max_iter=10, random_state=0),
        CLASSES,
        ["--float32", "--float16", "--quantize 8"],
    ),
]


def rows(path, columns, targets):
    """The rows as a CSV, with the targets as its last column."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"x{number}" for number in range(columns.shape[1])), "y"])
        writer.writerows([*row, target] for row, target in zip(columns.tolist(), targets.tolist()))


def median_ms(function):
    times = []
    for _ in range(5):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def number(value, form):
    return "–" if value is None else format(value, form)


def main(command, with_times):
    try:
        import skiff
    except ImportError:
        skiff = None
    times = ["load xz, ms", "load, ms", "time, ms"] if with_times else []
    heads = ["joblib, kB", "xz, kB", "`.skiff`, kB", "greatest difference", "other labels", "metric", *times]
    print("| model | option | " + " | ".join(heads) + " |")
    print("|---|---|" + "--:|" * len(heads))
    for name, model, (columns, targets), options in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            half = len(columns) // 2
            model.fit(columns[:half], targets[:half])
            if hasattr(model, "n_jobs"):
                model.n_jobs = None
            plain, xz, data = folder / "model.joblib", folder / "model.joblib.xz", folder / "rows.csv"
            joblib.dump(model, plain)
            joblib.dump(model, xz, compress=("xz", 6))
            rows(data, columns[half:], targets[half:])
            names = ",".join(f"x{place}" for place in range(columns.shape[1]))
            for option in ["", *options]:
                out = folder / "slim.skiff"
                arguments = [command, "slim", plain, out, "--force", "--format", "json", *option.split()]
                arguments += ["--data", data, "--columns", names, "--target", "y"]
                report = json.loads(subprocess.run(arguments, check=True, capture_output=True).stdout)
                measured, metric = report["measured"], report["measured"]["metric"]
                sizes = [plain.stat().st_size, xz.stat().st_size, report["after"]["bytes"]]
                labels = measured["changed_labels"]
                cells = [
                    name,
                    f"`{option}`" if option else "lossless",
                    *(f"{size / 1e3:,.0f}" for size in sizes),
                    number(measured["greatest_difference"], ".1e") if measured["greatest_difference"] else "0",
                    number(None if labels is None else 100 * labels, ".2f") + ("" if labels is None else " %"),
                    f"{metric['before']:.4f} → {metric['after']:.4f}",
                ]
                if with_times:
                    opening = None if skiff is None else median_ms(lambda: skiff.open(out))
                    before, after = measured["seconds"]
                    loading = median_ms(lambda: joblib.load(xz))
                    cells += [f"{loading:.1f}", number(opening, ".1f"), f"{1e3 * before:.1f} → {1e3 * after:.1f}"]
                print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], "--times" in sys.argv)
