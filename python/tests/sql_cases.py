"""`cargo xtask peers datafusion|ballista`: the same Parquet files by `skiff-sql` and in scikit-learn; in a cluster also when an
executor is killed. Writes the results into a page, between the lines `<!-- datafusion -->` and `<!-- /datafusion -->`.

    python sql_cases.py datafusion|ballista SKIFF_SQL SKIFF PAGE
"""

import contextlib
import datetime
import os
import pathlib
import pickle
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import pandas as pd
import skiff
from engines import KINDS, NAMES, rows, written
from scale_cases import METHODS, differences, expected, killed, write_table
from sklearn.ensemble import RandomForestClassifier

COUNT, MANY = 20_000, 400_000
# Seconds; the job takes a few.
PATIENCE = 30


class Sql:
    """The program, and the folder and the environment that it runs in."""

    def __init__(self, program, folder, scheduler=None):
        self.program, self.folder, self.environment = program, folder, {**os.environ, "SKIFF_CACHE": str(folder / "cache")}
        self.scheduler = [] if scheduler is None else ["--scheduler", scheduler]

    def command(self, query, *options):
        return [self.program, *self.scheduler, *map(str, options), query]

    def frame(self, query, ending="parquet"):
        """The result."""
        out = self.folder / f"out.{ending}"
        out.unlink(missing_ok=True)
        subprocess.run(self.command(query, "-o", out), check=True, env=self.environment)
        return {"parquet": pd.read_parquet, "arrow": pd.read_feather, "csv": pd.read_csv}[ending](out)

    def error(self, query, *options):
        """The message of a query that must fail and leave no file."""
        out = self.folder / "failed.parquet"
        done = subprocess.run(self.command(query, "-o", out, *options), capture_output=True, text=True, env=self.environment)
        assert done.returncode == 2 and not out.exists(), done
        return done.stderr.strip().removeprefix("error: ")


def asks(method, model, columns, data, cast="{}"):
    columns = ", ".join(cast.format(f'"{column}"') for column in columns)
    return f"SELECT id, skiff_{method}('{model}', {columns}) AS p FROM '{data}'"


def layouts(model):
    """A column of texts, as SQL of each layout."""
    for layout in ("LargeUtf8", "Utf8", "Dictionary(Int32, Utf8)"):
        yield layout, ["age", "fare", "alone", f"arrow_cast(port, '{layout}')", f"arrow_cast(deck, '{layout}')"]


def in_datafusion(sql, skiff_command, folder):
    for kind in KINDS:
        path, data = written(kind, folder, COUNT, parts=8)
        columns = skiff.open(path).feature_names_in_
        for method in METHODS:
            answers = expected(path, data, method)
            found = sql.frame(asks(method, path, columns, data))
            yield kind, f"Parquet, `{method}`", differences(found, answers)
        answers = expected(path, data, "predict")
        yield kind, "Arrow, `predict`", differences(sql.frame(asks("predict", path, columns, data), "arrow"), answers)
        yield kind, "CSV, `predict`", differences(sql.frame(asks("predict", path, columns, f"{data}/*.parquet"), "csv"), answers)
    answers = expected(path, data, "predict_proba")
    for layout, columns in layouts(path):
        query = f"SELECT id, skiff_predict_proba('{path}', {', '.join(columns)}) AS p FROM '{data}'"
        yield kind, f"text as `{layout}`", differences(sql.frame(query), answers)
    yield from faults(sql, folder)


def faults(sql, folder):
    """What is said of a damaged file, of a missing column and of a wrong type."""
    forest, data = folder / "forest.pkl", folder / "forest"
    query = asks("predict", forest, NAMES, data)
    damaged = data / "damaged.parquet"
    damaged.write_bytes((data / "0.parquet").read_bytes()[:-1000])
    said = sql.error(query)
    damaged.unlink()
    yield "forest", "a truncated Parquet file: the error names it", int(str(damaged) not in said)
    frame = pd.read_parquet(data / "0.parquet")
    for what, changed in {"a missing column": frame.drop(columns="b"), "text in place of numbers": frame.assign(b="x")}.items():
        other = folder / "other.parquet"
        changed.to_parquet(other, index=False)
        said = sql.error(asks("predict", forest, NAMES, other))
        yield "forest", f"{what}: the error names the column", int(not re.search(r"\bb\b", said))
    said = sql.error(asks("predict", forest, ["b", "a", "c", "d"], data))
    yield "forest", "columns in another order: the error lists them in order", int("(a, b, c, d)" not in said)


def port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Cluster:
    """A scheduler and two executors, each a process."""

    def __init__(self, program, folder, *options):
        self.program, self.folder, self.options = program, folder, options
        self.started = 0
        self.start_all()

    def start_all(self):
        self.processes, self.port, self.health = {}, port(), {}
        self.start("scheduler", "scheduler", "--bind-port", self.port, "--executor-timeout-seconds", 5,
                   "--expire-dead-executor-interval-seconds", 1)
        time.sleep(1)
        self.fill()

    def start(self, name, *arguments):
        log = open(self.folder / f"{name}.log", "ab")
        environment = {**os.environ, "SKIFF_CACHE": str(self.folder / f"cache-{name}")}
        command = [self.program, *map(str, arguments), *map(str, self.options)]
        self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def fill(self):
        """Starts executors until there are two, and waits for them."""
        self.processes = {name: process for name, process in self.processes.items() if process.poll() is None}
        while len(self.processes) < 3:
            name, self.started = f"executor-{self.started}", self.started + 1
            self.health[name] = port()
            self.start(name, "executor", "--scheduler-port", self.port, "--bind-port", port(), "--bind-grpc-port", port(),
                       "--bind-health-port", self.health[name], "--work-dir", self.work(name), "--vcores", 1,
                       "--executor-heartbeat-interval-seconds", 1)
        for name in self.executors():
            for _ in range(100):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{self.health[name]}/readyz").close()
                    break
                time.sleep(0.1)

    def work(self, name):
        work = self.folder / f"work-{name}"
        work.mkdir(exist_ok=True)
        return work

    def executors(self):
        return [name for name in self.processes if name != "scheduler"]

    def results(self):
        """How many files of finished tasks executors have."""
        return sum(1 for name in self.executors() for path in self.work(name).rglob("*") if path.is_file())

    def stop(self):
        for process in self.processes.values():
            process.kill()
            process.wait()


def registered(skiff_command, folder, path):
    """The address of a signed model in a registry, by an alias."""
    run = lambda *words, **options: subprocess.run([skiff_command, *map(str, words)], check=True, stdout=subprocess.DEVNULL, **options)
    registry, key, public = folder / "registry", folder / "key.pem", folder / "public.pem"
    if not registry.exists():
        run("registry", "init", registry)
        public.write_bytes(subprocess.run([skiff_command, "keygen", key], check=True, capture_output=True).stdout)
    run("sign", path, "--key", key)
    run("registry", "push", path, registry / path.stem, "--alias", "production")
    return f"{registry}/{path.stem}@production"


def in_ballista(sql, skiff_command, folder):
    # The keys are there before the executors, which require them.
    data = {kind: written(kind, folder, COUNT, parts=8) for kind in KINDS}
    addresses = {kind: registered(skiff_command, folder, path) for kind, (path, _) in data.items()}
    cluster = Cluster(sql.program, folder, "--require-signature", folder / "public.pem")
    sql.scheduler = ["--scheduler", f"df://127.0.0.1:{cluster.port}"]
    try:
        for kind, (path, files) in data.items():
            columns = skiff.open(path).feature_names_in_
            for method in METHODS:
                found = sql.frame(asks(method, addresses[kind], columns, files))
                yield kind, f"a version in a registry, signed, `{method}`", differences(found, expected(path, files, method))
        fetched = [folder / f"cache-{name}" / "models" for name in cluster.executors()]
        yield "all", "versions that no executor has fetched", len(KINDS) - max(len(list(cache.iterdir())) for cache in fetched)
        unsigned = folder / "unsigned.pkl"
        shutil.copy(folder / "forest.pkl", unsigned)
        said = sql.error(asks("predict", unsigned, NAMES, data["forest"][1]))
        yield "forest", "a model without signature: refused", int("unsigned.pkl" not in said)
        yield from kills(sql, cluster, skiff_command, folder)
    finally:
        cluster.stop()


def kills(sql, cluster, skiff_command, folder):
    """A job of some seconds, during which an executor is killed."""
    frame = rows("forest", 4000, seed=1)
    forest = RandomForestClassifier(300, random_state=0).fit(frame[NAMES], frame["a"] > frame["b"] * frame["c"])
    folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
    _, data = written("forest", folder, MANY, parts=16)
    path = folder / "large.pkl"
    path.write_bytes(pickle.dumps(forest))
    address = registered(skiff_command, folder.parent, path)
    answers = expected(path, data, "predict")
    query = asks("predict", address, NAMES, data)
    sql.frame(f"{query} LIMIT 10")
    for what in ("job", "job and its write by `-o`"):
        before = cluster.results()
        pids = lambda: [cluster.processes[name].pid for name in cluster.executors()]
        thread, said = killed(pids, lambda: cluster.results() >= before + 3)
        found = differences(sql.frame(query if "-o" in what else f"{query} ORDER BY id"), answers)
        thread.join(1)
        assert said, f"the {what} ended before an executor was killed"
        yield "forest", f"an executor killed (-9) in the middle of a {what}", found
        [process.wait() for process in cluster.processes.values() if process.pid in said]
        cluster.fill()
    # One of the two is the one that writes; a cluster of its own for each, as a job that does not end keeps others waiting.
    for victim, which in enumerate(("first", "second")):
        cluster.stop()
        cluster.start_all()
        sql.scheduler = ["--scheduler", f"df://127.0.0.1:{cluster.port}"]
        out = folder / f"copied-{which}"
        size = lambda: sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
        thread, said = killed(lambda: [cluster.processes[cluster.executors()[victim]].pid], size)
        found = copied(sql, query, out, answers)
        thread.join(1)
        assert said, "the write ended before an executor was killed"
        yield "forest", f"the {which} executor killed (-9) in the middle of a write by `COPY … TO`", found


def copied(sql, query, out, answers):
    """What Ballista makes of a statement that executors write for: it may never end, and is then given up."""
    command = sql.command(f"COPY ({query}) TO '{out}/' STORED AS PARQUET")
    try:
        subprocess.run(command, env=sql.environment, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return f"did not end in {PATIENCE} s"
    return differences(pd.concat([pd.read_parquet(file) for file in out.rglob("*.parquet")]), answers)


def main(engine, program, skiff_command, page):
    program, skiff_command = (str(pathlib.Path(path).resolve()) for path in (program, skiff_command))
    lines = [
        f"{subprocess.run([program, '--version'], capture_output=True, text=True, check=True).stdout.strip()} "
        f"{'in one process' if engine == 'datafusion' else 'with a scheduler and two executors on one machine'}, "
        f"{datetime.date.today():%Y-%m-%d}; {COUNT:,} rows" + ("." if engine == "datafusion" else f", {MANY:,} where a process is killed."),
        "",
        "| model | how | rows that differ, or failures |",
        "|---|---|--:|",
    ]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        sql = Sql(program, pathlib.Path(folder))
        for kind, how, found in {"datafusion": in_datafusion, "ballista": in_ballista}[engine](sql, skiff_command, pathlib.Path(folder)):
            print(kind, how, found, flush=True)
            lines.append(f"| {kind} | {how} | {found} |")
            # What Ballista does with COPY is reported, not expected.
            failed |= found != 0 and "COPY" not in how
    write_table(page, engine, lines)
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
