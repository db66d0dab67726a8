"""Polars, DuckDB, Dask, pandas and the command give the answers of scikit-learn for the same Parquet files."""

import pickle
import subprocess
import threading

import dask.dataframe
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import skiff
from conftest import COMMAND
from engines import KINDS, rows, written
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import NearestNeighbors

import skiff.integrations.dask
import skiff.integrations.duckdb
import skiff.integrations.pandas
import skiff.integrations.polars
from skiff.integrations._carried import Carried

ROWS = 3000


@pytest.fixture(scope="module", params=KINDS)
def case(request, tmp_path_factory):
    """A model's file, its data, and the answers of scikit-learn and of skiff."""
    path, data = written(request.param, tmp_path_factory.mktemp("engines"), ROWS)
    frame, estimator = pd.read_parquet(data), pickle.loads(path.read_bytes())
    opened = skiff.open(path)
    columns = frame[list(estimator.feature_names_in_)]
    answers = {
        "predict": np.asarray(estimator.predict(columns)),
        "predict_proba": opened.predict_proba(columns),
    }
    assert np.array_equal(opened.predict(columns), answers["predict"])
    np.testing.assert_allclose(answers["predict_proba"], estimator.predict_proba(columns), rtol=1e-12)
    return path, data, answers


def same(found, expected):
    found = np.asarray(found)
    if expected.ndim == 2 and found.ndim == 1:
        found = np.array([list(row) for row in found])
    assert found.shape == expected.shape
    if expected.dtype.kind == "f":
        assert np.array_equal(found.view(np.uint64), expected.view(np.uint64))
    else:
        assert found.tolist() == expected.tolist()


METHODS = ["predict", "predict_proba"]


@pytest.mark.parametrize("method", METHODS)
def test_the_command(case, tmp_path, method):
    path, data, answers = case
    out = tmp_path / "out.parquet"
    subprocess.run([COMMAND, "predict", path, data, "-m", method, "-o", out], check=True)
    found = pd.read_parquet(out)
    same(found.iloc[:, 0] if method == "predict" else found, answers[method])


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
@pytest.mark.parametrize("method", METHODS)
def test_polars(case, method, engine):
    path, data, answers = case
    expression = skiff.integrations.polars.predict(path, method=method)
    query = pl.scan_parquet(data / "*.parquet").select("id", expression)
    found = query.collect(engine=engine).sort("id")
    # Known before there are rows.
    assert query.collect_schema()[found.columns[1]] == found.dtypes[1]
    same(found.to_series(1).to_numpy(), answers[method])
    eager = pl.read_parquet(data / "*.parquet").with_columns(expression)
    same(eager[found.columns[1]].to_numpy(), answers[method])


@pytest.mark.parametrize("method", METHODS)
def test_duckdb(case, method):
    path, data, answers = case
    connection = duckdb.connect()
    skiff.integrations.duckdb.register(connection, "predicted", path, method=method)
    names = ", ".join(skiff.open(path).feature_names_in_)
    found = connection.sql(f"SELECT id, predicted({names}) AS answer FROM '{data}/*.parquet' ORDER BY id").fetchall()
    same([row[1] for row in found], answers[method])


@pytest.mark.parametrize("method", METHODS)
def test_dask(case, method):
    path, data, answers = case
    frame = dask.dataframe.read_parquet(data)
    found = skiff.integrations.dask.predict(path, frame, method=method)
    assert frame.npartitions > 1
    computed = found.compute(scheduler="threads")
    if method == "predict_proba":
        assert list(found.columns) == list(computed.columns)
    same(computed, answers[method])
    # The bytes of the model are in the graph once.
    graph = pickle.dumps(found.optimize().__dask_graph__())
    assert len(graph) < path.stat().st_size + 100_000


@pytest.mark.parametrize("method", METHODS)
def test_pandas(case, method):
    path, data, answers = case
    frame = pd.read_parquet(data).set_index("id")
    found = skiff.integrations.pandas.predict(skiff.open(path), frame, method=method)
    assert found.index.equals(frame.index)
    same(found, answers[method])


def test_a_model_is_opened_once_in_a_process(case):
    path, _, _ = case
    carried = pickle.loads(pickle.dumps(Carried(path)))
    found = []
    threads = [threading.Thread(target=lambda: found.append(carried.open())) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(found) == 8 and len({id(model) for model in found}) == 1 and Carried(path).open() is found[0]


def test_a_model_without_names_takes_columns_by_position(tmp_path):
    frame = rows("forest", 50)[["a", "b"]]
    estimator = LinearRegression().fit(frame.to_numpy(), frame["a"])
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(estimator))
    with pytest.raises(TypeError, match="columns="):
        skiff.integrations.polars.predict(path)
    expression = skiff.integrations.polars.predict(path, ["b", pl.col("a") * 2])
    found = pl.from_pandas(frame).select(expression).to_series()
    np.testing.assert_allclose(found, estimator.predict(frame.assign(a=frame["a"] * 2)[["b", "a"]].to_numpy()), rtol=1e-12)
    connection = duckdb.connect()
    skiff.integrations.duckdb.register(connection, "predicted", path)
    assert len(connection.sql("SELECT predicted(a, b) FROM frame").fetchall()) == 50


def test_several_arrays_are_a_struct(tmp_path):
    frame = rows("forest", 50)[["a", "b"]]
    estimator = NearestNeighbors(n_neighbors=3).fit(frame)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(estimator))
    found = pl.from_pandas(frame).select(skiff.integrations.polars.predict(path, method="kneighbors")).to_series()
    distances, indices = estimator.kneighbors(frame)
    assert found.dtype == pl.Struct({"0": pl.Array(pl.Float64, 3), "1": pl.Array(pl.Int64, 3)})
    np.testing.assert_allclose(found.struct["0"].to_numpy(), distances, rtol=1e-10, atol=1e-12)
    assert np.array_equal(found.struct["1"].to_numpy(), indices)


def test_what_is_wrong_is_told(case):
    path, data, _ = case
    with pytest.raises(skiff.WrongInputError, match="no method `score_samples`"):
        skiff.integrations.polars.predict(path, method="score_samples")
    method = Carried(path).method("predict")
    with pytest.raises(skiff.WrongInputError, match="is missing"):
        method(pa.record_batch({"other": [1.0]}))
    with pytest.raises(skiff.WrongInputError, match="expected columns, found an array of Int64"):
        method(pa.array([1]))
    with pytest.raises(TypeError, match="expected a record batch"):
        method([1])
    table = pa.table(pd.read_parquet(data))
    same(pa.array(method(table)).to_pylist(), np.asarray(pa.array(method(table.combine_chunks())).to_pylist()))
    assert len(method(table.slice(0, 0))) == 0
