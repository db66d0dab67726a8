"""Predictions in Spark: skiff's `predict_udf`, MLflow's `spark_udf`, and a function of Arrow that does nothing, which is what
Spark itself costs. Writes rows per second into a page, between the lines `<!-- spark-speed -->` and `<!-- /spark-speed -->`.

    python benches/spark.py PAGE

One Spark on two cores; each way once to warm up, then three times in turn; the medians, with the least and the most. Where the
machine does other work, seconds of the processor, of Spark and its workers together, say more than those of the clock.
Results are computed and dropped.
"""

import datetime
import os
import pathlib
import re
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator

import mlflow
import mlflow.sklearn
import pandas as pd
import psutil
import pyarrow as pa
import pyspark
import skiff.mlflow
from pyspark.sql import SparkSession
from pyspark.sql.functions import arrow_udf, struct
from scale import NAMES, ROWS, tables
from skiff.integrations import spark as skiff_spark


def nothing(batches: Iterator[tuple[pa.Array, ...]]) -> Iterator[pa.Array]:
    for arrays in batches:
        yield arrays[0]


def ways(session, folder):
    """Each way, as the column that it makes."""
    forest = pd.read_pickle(folder / "forest.pkl")
    mlflow.sklearn.save_model(forest, folder / "of-mlflow", serialization_format="cloudpickle")
    skiff.mlflow.save_model(folder / "forest.pkl", folder / "of-skiff")
    of_mlflow = lambda name: mlflow.pyfunc.spark_udf(session, str(folder / name), env_manager="local", result_type="boolean")
    return {
        "a function that returns its first column": arrow_udf(nothing, "double")(*NAMES),
        "skiff's `predict_udf`": skiff_spark.predict_udf(session, folder / "forest.pkl")(*NAMES),
        "`mlflow.pyfunc.spark_udf`, a folder of `mlflow.sklearn`": of_mlflow("of-mlflow")(struct(*NAMES)),
        "`mlflow.pyfunc.spark_udf`, a folder of skiff": of_mlflow("of-skiff")(struct(*NAMES)),
    }


#: How often the rows are read: a job of a second is mostly start-up.
TIMES = 4


def processor():
    """Seconds of the processor of Spark and of its workers, which it keeps from job to job."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            used = process.cpu_times()
        except psutil.Error:
            continue
        total += used.user + used.system + used.children_user + used.children_system
    return total


def main(page):
    os.environ |= {"OMP_NUM_THREADS": "1", "PYSPARK_PYTHON": sys.executable}
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tables(folder)
        builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        rows = session.read.parquet(str(folder / "data"))
        columns = ways(session, folder)
        many = rows
        for _ in range(TIMES - 1):
            many = many.union(rows)
        answers = {what: rows.select("id", column.alias("p")).toPandas().sort_values("id")["p"] for what, column in columns.items()}
        labels = list(answers.values())[1:]
        assert all((found.to_numpy() == labels[0].to_numpy()).all() for found in labels)
        times = {what: [] for what in columns}
        for _ in range(3):
            for what, column in columns.items():
                start, before = time.perf_counter(), processor()
                many.select("id", column).write.format("noop").mode("overwrite").save()
                times[what].append((time.perf_counter() - start, processor() - before))
                print(what, *(f"{seconds:.2f}" for seconds in times[what][-1]), f"load {os.getloadavg()[0]:.1f}", flush=True)
        session.stop()
    lines = [
        f"pyspark {pyspark.__version__} on two cores of one machine that did other work, MLflow {mlflow.__version__}, "
        f"{datetime.date.today():%Y-%m-%d}; {TIMES * ROWS:,} rows of 64 numbers, a forest of 200 trees.",
        "",
        "| | rows per second | least to most | rows per second of the processor |",
        "|---|--:|--:|--:|",
    ]
    for what, measured in times.items():
        clock, used = ([TIMES * ROWS / seconds for seconds in each] for each in zip(*measured))
        middle, spread = statistics.median(clock), f"{min(clock):,.0f} to {max(clock):,.0f}"
        lines.append(f"| {what} | {middle:,.0f} | {spread} | {statistics.median(used):,.0f} |")
    print("\n".join(lines))
    page = pathlib.Path(page)
    begin, end = "<!-- spark-speed -->", "<!-- /spark-speed -->"
    block = "\n".join([begin, "", *lines, "", end])
    page.write_text(re.sub(f"{begin}.*{end}", lambda _: block, page.read_text(), flags=re.DOTALL))


if __name__ == "__main__":
    main(*sys.argv[1:])
