"""`skiff predict` on Parquet files next to pandas and scikit-learn, and on a pipe of CSV: rows per second, memory.

    python benches/scale.py SKIFF [GIGABYTES]

Three runs of each, in turn; the medians. The pipe is 20 GB unless it is told otherwise, made as it is read. Where the machine does other work, seconds of the processor say
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


#: Runs a command and prints its seconds of the processor and its kilobytes at its largest. A process of its own, and a small
#: one: what a process has at its largest begins with what the process had that started it.
MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
with open(sys.argv[1], "w") as out:
    print(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, file=out)
"""


def run(commands, stdin=None):
    """Processes at the same time: seconds until the last ends, and the sums of their seconds of the processor and of their
    megabytes at their largest."""
    with tempfile.TemporaryDirectory() as folder:
        said = [f"{folder}/{number}" for number in range(len(commands))]
        start = time.perf_counter()
        small = [sys.executable, "-I", "-S", "-c", MEASURE]
        processes = [subprocess.Popen([*small, out, *map(str, command)], stdin=stdin) for out, command in zip(said, commands)]
        assert not any(process.wait() for process in processes)
        seconds = time.perf_counter() - start
        measured = [[float(word) for word in pathlib.Path(out).read_text().split()] for out in said]
    assert not any(status for status, _, _ in measured)
    return seconds, sum(used for _, used, _ in measured), sum(kilobytes for _, _, kilobytes in measured) / 1024


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


def csv(gigabytes):
    """Writes so many bytes of CSV to standard output, and keeps a block of them."""
    rows = np.random.default_rng(0).normal(size=(5000, 64))
    block = "".join(",".join(map(repr, map(float, row))) + "\n" for row in rows).encode()
    out = sys.stdout.buffer
    out.write(",".join(NAMES).encode() + b"\n")
    for _ in range(int(gigabytes * 1e9 / len(block))):
        out.write(block)


def parquet(skiff, folder):
    """Prints the table of the Parquet files, and what a billion rows of them need."""
    data = folder / "data"
    predict = lambda source, out: ["predict", folder / "forest.pkl", *source, "--keep", "id", "-o", folder / out]
    one = [skiff, "--threads", "1"]
    files = sorted(data.iterdir())
    ways = {
        "pandas and scikit-learn": [[sys.executable, "-c", SCIKIT_LEARN, folder / "forest.pkl", data, folder / "judge.parquet"]],
        "`skiff predict`, two threads": [[skiff, "--threads", "2", *predict([data], "two.parquet")]],
        "`skiff predict`, one thread": [[*one, *predict([data], "one.parquet")]],
        "two of `skiff predict`, one thread and half of the files each": [
            [*one, *predict(files[:2], "first.parquet")],
            [*one, *predict(files[2:], "second.parquet")],
        ],
    }
    runs = {what: [] for what in ways}
    for _ in range(3):
        for what, commands in ways.items():
            runs[what].append(run(commands))
    expected = pd.read_parquet(folder / "judge.parquet")
    read = lambda *names: pd.concat([pd.read_parquet(folder / f"{name}.parquet") for name in names], ignore_index=True)
    for found in (read("two"), read("one"), read("first", "second")):
        pd.testing.assert_frame_equal(found, expected)
    size = sum(file.stat().st_size for file in files)
    print(f"{size / ROWS:.0f} bytes of Parquet for each row; load {os.getloadavg()[0]:.1f}")
    print("| | rows/s | MB/s | rows per second of the processor | memory | a billion rows, hours of a core |\n|---|--:|--:|--:|--:|--:|")
    for what, times in runs.items():
        clock, used, memory = (statistics.median(values) for values in zip(*times))
        hours = 1e9 * used / ROWS / 3600
        print(f"| {what} | {ROWS / clock:,.0f} | {size / clock / 1e6:.0f} | {ROWS / used:,.0f} | {memory:.0f} MB | {hours:.1f} |", flush=True)


def main(skiff, gigabytes="20"):
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tables(folder)
        parquet(skiff, folder)
        # A process of its own: a fork would have the locks of this one's threads.
        writer = subprocess.Popen([sys.executable, __file__, "csv", gigabytes], stdout=subprocess.PIPE)
        command = [skiff, "predict", folder / "linear.pkl", "-", "-o", folder / "out.csv"]
        clock, used, memory = run([command], stdin=writer.stdout)
        # With no reader left, the writer ends too.
        writer.stdout.close()
        assert writer.wait() == 0
        print(f"{gigabytes} GB of CSV through a pipe: {clock:.0f} s, {used:.0f} s of the processor, {memory:.0f} MB")


if __name__ == "__main__":
    csv(float(sys.argv[2])) if sys.argv[1] == "csv" else main(*sys.argv[1:])
