"""Compares dumping and loading with joblib, pickle and skops, on the same estimators in one run.

`cargo xtask bench-persistence` runs this with a Python that has them all. For each model and each way: the file's size,
the times of dumping (until the call returns, and until the file is on the disk, for which skiff's own dump waits) and of
loading in a process that has all modules imported, and a fresh process from its start to its first prediction, with its
CPU time and its peak memory. The ways take turns, and medians are shown, since machines are busy. Arguments: names of
models (all of them if there are none); `--rounds N`.

This process imports nothing large: Linux counts what it holds itself at the moment of a start as the child's memory.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

from measure import FOLDER, ROOT, SKIFF, machine, spawn

# What is measured, by the name of its folder under `target/bench`: a title, and the method that is asked.
MODELS = {
    "svc_iris": ("scaler and SVC, iris", "predict"),
    "forest_digits": ("random forest, 200 trees, digits", "predict"),
    "forest_250_mb": ("random forest, 250 MB", "predict"),
    "linear_100k": ("logistic regression, 20 x 100,000", "predict"),
    "vectorizer_200k": ("TF-IDF, 200,000 words", "transform"),
}

# For each way of keeping a model: the file's name, how it is dumped and loaded, and what has to be imported for that.
# `skiff.open` and the command read what `skiff.dump` wrote; they have no dump of their own.
WAYS = {
    "pickle": ("model.pickle", "pickle.dump(model, open(path, 'wb'), protocol=5)", "pickle.load(open(path, 'rb'))"),
    "joblib": ("model.joblib", "joblib.dump(model, path)", "joblib.load(path)"),
    "joblib zlib 3": ("model.zlib.joblib", "joblib.dump(model, path, ('zlib', 3))", "joblib.load(path)"),
    "joblib lz4": ("model.lz4.joblib", "joblib.dump(model, path, 'lz4')", "joblib.load(path)"),
    "joblib xz 3": ("model.xz.joblib", "joblib.dump(model, path, ('xz', 3))", "joblib.load(path)"),
    "skops": ("model.skops", "skops.io.dump(model, path)", "skops.io.load(path, skops.io.get_untrusted_types(file=path))"),
    "skiff.load": ("model.skiff", "skiff.dump(model, path)", "skiff.load(path)"),
    "skiff.load, compressed": ("model.zstd.skiff", "skiff.dump(model, path, compress=True)", "skiff.load(path)"),
    "skiff.open": ("model.skiff", None, "skiff.open(path)"),
    "skiff.open, compressed": ("model.zstd.skiff", None, "skiff.open(path)"),
    "skiff predict": ("model.skiff", None, None),
    "skiff predict, compressed": ("model.zstd.skiff", None, None),
}

COLD = """
import sys, {module}
path, rows = sys.argv[1:]
if rows.endswith(".npy"):
    import numpy
    rows = numpy.load(rows)
else:
    rows = open(rows).read().splitlines()
{load}.{method}(rows)
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return work(*arguments.worker)
    subprocess.run([sys.executable, ROOT / "benches" / "models.py", FOLDER, *MODELS], check=True)
    print(f"{machine()} The kernel's page cache is warm. Times are medians of {arguments.rounds} rounds.")
    for name in arguments.models or MODELS:
        measure(name, arguments.rounds)


def measure(name, rounds):
    title, method = MODELS[name]
    folder = FOLDER / name / "kept"
    folder.mkdir(exist_ok=True)
    times = in_process(name, rounds)
    cold = {way: [] for way in WAYS}
    for turn in range(rounds + 1):
        for way in WAYS:
            result = spawn(first_prediction(way, name, method))
            # The first round warms the page cache, and is not counted.
            if turn > 0:
                cold[way].append(result)
    print(f"\n### {title}\n")
    print("| way | file, kB | dump, ms | on the disk, ms | load, ms | first prediction, s | CPU, s | peak, MB |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for way, (file, *_) in WAYS.items():
        wall, cpu, peak = (statistics.median(values) for values in zip(*cold[way], strict=True))
        dump, disk, load = (cell(times.get((way, what))) for what in ("dump", "disk", "load"))
        size = (folder / file).stat().st_size / 1e3
        print(f"| {way} | {size:,.1f} | {dump} | {disk} | {load} | {wall:.3f} | {cpu:.3f} | {peak:.0f} |", flush=True)


def cell(seconds):
    return "–" if not seconds else f"{statistics.median(seconds) * 1e3:,.2f}"


def in_process(name, rounds):
    """The times of dumping and loading, of all ways in turn: each in a process of its own that has all it needs
    imported, and keeps still while others work."""
    times = {}
    workers = {way: Worker(name, way) for way, (_, _, load) in WAYS.items() if load}
    # All files are there before the first is loaded.
    for what in ("dump", "load"):
        for turn in range(rounds + 1):
            for way, worker in workers.items():
                if what == "dump" and not WAYS[way][1]:
                    continue
                measured = worker.ask(what)
                if turn > 0:
                    for what_of_it, seconds in measured.items():
                        times.setdefault((way, what_of_it), []).append(seconds)
    for worker in workers.values():
        worker.close()
    return times


class Worker:
    def __init__(self, name, way):
        command = [sys.executable, __file__, "--worker", name, way]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, what):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def work(name, way):
    """Dumps or loads once for each line of standard input, and prints the seconds of each part of it."""
    import time

    import joblib
    import sklearn.ensemble  # noqa: F401

    file, dump, load = WAYS[way]
    # The first time, whatever a way imports when it is first used; a way's own warm-up is not its time.
    names = {"path": str(FOLDER / name / "kept" / file), **{module.split(".")[0]: __import__(module) for module in modules(way)}}
    model = None
    for line in sys.stdin:
        code = compile(dump if line.strip() == "dump" else f"loaded = {load}", way, "exec")
        if line.strip() == "dump" and model is None:
            model = names["model"] = joblib.load(FOLDER / name / "model.joblib")
        started = time.perf_counter()
        exec(code, names)
        seconds = {line.strip(): time.perf_counter() - started}
        if line.strip() == "dump":
            with open(names["path"], "rb") as written:
                os.fsync(written.fileno())
            seconds["disk"] = time.perf_counter() - started
        names.pop("loaded", None)
        print(json.dumps(seconds), flush=True)


def modules(way):
    # `import skops.io` binds `skops`.
    return {"pickle": ["pickle"], "joblib": ["joblib"], "skops": ["skops.io"]}.get(way.split()[0], ["skiff"])


def first_prediction(way, name, method):
    folder = FOLDER / name
    file, _, load = WAYS[way]
    rows = next(folder.glob("row.*"))
    path = folder / "kept" / file
    if load is None:
        out = folder / "kept" / "answer.npy"
        return [SKIFF, "predict", "--quiet", path, rows, "--method", method, "-o", out]
    code = COLD.format(module=", ".join(modules(way)), load=load, method=method)
    return [sys.executable, "-c", code, path, rows]


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    main()
