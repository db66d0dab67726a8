"""`skiff predict` on Parquet files next to pandas and scikit-learn, and on a pipe of CSV: rows per second, memory.

    python benches/scale.py SKIFF [GIGABYTES]

Three processes of each, one after the other; the medians. Where the machine does other work, seconds of the processor say
more than those of the clock.
"""

import os
import pathlib
import pickle
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

ROWS, FILES = 200_000, 4
NAMES = [f"x{column}" for column in range(64)]

SCIKIT_LEARN = """
import pickle, sys
import pandas as pd
model = pickle.load(open(sys.argv[1], "rb"))
frame = pd.read_parquet(sys.argv[2])
answer = model.predict(frame[list(model.feature_names_in_)])
pd.DataFrame({"id": frame["id"], "prediction": answer}).to_parquet(sys.argv[3])
"""


def run(command, stdin=None):
    """Seconds of the clock, seconds of the processor, and megabytes of a process at its largest."""
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdin=stdin)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def tables(folder):
    rng = np.random.default_rng(0)
    train = pd.DataFrame(rng.normal(size=(4000, 64)), columns=NAMES)
    forest = RandomForestClassifier(200, max_depth=10, random_state=0).fit(train, train["x0"] + train["x1"] * train["x2"] > 0)
    (folder / "forest.pkl").write_bytes(pickle.dumps(forest))
    (folder / "linear.pkl").write_bytes(pickle.dumps(LinearRegression().fit(train, train["x0"])))
    (folder / "data").mkdir()
    each = ROWS // FILES
    for number in range(FILES):
        frame = pd.DataFrame(rng.normal(size=(each, 64)), columns=NAMES)
        frame.insert(0, "id", np.arange(number * each, (number + 1) * each))
        frame.to_parquet(folder / "data" / f"{number}.parquet", row_group_size=25_000, compression="zstd")


def csv(gigabytes, out):
    rows = np.random.default_rng(0).normal(size=(5000, 64))
    block = "".join(",".join(map(repr, map(float, row))) + "\n" for row in rows).encode()
    out.write(",".join(NAMES).encode() + b"\n")
    for _ in range(int(gigabytes * 1e9 / len(block))):
        out.write(block)
    out.close()


def main(skiff, gigabytes=2.0):
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tables(folder)
        predict = ["predict", folder / "forest.pkl", folder / "data", "--keep", "id", "-o"]
        judge = [sys.executable, "-c", SCIKIT_LEARN, folder / "forest.pkl", folder / "data"]
        commands = {
            "pandas and scikit-learn": [*judge, folder / "judge.parquet"],
            "skiff predict": [skiff, *predict, folder / "skiff.parquet"],
            "skiff predict, one thread": [skiff, "--threads", "1", *predict, folder / "one.parquet"],
        }
        runs = {what: [] for what in commands}
        for _ in range(3):
            for what, command in commands.items():
                runs[what].append(run(command))
        expected = pd.read_parquet(folder / "judge.parquet")
        for out in ("skiff", "one"):
            assert pd.read_parquet(folder / f"{out}.parquet").equals(expected)
        print("| | rows/s | rows per second of the processor | memory |\n|---|--:|--:|--:|")
        for what, times in runs.items():
            clock, processor, memory = (statistics.median(values) for values in zip(*times))
            print(f"| {what} | {ROWS / clock:,.0f} | {ROWS / processor:,.0f} | {memory:.0f} MB |")
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(reader)
            csv(float(gigabytes), os.fdopen(writer, "wb"))
            os._exit(0)
        os.close(writer)
        clock, processor, memory = run([skiff, "predict", folder / "linear.pkl", "-", "-o", folder / "out.csv"], stdin=reader)
        print(f"{gigabytes} GB of CSV through a pipe: {clock:.0f} s, {processor:.0f} s of the processor, {memory:.0f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
