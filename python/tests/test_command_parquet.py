"""`skiff predict` on Parquet and Arrow files: the answers of scikit-learn for what pandas reads from them, bit for bit."""

import datetime
import decimal
import json
import os
import pickle
import resource
import signal
import subprocess
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from conftest import COMMAND
from sklearn.compose import make_column_transformer
from sklearn.decomposition import NMF
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

ROWS = 1000
NAMES = ["a", "b", "c", "d"]


def numbers(rows=ROWS, seed=0):
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(rows, 4)), columns=NAMES)


def mixed(rows=ROWS, seed=0):
    """Columns of many types, with missing cells."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "age": rng.integers(0, 90, rows),
        "fare": rng.normal(size=rows).astype(np.float32),
        "size": pd.array(rng.integers(0, 9, rows), dtype="Int64"),
        "alone": rng.integers(0, 2, rows).astype(bool),
        "port": rng.choice(["C", "Q", "S"], rows),
        "deck": pd.Categorical(rng.choice(["A", "B", "C"], rows)),
        "when": pd.to_datetime(rng.integers(0, 10**9, rows), unit="s"),
    })
    frame.loc[rng.random(rows) < 0.1, ["age", "size"]] = None
    frame.loc[rng.random(rows) < 0.1, ["port", "deck"]] = None
    return frame


def mixed_model(frame):
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "fare", "size"]),
        (OneHotEncoder(handle_unknown="ignore"), ["port", "deck", "alone"]),
    )
    return make_pipeline(columns, LogisticRegression()).fit(frame, np.arange(len(frame)) % 3)


def dumped(model, folder):
    path = folder / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    return path


def run(*arguments, input=None):
    done = subprocess.run([COMMAND, "predict", *map(str, arguments)], capture_output=True, input=input)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def refused(*arguments):
    done = subprocess.run([COMMAND, "predict", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stderr


def same(found, expected):
    """Whether all columns of a frame have the bits of an array."""
    found = found.to_numpy()
    expected = np.asarray(expected).reshape(found.shape)
    assert found.dtype == expected.dtype
    if found.dtype.kind == "f":
        assert np.array_equal(found.view(f"u{found.itemsize}"), expected.view(f"u{found.itemsize}"))
    else:
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "arrows"])
@pytest.mark.parametrize("kind", ["forest", "text", "mixed"])
def test_answers_are_those_of_scikit_learn(tmp_path, kind, suffix):
    if kind == "forest":
        frame = numbers()
        model = RandomForestClassifier(20, random_state=0).fit(frame, frame["a"] > frame["b"])
    elif kind == "text":
        words = np.random.default_rng(0).choice(["free", "prize", "mum", "late", "see you"], (ROWS, 5))
        frame = pd.DataFrame({"text": [" ".join(row) for row in words], "n": np.arange(ROWS)})
        columns = make_column_transformer((TfidfVectorizer(), "text"), (MinMaxScaler(), ["n"]))
        model = make_pipeline(columns, LogisticRegression()).fit(frame, frame["text"].str.contains("free"))
    else:
        frame = mixed()
        model = mixed_model(frame)
    path, data, out = dumped(model, tmp_path), tmp_path / f"rows.{suffix}", tmp_path / "out.parquet"
    table = pa.Table.from_pandas(frame)
    if suffix == "parquet":
        pq.write_table(table, data, row_group_size=300)
    elif suffix == "arrow":
        pyarrow.feather.write_feather(table, data, chunksize=300)
    else:
        with pa.ipc.new_stream(data, table.schema) as writer:
            writer.write_table(table, max_chunksize=300)
    frame = pd.read_parquet(data) if suffix == "parquet" else table.to_pandas()
    run(path, data, "-o", out)
    same(pd.read_parquet(out)[["prediction"]], model.predict(frame))
    run(path, data, "-m", "predict_proba", "-o", out)
    # Sums of products have another order than scikit-learn's.
    np.testing.assert_allclose(pd.read_parquet(out).to_numpy(), model.predict_proba(frame), rtol=1e-12)
    if suffix == "arrows":
        assert run(path, "-", "--data-format", "arrow", input=data.read_bytes()) == run(path, data)


COLUMNS = {
    "int8": pa.array([1, -2, 3], pa.int8()),
    "int16": pa.array([1, -2, 3], pa.int16()),
    "int32": pa.array([1, -2, 3], pa.int32()),
    "int64": pa.array([1, -2, 2**62], pa.int64()),
    "uint8": pa.array([1, 2, 255], pa.uint8()),
    "uint16": pa.array([1, 2, 3], pa.uint16()),
    "uint32": pa.array([1, 2, 2**32 - 1], pa.uint32()),
    "uint64": pa.array([1, 2, 2**63 - 1], pa.uint64()),
    "float32": pa.array([1.5, 2, 0.1], pa.float32()),
    "float64": pa.array([1.5, 2, 0.1], pa.float64()),
    "float16": pa.array(np.array([1.5, 2, 0.1], np.float16)),
    "bool": pa.array([True, False, True]),
    "decimal": pa.array([decimal.Decimal("1.50"), decimal.Decimal("-0.10"), decimal.Decimal("123.45")]),
    "dictionary of int": pa.array([7, 8, 7]).dictionary_encode(),
}
MISSING = ["int8", "int64", "uint64", "float32", "float64", "float16", "bool", "decimal", "dictionary of int"]


def column(name, with_nulls):
    array = COLUMNS[name]
    if with_nulls:
        array = pa.concat_arrays([array, pa.nulls(1, array.type)])
    return array


def read(table, folder):
    data = folder / "rows.parquet"
    pq.write_table(table, data, row_group_size=2)
    return data, pd.read_parquet(data)


@pytest.mark.parametrize("name, with_nulls", [(name, False) for name in COLUMNS] + [(name, True) for name in MISSING])
def test_numbers_of_every_type(tmp_path, name, with_nulls):
    data, frame = read(pa.table({"c": column(name, with_nulls)}), tmp_path)
    model = make_pipeline(SimpleImputer(strategy="constant", fill_value=-1.0), MinMaxScaler())
    train = pd.DataFrame({"c": [0.0, 3.0]})
    if name == "bool" and not with_nulls:
        model = MinMaxScaler()
    if name == "float16":
        # What computes in float16 is refused.
        model = HistGradientBoostingRegressor(max_iter=2).fit(train, [0, 1])
        assert "float16" in refused(dumped(MinMaxScaler().fit(train), tmp_path), data, "-m", "transform")
    method = "predict" if name == "float16" else "transform"
    path, out = dumped(model.fit(train, [0, 1]), tmp_path), tmp_path / "out.parquet"
    try:
        expected = getattr(model, method)(frame)
    except (TypeError, ValueError):
        refused(path, data, "-m", method)
        return
    run(path, data, "-m", method, "-o", out)
    same(pd.read_parquet(out), expected)


@pytest.mark.parametrize("name, with_nulls", [(name, False) for name in COLUMNS] + [(name, True) for name in MISSING])
def test_columns_that_are_passed_through_keep_their_dtype(tmp_path, name, with_nulls):
    if name in ("float16", "decimal", "bool") and (with_nulls or name != "bool"):
        pytest.skip("objects and float16 are text and an error")
    data, frame = read(pa.table({"c": column(name, with_nulls)}), tmp_path)
    model = make_column_transformer(("passthrough", ["c"])).fit(frame)
    path, out = dumped(model, tmp_path), tmp_path / "out.parquet"
    run(path, data, "-m", "transform", "-o", out)
    same(pd.read_parquet(out), model.transform(frame))


TEXTS = {
    "string": pa.string(),
    "large": pa.large_string(),
    "view": pa.string_view(),
    "dictionary": pa.dictionary(pa.int8(), pa.string()),
}


@pytest.mark.parametrize("fitted_on", ["NaN", "None", "none missing"])
@pytest.mark.parametrize("layout", TEXTS)
def test_text_in_every_layout(tmp_path, layout, fitted_on):
    cells = ["x", "Grün", None, "", "x"] if fitted_on != "none missing" else ["x", "Grün", "", "x"]
    data, frame = read(pa.table({"c": pa.array(cells).cast(TEXTS[layout])}), tmp_path)
    if fitted_on == "None":
        frame = frame.astype(object).where(frame.notna(), None)
    model = OneHotEncoder(sparse_output=False).fit(frame)
    path, out = dumped(model, tmp_path), tmp_path / "out.parquet"
    run(path, data, "-m", "transform", "-o", out)
    same(pd.read_parquet(out), model.transform(frame))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("encoder", [OneHotEncoder(sparse_output=False, handle_unknown="ignore"), OrdinalEncoder()])
def test_dates(tmp_path, unit, encoder):
    table = pa.table({"c": pa.array([86_400, 2 * 86_400, 86_400], pa.timestamp(unit))})
    data, frame = read(table, tmp_path)
    model = encoder.fit(frame)
    path, out = dumped(model, tmp_path), tmp_path / "out.parquet"
    run(path, data, "-m", "transform", "-o", out)
    same(pd.read_parquet(out), model.transform(frame))


def test_a_null_in_another_row_group_counts(tmp_path):
    model = make_column_transformer(("passthrough", ["c"]))
    for cells, dtype in [([7] * 5, np.int64), ([7] * 4 + [None], np.float64)]:
        data, frame = read(pa.table({"c": pa.array(cells, pa.int64())}), tmp_path)
        expected = model.fit(frame).transform(frame)
        assert expected.dtype == dtype
        path, out = dumped(model, tmp_path), tmp_path / "out.parquet"
        run(path, data, "-m", "transform", "-o", out)
        same(pd.read_parquet(out), expected)
        assert pq.read_metadata(out).num_row_groups == 1


def test_what_no_estimator_computes_with_may_be_kept(tmp_path):
    frame = numbers(3)
    table = pa.Table.from_pandas(frame).append_column("day", pa.array([datetime.date(2024, 2, 29)] * 3))
    table = table.append_column("when", pa.array([1, None, -1], pa.timestamp("us", "UTC")))
    table = table.append_column("price", pa.array([decimal.Decimal("1.50")] * 3))
    table = table.append_column("tags", pa.array([["x"], None, []]))
    table = table.append_column("big", pa.array([2**64 - 1, None, 1], pa.uint64()))
    data, out = tmp_path / "rows.parquet", tmp_path / "out.parquet"
    pq.write_table(table, data)
    path = dumped(Ridge().fit(frame, frame["a"]), tmp_path)
    run(path, data, "--keep", "day,when,price,tags,big", "-o", out)
    found = pq.read_table(out)
    for name in ("day", "when", "price", "tags", "big"):
        assert found[name].type == table[name].type and found[name].to_pylist() == table[name].to_pylist()
    lines = run(path, data, "--keep", "day,when,price,big").decode().splitlines()
    assert lines[1].startswith("2024-02-29,1970-01-01T00:00:00.000001Z,1.50,18446744073709551615,")
    assert lines[2].startswith("2024-02-29,,1.50,,")
    assert "1969-12-31T23:59:59.999999Z" in lines[3]


def test_the_index_of_pandas_is_no_column(tmp_path):
    frame = numbers(10)
    model = Ridge().fit(frame.to_numpy(), frame["a"])
    data, out = tmp_path / "rows.parquet", tmp_path / "out.arrow"
    frame.set_index(pd.Index(np.arange(10, 30, 2)[::-1] ** 2, name="id")).to_parquet(data)
    path = dumped(model, tmp_path)
    run(path, data, "--keep", "id", "-o", out)
    found = pyarrow.feather.read_table(out)
    assert found.column_names == ["id", "prediction"] and found["id"].to_pylist() == [number**2 for number in range(28, 8, -2)]
    np.testing.assert_allclose(found["prediction"], model.predict(frame.to_numpy()), rtol=1e-12)


def test_only_the_columns_of_the_model_are_read(tmp_path):
    frame = numbers()
    path = dumped(Ridge().fit(frame[["a", "b"]], frame["a"]), tmp_path)
    data = tmp_path / "rows.parquet"
    table = pa.Table.from_pandas(frame)
    pq.write_table(table, data, compression="none", use_dictionary=False)
    expected = run(path, data)
    # The pages of another column are damaged.
    place = pq.read_metadata(data).row_group(0).column(3).data_page_offset
    content = bytearray(data.read_bytes())
    content[place : place + 40] = b"\xff" * 40
    data.write_bytes(content)
    assert run(path, data) == expected
    assert "row group 0: column `d`" in refused(path, data, "--keep", "d")


def files(folder, parts=4):
    """A folder of files in Hive's layout, and what pandas reads from it."""
    frame = mixed(ROWS)
    frame["year"] = 2020 + np.arange(ROWS) % 2
    frame["place"] = np.where(np.arange(ROWS) % 3 == 0, "a b", "x=y")
    frame.to_parquet(folder, partition_cols=["year", "place"], row_group_size=100)
    (folder / "_SUCCESS").write_text("")
    return pd.read_parquet(folder)


def test_folders_patterns_and_partitions(tmp_path):
    folder, out = tmp_path / "rows", tmp_path / "out.parquet"
    frame = files(folder)
    columns = make_column_transformer(
        (OneHotEncoder(), ["place", "port"]), (StandardScaler(), ["year"]), (SimpleImputer(), ["age"])
    )
    model = make_pipeline(columns, LogisticRegression()).fit(frame, frame["alone"])
    path = dumped(model, tmp_path)
    run(path, folder, "--keep", "year,place", "-o", out)
    found = pd.read_parquet(out)
    same(found[["prediction"]], model.predict(frame))
    assert found["year"].tolist() == frame["year"].astype(int).tolist()
    assert found["place"].tolist() == frame["place"].tolist()
    flat = tmp_path / "flat"
    flat.mkdir()
    for number in range(3):
        numbers(50, number).to_parquet(flat / f"{number}.parquet")
    all_rows = pd.read_parquet(flat)
    model = Ridge().fit(all_rows, all_rows["a"])
    path = dumped(model, tmp_path)
    expected = run(path, flat)
    assert expected.count(b"\n") == 151
    assert run(path, flat / "*.parquet") == expected
    assert run(path, *(flat / f"{number}.parquet" for number in range(3))) == expected
    assert "no file matches the pattern" in refused(path, flat / "*.arrow")


def test_a_folder_of_predictions_is_finished_where_it_was_left(tmp_path):
    folder, out = tmp_path / "rows", tmp_path / "out"
    folder.mkdir()
    for number in range(4):
        numbers(200, number).to_parquet(folder / f"{number}.parquet", row_group_size=64)
    frame = pd.read_parquet(folder)
    model = RandomForestClassifier(5, random_state=0).fit(frame, frame["a"] > 0)
    path = dumped(model, tmp_path)
    # The last file is truncated: what comes before it stays.
    last = folder / "3.parquet"
    content = last.read_bytes()
    place = pq.read_metadata(last).row_group(2).column(0).dictionary_page_offset
    last.write_bytes(content[:place] + b"\xff" * 64 + content[place + 64 :])
    error = refused(path, folder, "-o", f"{out}/")
    assert "3.parquet" in error and "row group 2: column `a`" in error
    finished = {part.name: part.stat().st_mtime_ns for part in out.iterdir()}
    assert len(finished) == 3 and not any(name.startswith("_") for name in finished)
    last.write_bytes(content)
    run(path, folder, "-o", out)
    parts = {part.name: part.stat().st_mtime_ns for part in out.iterdir()}
    assert {name: parts[name] for name in finished} == finished and len(parts) == 5
    same(pd.read_parquet(out), model.predict(frame))
    manifest = json.loads((out / "_manifest.json").read_text())
    assert manifest["rows"] == 800 and [part["row_groups"] for part in manifest["parts"]] == [[0, 1, 2, 3]] * 4
    metadata = pq.read_schema(out / manifest["parts"][0]["file"]).metadata
    digest = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]
    assert metadata[b"skiff.model_sha256"].decode() == manifest["about"]["skiff.model_sha256"] == digest
    # Another model's predictions are not mixed with these.
    dumped(RandomForestClassifier(5, random_state=1).fit(frame, frame["b"] > 0), tmp_path)
    assert "--force" in refused(path, folder, "-o", out)
    run(path, folder, "-o", out, "--force")
    assert len(list(out.iterdir())) == 5
    (out / "notes.txt").write_text("")
    assert "other files" in refused(path, folder, "-o", out)


def test_an_interrupt_leaves_whole_files(tmp_path):
    folder, out = tmp_path / "rows", tmp_path / "out"
    folder.mkdir()
    for number in range(30):
        numbers(20_000, number).to_parquet(folder / f"{number:02}.parquet")
    frame = numbers(500)
    path = dumped(RandomForestClassifier(100, random_state=0).fit(frame, frame["a"] > frame["b"]), tmp_path)
    started = subprocess.Popen([COMMAND, "predict", path, folder, "-o", f"{out}/"], stderr=subprocess.PIPE)
    while not list(out.glob("part-*")):
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    started.communicate()
    parts = list(out.iterdir())
    if started.returncode == 130:
        assert 0 < len(parts) < 30 and all(part.name.startswith("part-") for part in parts)
    rows = sum(pq.read_metadata(part).num_rows for part in out.glob("part-*"))
    assert rows == 20_000 * len(list(out.glob("part-*")))
    run(path, folder, "-o", out)
    assert len(pd.read_parquet(out)) == 600_000


@pytest.mark.parametrize("change, what", [
    (lambda data: os.truncate(data, 1000), "rows.parquet"),
    (lambda data: data.write_bytes(b""), "the file is empty"),
    (lambda data: data.write_bytes(b"a,b\n1,2\n"), "expected a Parquet or an Arrow file"),
    (lambda data: pq.write_table(pq.read_table(data).drop(["c"]), data), "the column `c` is missing"),
    (
        lambda data: pq.write_table(pq.read_table(data).set_column(1, "b", pa.array(["x"] * 100)), data),
        "row group 0, row 0, counted from 0, column `b`",
    ),
])
def test_errors_say_where(tmp_path, change, what):
    frame, data = numbers(100), tmp_path / "rows.parquet"
    path = dumped(Ridge().fit(frame, frame["a"]), tmp_path)
    frame.to_parquet(data)
    change(data)
    assert what in refused(path, data)


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "arrows"])
def test_damaged_files_are_errors(tmp_path, suffix):
    """No byte of a file makes the command panic, or allocate what the file is too small for."""
    frame = mixed(60)
    path, data = dumped(mixed_model(frame), tmp_path), tmp_path / f"rows.{suffix}"
    table = pa.Table.from_pandas(frame)
    if suffix == "parquet":
        pq.write_table(table, data, row_group_size=20)
    elif suffix == "arrow":
        pyarrow.feather.write_feather(table, data, chunksize=20)
    else:
        with pa.ipc.new_stream(data, table.schema) as writer:
            writer.write_table(table)
    content, rng = data.read_bytes(), np.random.default_rng(7)
    memory = (resource.RLIMIT_AS, (6 << 30, 6 << 30))
    failed = 0
    for _ in range(60):
        damaged = bytearray(content)
        place = max(0, len(content) - 1 - int(rng.exponential(len(content) / 4)))
        damaged[place : place + 4] = rng.integers(0, 256, 4, np.uint8).tobytes() if rng.random() < 0.7 else b"\xff" * 4
        data.write_bytes(damaged[: len(content) if rng.random() < 0.9 else place])
        command = [COMMAND, "predict", path, data, "--keep", "age"]
        done = subprocess.run(command, capture_output=True, text=True, preexec_fn=lambda: resource.setrlimit(*memory))
        assert done.returncode in (0, 2) and "panicked" not in done.stderr, done.stderr
        failed += done.returncode == 2
    assert failed > 20


def test_files_that_contradict_each_other_are_told(tmp_path):
    frame = numbers(100)
    path = dumped(Ridge().fit(frame, frame["a"]), tmp_path)
    frame.to_parquet(tmp_path / "0.parquet")
    frame.astype({"c": "int32"}).to_parquet(tmp_path / "1.parquet")
    error = refused(path, tmp_path / "*.parquet")
    assert "1.parquet" in error and "column `c`: expected the type Float64 of the files before, found Int32" in error
    assert "`--dtype` is for text formats" in refused(path, tmp_path / "0.parquet", "--dtype", "a=str")
    frame.to_csv(tmp_path / "rows.csv")
    assert "expected a Parquet or an Arrow file" in refused(path, tmp_path / "rows.csv", tmp_path / "0.parquet")


def test_text_formats_to_parquet(tmp_path):
    frame = numbers(100)
    model = Ridge().fit(frame, frame["a"])
    path, data, out = dumped(model, tmp_path), tmp_path / "rows.csv", tmp_path / "out.parquet"
    frame.assign(id=[f"{number:03}" for number in range(100)]).to_csv(data, index=False)
    run(path, data, "--keep", "id", "-o", out)
    found = pd.read_parquet(out)
    assert found["id"].tolist() == [f"{number:03}" for number in range(100)]
    np.testing.assert_allclose(found["prediction"], model.predict(pd.read_csv(data)[NAMES]), rtol=1e-12)
    stream = run(path, data, "--format", "arrow")
    assert pa.ipc.open_stream(stream).read_all().num_rows == 100


def test_a_model_that_needs_all_rows_gets_them(tmp_path):
    frame = numbers(300).abs()
    model = NMF(2, init="nndsvda", max_iter=50).fit(frame)
    path, data, out = dumped(model, tmp_path), tmp_path / "rows.parquet", tmp_path / "out"
    frame.to_parquet(data, row_group_size=50)
    run(path, data, "-m", "transform", "-o", f"{out}/")
    np.testing.assert_allclose(pd.read_parquet(out), model.transform(frame), rtol=1e-6, atol=1e-10)


def test_a_table_without_rows(tmp_path):
    frame = numbers(10)
    path = dumped(FunctionTransformer().fit(frame), tmp_path)
    data, out = tmp_path / "rows.parquet", tmp_path / "out.parquet"
    frame.iloc[:0].to_parquet(data)
    run(path, data, "-m", "transform", "-o", out)
    assert len(pd.read_parquet(out)) == 0
    path = dumped(Ridge().fit(frame, frame["a"]), tmp_path)
    assert "found array with 0 sample(s)" in refused(path, data)
