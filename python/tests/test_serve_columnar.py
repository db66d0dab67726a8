"""Bodies of Parquet and Arrow, as pyarrow, pandas and polars write them: the answers are those of JSON, and a stranger's
body takes no more than the limits."""

import io
import json
import pathlib
import random
import urllib.error
import urllib.request

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from conftest import ROOT
from servers import serving

EXAMPLES = ROOT / "examples"
PARQUET = "application/vnd.apache.parquet"
ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def server():
    models = [EXAMPLES / f"{name}.joblib" for name in ("iris-svc", "passengers", "digits-forest", "spam-filter")]
    with serving(*models) as addresses:
        yield addresses["http"]


def ask(server, model, body, content_type, query=""):
    """The status, and the reply."""
    url = f"http://{server}/models/{model}/invocations{query}"
    request = urllib.request.Request(url, data=body, headers={"Content-Type": content_type})
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def of_json(server, model, frame, method="predict_proba"):
    """What the same rows get as JSON."""
    body = {"dataframe_split": json.loads(frame.to_json(orient="split", index=False, double_precision=15))}
    body["params"] = {"method": method}
    status, reply = ask(server, model, json.dumps(body).encode(), "application/json")
    assert status == 200, reply
    return reply


def parquet(table, **how):
    out = io.BytesIO()
    pq.write_table(table, out, **how)
    return out.getvalue()


def stream(table, compression=None, chunk=None):
    out = io.BytesIO()
    options = pyarrow.ipc.IpcWriteOptions(compression=compression)
    with pyarrow.ipc.new_stream(out, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=chunk)
    return out.getvalue()


def passengers(count=500):
    pick = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "rank": pick.integers(1, 4, count),
            "sex": pick.choice(["male", "female"], count),
            "age": np.where(pick.random(count) < 0.2, np.nan, pick.integers(1, 80, count) / 4),
            "fare": pick.integers(0, 400, count) / 4,
            "port": pick.choice(["Cherbourg", "Queenstown", "Southampton"], count),
            "alone": pick.random(count) < 0.5,
        }
    )


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "lz4", "gzip"])
@pytest.mark.parametrize("how", [{}, {"use_dictionary": False}, {"data_page_version": "2.0"}, {"row_group_size": 70}])
def test_parquet_is_answered_as_json(server, compression, how):
    frame = passengers()
    body = parquet(pa.Table.from_pandas(frame), compression=compression, **how)
    reply = ask(server, "passengers", body, PARQUET, "?method=predict_proba")
    assert reply == (200, of_json(server, "passengers", frame))


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("chunk", [None, 33])
def test_arrow_streams_are_answered_as_json(server, compression, chunk):
    frame = passengers()
    body = stream(pa.Table.from_pandas(frame), compression, chunk)
    reply = ask(server, "passengers", body, ARROW, "?method=predict_proba")
    assert reply == (200, of_json(server, "passengers", frame))


@pytest.mark.parametrize("text", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())])
def test_types_of_text_and_numbers(server, text):
    frame = passengers(40)
    table = pa.Table.from_pandas(frame, preserve_index=True)
    for name, of in {"sex": text, "port": text, "rank": pa.int16(), "fare": pa.float32()}.items():
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(of))
    expected = of_json(server, "passengers", frame)
    assert ask(server, "passengers", stream(table), ARROW, "?method=predict_proba") == (200, expected)
    # Columns that the model does not have are left out, and other orders are as good.
    table = table.append_column("note", pa.array([["a"]] * 40)).select(["note", *reversed(table.column_names)])
    assert ask(server, "passengers", parquet(table), PARQUET, "?method=predict_proba") == (200, expected)


def test_other_writers_and_names_of_the_content_type(server):
    frame = passengers(60)
    expected = of_json(server, "passengers", frame)
    out = io.BytesIO()
    frame.to_parquet(out)
    for content_type in (PARQUET, "application/x-parquet", "application/parquet; charset=binary"):
        assert ask(server, "passengers", out.getvalue(), content_type, "?method=predict_proba") == (200, expected)
    out, streamed = io.BytesIO(), io.BytesIO()
    pl.from_pandas(frame).write_parquet(out)
    pl.from_pandas(frame).write_ipc_stream(streamed, compression="zstd")
    assert ask(server, "passengers", out.getvalue(), PARQUET, "?method=predict_proba") == (200, expected)
    assert ask(server, "passengers", streamed.getvalue(), ARROW, "?method=predict_proba") == (200, expected)


def test_models_without_names_and_of_texts(server):
    names = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
    rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])
    table = pa.table(dict(zip(names, rows.T, strict=True)))
    expected = {"predictions": ["setosa", "virginica"]}
    assert ask(server, "iris-svc", parquet(table), PARQUET) == (200, expected)
    assert ask(server, "iris-svc", stream(table), ARROW) == (200, expected)
    digits = np.random.default_rng(1).integers(0, 17, (30, 64)).astype(np.float64)
    table = pa.table({f"pixel {column}": digits[:, column] for column in range(64)})
    _, expected = ask(server, "digits-forest", json.dumps({"instances": digits.tolist()}).encode(), "application/json")
    assert ask(server, "digits-forest", parquet(table), PARQUET) == (200, expected)
    table = pa.table({"message": ["free prize, call now", "see you at lunch"]})
    assert ask(server, "spam-filter", parquet(table), PARQUET) == (200, {"predictions": ["spam", "ham"]})


def refused(server, model, body, content_type, status, part):
    found, reply = ask(server, model, body, content_type)
    assert (found, part in reply["error"]) == (status, True), (found, reply)
    assert reply["code"]


def test_what_is_refused_is_said(server):
    table = pa.Table.from_pandas(passengers(5))
    refused(server, "passengers", parquet(table.drop_columns(["age"])), PARQUET, 400, "the column `age` is missing")
    nested = table.set_column(0, "rank", pa.array([[1, 2]] * 5))
    refused(server, "passengers", parquet(nested), PARQUET, 400, "column `rank`: expected numbers, text, bools or dates")
    refused(server, "passengers", stream(nested), ARROW, 400, "column `rank`: expected numbers, text, bools or dates")
    refused(server, "passengers", stream(table), PARQUET, 400, "expected a Parquet file")
    refused(server, "passengers", b"", PARQUET, 400, "expected a Parquet file")
    refused(server, "passengers", b"", ARROW, 400, "the body: ")
    file = io.BytesIO()
    with pyarrow.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    refused(server, "passengers", file.getvalue(), ARROW, 400, "expected an Arrow stream, found an Arrow file")
    delta = parquet(table, use_dictionary=False, column_encoding={"sex": "DELTA_BYTE_ARRAY"})
    refused(server, "passengers", delta, PARQUET, 400, "column `sex`: its texts are encoded by their differences")
    refused(server, "passengers", parquet(table), "application/avro", 415, "application/vnd.apache.parquet")
    found, reply = ask(server, "passengers", parquet(table), PARQUET, "?method=transform")
    assert found == 400 and "no method `transform`" in reply["error"]


def test_bodies_beyond_the_limits():
    """The server lives, and its memory with it: a dictionary of one long text for many rows, decompression bombs."""
    with serving(EXAMPLES / "spam-filter.joblib", "--max-body", "1000000", "--max-rows", "50000") as addresses:
        server = addresses["http"]
        long = pa.DictionaryArray.from_arrays(pa.array(np.zeros(50000, np.int32)), pa.array(["spam " * 20000]))
        table = pa.table({"message": long})
        refused(server, "spam-filter", stream(table), ARROW, 413, "more memory than the limit")
        plain = parquet(table, compression="none")
        assert len(plain) < 1000000
        refused(server, "spam-filter", plain, PARQUET, 413, "more memory than the limit")
        zeros = pa.table({"message": ["\0" * 40_000_000]})
        for compression in ("zstd", "gzip", "snappy"):
            body = parquet(zeros, compression=compression, use_dictionary=False, write_statistics=False)
            if len(body) < 1000000:
                refused(server, "spam-filter", body, PARQUET, 413, "more memory than the limit")
        for compression in ("lz4", "zstd"):
            refused(server, "spam-filter", stream(zeros, compression), ARROW, 413, "more than the limit")
        many = pa.table({"message": pa.array(["a"]).take(pa.array(np.zeros(50001, np.int64)))})
        refused(server, "spam-filter", parquet(many), PARQUET, 400, "at most 50000 rows")
        refused(server, "spam-filter", stream(many, "zstd"), ARROW, 400, "at most 50000 rows")
        nothing = pa.table({"message": pa.nulls(40000), **{f"x{at}": pa.nulls(40000) for at in range(3000)}})
        refused(server, "spam-filter", stream(nothing), ARROW, 413, "more memory than the limit")
        assert ask(server, "spam-filter", parquet(many.slice(0, 3)), PARQUET)[0] == 200
        status = pathlib.Path(f"/proc/{addresses['pid']}/status")
        if status.exists():
            (peak,) = (int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
            assert peak < 200_000, f"{peak} kB"


def test_damaged_bodies_are_refused(server):
    """Never the server's fault, and never another answer than an error or that of the rows that are there."""
    pick = random.Random(3)
    table = pa.Table.from_pandas(passengers(30))
    for body, content_type in [
        (parquet(table, compression="zstd"), PARQUET),
        (parquet(table, compression="none", use_dictionary=False), PARQUET),
        (stream(table), ARROW),
        (stream(table, "lz4", 7), ARROW),
    ]:
        for _ in range(60):
            damaged = bytearray(body[: pick.randrange(len(body))] if pick.random() < 0.3 else body)
            for _ in range(pick.randrange(1, 4)):
                if damaged:
                    damaged[pick.randrange(len(damaged))] = pick.randrange(256)
            status, reply = ask(server, "passengers", bytes(damaged), content_type)
            assert status in (200, 400, 413), (status, reply)
