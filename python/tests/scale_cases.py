"""`cargo xtask peers spark|ray`: the same Parquet files in a cluster of two workers and in scikit-learn, also when one of them is
killed in the middle of a job. Writes the results into a page, between the lines `<!-- spark -->` and `<!-- /spark -->`.

    python scale_cases.py spark|ray PAGE
"""

import datetime
import os
import pathlib
import pickle
import re
import signal
import sys
import tempfile
import threading
import time

import numpy as np
import pandas as pd
import skiff
from engines import KINDS, written

COUNT = 20_000
METHODS = ("predict", "predict_proba")


def expected(path, data, method):
    """skiff's answers for what pandas reads, which for labels are scikit-learn's."""
    frame = pd.read_parquet(data).sort_values("id")
    model = skiff.open(path)
    found = getattr(model, method)(frame[list(model.feature_names_in_)])
    estimator = pickle.loads(path.read_bytes())
    columns = frame[list(estimator.feature_names_in_)]
    if method == "predict":
        assert np.array_equal(found, estimator.predict(columns))
    else:
        np.testing.assert_allclose(found, estimator.predict_proba(columns), rtol=1e-12)
    return found


def differences(found, answers):
    """How many rows of a frame of `id` and answers differ in any bit, are lost, or are there twice."""
    found = found.sort_values("id")
    if found["id"].tolist() != list(range(len(answers))):
        return f"{len(found)} rows of {len(answers)}"
    values = found.iloc[:, 1]
    values = np.array(values.tolist()) if answers.ndim == 2 else values.to_numpy()
    if answers.dtype.kind == "f":
        values, answers = values.view(np.uint64), answers.view(np.uint64)
    wrong = values != answers
    return int(np.sum(wrong.any(axis=1) if wrong.ndim == 2 else wrong))


def processes(*words):
    """The processes whose arguments contain all words."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if all(word in text for word in words):
                found.append(int(entry.name))
    return found


def killed(find, begun):
    """Kills one of the processes that `find` gives, as soon as `begun` says so."""
    said = []

    def wait():
        while not begun():
            time.sleep(0.02)
        process = find()[0]
        os.kill(process, signal.SIGKILL)
        said.append(process)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread, said


#: Makes importing scikit-learn an error.
WITHOUT_SCIKIT_LEARN = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "sklearn":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Without())
"""


def can_import(_):
    """Whether a worker can import scikit-learn."""
    try:
        import sklearn  # noqa: F401
    except ModuleNotFoundError:
        return 0
    return 1


def in_spark(folder):
    from pyspark.sql import SparkSession
    from skiff.integrations import spark

    import mlflow.pyfunc
    import skiff.mlflow
    from pyspark.sql.functions import struct

    # Every Python of an executor runs this when it starts.
    (folder / "workers").mkdir()
    (folder / "workers" / "sitecustomize.py").write_text(WITHOUT_SCIKIT_LEARN)
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("skiff")
    settings = {
        "spark.ui.enabled": "false",
        "spark.executorEnv.PYTHONPATH": os.pathsep.join([str(folder / "workers"), *sys.path]),
        "spark.executorEnv.OMP_NUM_THREADS": "1",
        "spark.executor.memory": "1g",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "2000",
        "spark.pyspark.python": sys.executable,
        # The Snappy of Java is not there for every C library.
        "spark.sql.parquet.compression.codec": "zstd",
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    application = session.sparkContext.applicationId
    yield "all", "workers that can import scikit-learn", sum(session.sparkContext.parallelize(range(4), 4).map(can_import).collect())
    for kind in KINDS:
        path, data = written(kind, folder, COUNT, parts=8)
        frame = session.read.parquet(str(data))
        for method in METHODS:
            answers = expected(path, data, method)
            columns = skiff.open(path).feature_names_in_
            called = frame.select("id", spark.predict_udf(session, path, method=method)(*columns))
            yield kind, f"`predict_udf`, `{method}`", differences(called.toPandas(), answers)
            mapped = spark.predict(path, frame, method=method, keep=["id"])
            yield kind, f"`mapInArrow`, `{method}`", differences(mapped.toPandas(), answers)
            saved = folder / f"{kind}-{method}"
            skiff.mlflow.save_model(path, saved, method=method)
            of = {"f": "double", "b": "boolean"}.get(answers.dtype.kind, "string")
            asked = mlflow.pyfunc.spark_udf(session, str(saved), env_manager="local", result_type=f"array<{of}>" if answers.ndim == 2 else of)
            found = frame.select("id", asked(struct(*columns)).alias("p")).toPandas()
            yield kind, f"`mlflow.pyfunc.spark_udf`, `{method}`", differences(found, answers)
    # One task after the other on each executor, slow enough to be killed in the middle.
    path, data = written("forest", pathlib.Path(tempfile.mkdtemp(dir=folder)), 400_000, parts=16)
    answers = expected(path, data, "predict")
    frame = session.read.parquet(str(data)).repartition(32)
    for what in ("job", "write"):
        tracker = session.sparkContext.statusTracker()
        finished = lambda: sum(
            info.numCompletedTasks
            for stage in tracker.getActiveStageIds()
            if (info := tracker.getStageInfo(stage)) and info.numTasks == 32
        )
        thread, said = killed(lambda: processes("CoarseGrainedExecutorBackend", application), lambda: finished() >= 3)
        query = spark.predict(path, frame, keep=["id"])
        if what == "job":
            found = query.toPandas()
        else:
            out = folder / "out.parquet"
            query.write.parquet(str(out))
            found = pd.read_parquet(out)
        thread.join(1)
        assert said, f"the {what} ended before an executor was killed"
        yield "forest", f"an executor killed (-9) in the middle of a {what}", differences(found, answers)
    session.stop()


def in_ray(folder):
    import ray
    from ray.cluster_utils import Cluster
    from skiff.integrations import ray as integration

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "object_store_memory": 200 << 20})
    cluster.add_node(num_cpus=2, object_store_memory=200 << 20)
    ray.init(address=cluster.address, log_to_driver=False, runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(sys.path)}})
    ray.data.DataContext.get_current().enable_progress_bars = False
    for kind in KINDS:
        path, data = written(kind, folder, COUNT, parts=8)
        for method in METHODS:
            dataset = ray.data.read_parquet(str(data))
            found = integration.predict(path, dataset, method=method, keep=["id"]).to_pandas()
            yield kind, f"`map_batches`, `{method}`", differences(found, expected(path, data, method))
    path, data = written("forest", pathlib.Path(tempfile.mkdtemp(dir=folder)), 400_000, parts=16)
    answers = expected(path, data, "predict")
    for what in ("job", "write"):
        before = time.monotonic()
        workers = lambda: processes("ray::", "MapBatches(_Predict)")
        thread, said = killed(workers, lambda: time.monotonic() > before + 0.2 and workers())
        dataset = integration.predict(path, ray.data.read_parquet(str(data)), keep=["id"], batch_size=1000)
        if what == "job":
            found = dataset.to_pandas()
        else:
            dataset.write_parquet(str(folder / "out"))
            found = pd.read_parquet(folder / "out")
        thread.join(1)
        assert said, f"the {what} ended before a worker was killed"
        yield "forest", f"a worker killed (-9) in the middle of a {what}", differences(found, answers)
    ray.shutdown()
    cluster.shutdown()


def main(engine, page):
    package = {"spark": "pyspark", "ray": "ray"}[engine]
    version = __import__(package).__version__
    lines = [
        f"{package} {version} with two workers on one machine, {datetime.date.today():%Y-%m-%d}; "
        f"{COUNT:,} rows, 400,000 where a process is killed.",
        "",
        "| model | how | rows that differ |",
        "|---|---|--:|",
    ]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for kind, how, found in {"spark": in_spark, "ray": in_ray}[engine](pathlib.Path(folder)):
            print(kind, how, found, flush=True)
            lines.append(f"| {kind} | {how} | {found} |")
            failed |= found != 0
    write_table(page, engine, lines)
    return failed


def write_table(page, engine, lines):
    """Replaces what is between the engine's marks in a page."""
    page = pathlib.Path(page)
    begin, end = f"<!-- {engine} -->", f"<!-- /{engine} -->"
    block = "\n".join([begin, "", *lines, "", end])
    page.write_text(re.sub(f"{begin}.*{end}", lambda _: block, page.read_text(), flags=re.DOTALL))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
