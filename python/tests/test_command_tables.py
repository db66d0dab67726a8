"""How `skiff predict` reads tables: as pandas reads the whole file, whatever the encoder, the form of missing cells and
the block that a row is in. scikit-learn, given what pandas makes of the file, is the judge."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import subprocess

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from conftest import COMMAND
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

ROWS = 40
KINDS = ("int", "float", "bool", "text", "digits")
MISSING = ("", "NA", "nan", "null", "None", "N/A", "<NA>")


def cells(kind, rng, count):
    """Cells of a CSV column of one kind, none of them missing."""
    made = {
        "int": lambda: str(rng.integers(-3, 4)),
        "float": lambda: repr(round(float(rng.normal()), 1)),
        "bool": lambda: ("True", "False")[rng.integers(2)],
        "text": lambda: ("red", "blue", "Grün, hell", 'a "b"')[rng.integers(4)],
        "digits": lambda: ("01234", "12345", "007")[rng.integers(3)],
    }[kind]
    return [made() for _ in range(count)]


def with_missing(column, missing, rng):
    """The same with some missing cells, in one form; None leaves it as it is."""
    if missing is None:
        return column
    return [missing if rng.random() < 0.2 else cell for cell in column]


def as_csv(columns):
    """A CSV of columns, quoted where that is needed."""
    lines = [",".join(columns)]
    for row in zip(*columns.values()):
        quoted = ['"' + cell.replace('"', '""') + '"' if set(cell) & set(',"') else cell for cell in row]
        lines.append(",".join(quoted))
    return "\n".join(lines) + "\n"


def read(text, kind):
    """What pandas reads; digits are text where the user says so."""
    return pd.read_csv(io.StringIO(text), dtype={"c": str} if kind == "digits" else None)


def answer(model, method, data, *options, stdin=None):
    """What the command says, as an array of floats."""
    arguments = [COMMAND, "predict", model, data, "--method", method, *options]
    done = subprocess.run(arguments, capture_output=True, input=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return pd.read_csv(io.BytesIO(done.stdout)).to_numpy(dtype=float)


def compare(folder, model, method, text, frame, *options):
    """Compares the command with scikit-learn, for a file and a pipe."""
    path, data = folder / "model.pkl", folder / "rows.csv"
    path.write_bytes(pickle.dumps(model))
    data.write_text(text)
    expected = getattr(model, method)(frame)
    expected = np.asarray(expected.todense() if hasattr(expected, "todense") else expected, dtype=float)
    expected = expected.reshape(len(frame), -1)
    for found in (answer(path, method, data, *options), answer(path, method, "-", *options, stdin=text.encode())):
        np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-10, atol=1e-12)


ENCODERS = {
    "one-hot": lambda: OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    "one-hot, frequent": lambda: OneHotEncoder(handle_unknown="ignore", sparse_output=False, min_frequency=3),
    "ordinal": lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
    "most frequent, one-hot": lambda: make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    ),
}


@pytest.mark.parametrize("missing", [None, *MISSING])
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("kind", KINDS)
def test_encoders(tmp_path, kind, encoder, missing):
    rng = np.random.default_rng(hash((kind, encoder, missing or "")) % 2**32)
    if kind == "bool" and "most" in encoder and missing is None:
        pytest.skip("SimpleImputer takes no bools")
    train = as_csv({"c": with_missing(cells(kind, rng, ROWS), missing, rng), "n": cells("int", rng, ROWS)})
    model = make_column_transformer((ENCODERS[encoder](), ["c"]), (StandardScaler(), ["n"]), sparse_threshold=0)
    model.fit(read(train, kind))
    for form in (missing, None):
        if kind == "bool" and "most" in encoder and form is None:
            continue
        rows = as_csv({"n": cells("int", rng, ROWS), "c": with_missing(cells(kind, rng, ROWS), form, rng)})
        frame = read(rows, kind)
        compare(tmp_path, model, "transform", rows, frame)


@pytest.mark.parametrize("missing", [None, "", "NA"])
@pytest.mark.parametrize("scaler", [StandardScaler, RobustScaler, lambda: make_pipeline(SimpleImputer(), StandardScaler())])
@pytest.mark.parametrize("kind", ["int", "float", "bool"])
def test_scalers(tmp_path, kind, scaler, missing):
    rng = np.random.default_rng(1)
    if kind == "bool" and missing is None:
        pytest.skip("SimpleImputer and RobustScaler take no bools")
    train = as_csv({"c": with_missing(cells(kind, rng, ROWS), missing, rng), "n": cells("float", rng, ROWS)})
    frame = read(train, kind)
    if frame["c"].dtype == object:
        pytest.skip("numbers of an object column are another matter")
    compare(tmp_path, scaler().fit(frame), "transform", train, frame)


@pytest.mark.parametrize("method", ["predict_proba", "predict"])
def test_a_mixed_pipeline(tmp_path, method):
    rng = np.random.default_rng(2)
    kinds = {"age": "int", "fare": "float", "alone": "bool", "port": "text", "zip": "digits"}
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = make_column_transformer((numbers, ["age", "fare"]), (words, ["port"]), (ENCODERS["one-hot"](), ["zip", "alone"]))
    model = make_pipeline(columns, LogisticRegression())

    def table(count):
        made = {name: cells(kind, rng, count) for name, kind in kinds.items()}
        for name in ("age", "fare", "port", "zip", "alone"):
            made[name] = with_missing(made[name], "", rng)
        return as_csv(made)

    def frame(text):
        return pd.read_csv(io.StringIO(text), dtype={"zip": str})

    train = frame(table(200))
    model.fit(train, rng.integers(2, size=len(train)))
    # Several blocks of rows.
    rows = table(40_000)
    compare(tmp_path, model, method, rows, frame(rows))


def test_documents_in_a_column(tmp_path):
    texts = ["free prize", "see you, mum", '007 "bond"', "NaN is a number"] * 5
    train = pd.DataFrame({"text": texts, "n": np.arange(20)})
    model = make_column_transformer((CountVectorizer(), "text"), (StandardScaler(), ["n"]), sparse_threshold=0).fit(train)
    rows = as_csv({"text": ["007", "prize", "1e3", "mum, mum"], "n": ["1", "2", "3", "4"]})
    compare(tmp_path, model, "transform", rows, pd.read_csv(io.StringIO(rows), dtype={"text": str}))


def test_categories_of_boosted_trees(tmp_path):
    rng = np.random.default_rng(3)
    train = as_csv({"c": with_missing(cells("text", rng, 300), "", rng), "n": with_missing(cells("float", rng, 300), "", rng)})
    frame = pd.read_csv(io.StringIO(train)).astype({"c": "category"})
    model = HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype").fit(frame, rng.integers(2, size=300))
    rows = as_csv({"c": with_missing(cells("text", rng, ROWS), "NA", rng), "n": cells("float", rng, ROWS)})
    compare(tmp_path, model, "predict_proba", rows, pd.read_csv(io.StringIO(rows)).astype({"c": "category"}))


@pytest.mark.parametrize("kind", ["int", "float", "bool", "text"])
@pytest.mark.parametrize("missing", [False, True])
def test_json_lines(tmp_path, kind, missing):
    rng = np.random.default_rng(4)

    def table(count):
        values = cells(kind, rng, count)
        values = [{"int": int, "float": float, "bool": lambda cell: cell == "True", "text": str}[kind](cell) for cell in values]
        if missing:
            values = [None if rng.random() < 0.2 else value for value in values]
        return "".join(json.dumps({"c": value, "n": number}) + "\n" for number, value in enumerate(values))

    def frame(text):
        return pd.read_json(io.StringIO(text), lines=True, precise_float=True)

    model = make_column_transformer((ENCODERS["one-hot"](), ["c"]), (StandardScaler(), ["n"])).fit(frame(table(ROWS)))
    path, rows = tmp_path / "model.pkl", table(ROWS)
    path.write_bytes(pickle.dumps(model))
    expected = model.transform(frame(rows))
    lines, array, packed = tmp_path / "rows.jsonl", tmp_path / "rows.json", tmp_path / "rows.jsonl.gz"
    lines.write_text(rows)
    array.write_text("[" + ",\n".join(rows.splitlines()) + "]")
    packed.write_bytes(gzip.compress(rows.encode()))
    for data in (lines, array, packed):
        np.testing.assert_allclose(answer(path, "transform", data), expected, rtol=1e-10)
    from_pipe = answer(path, "transform", "-", "--data-format", "jsonl", stdin=rows.encode())
    np.testing.assert_allclose(from_pipe, expected, rtol=1e-10)


@pytest.mark.parametrize("codec, suffix", [("gzip", "gz"), ("zstd", "zst"), ("bz2", "bz2"), ("xz", "xz")])
def test_compressed_text(tmp_path, codec, suffix):
    text = "n,c\n" + "".join(f"{number},x{number % 3}\n" for number in range(20_000))
    frame = read(text, "text")
    model = make_column_transformer((OneHotEncoder(sparse_output=False), ["c"]), (StandardScaler(), ["n"])).fit(frame)
    path, data = tmp_path / "model.pkl", tmp_path / f"rows.csv.{suffix}"
    path.write_bytes(pickle.dumps(model))
    # Two parts, one after the other, are one stream.
    parts = []
    for part in (text[:9000], text[9000:]):
        with pa.BufferOutputStream() as sink:
            if codec in ("gzip", "zstd"):
                with pa.CompressedOutputStream(sink, codec) as stream:
                    stream.write(part.encode())
                parts.append(sink.getvalue().to_pybytes())
            else:
                parts.append({"bz2": bz2, "xz": lzma}[codec].compress(part.encode()))
    data.write_bytes(b"".join(parts))
    np.testing.assert_allclose(answer(path, "transform", data), model.transform(frame), rtol=1e-10)


@pytest.mark.skipif(tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1), reason="pandas was off by a bit at times")
def test_numbers_are_read_to_the_last_bit(tmp_path):
    rng = np.random.default_rng(5)
    bits = rng.integers(0, 2**64, size=20_000, dtype=np.uint64).view(np.float64)
    numbers = [repr(float(value)) for value in bits if np.isfinite(value)]
    numbers += [repr(float(value)) for value in rng.normal(size=20_000)]
    numbers += [f"{value:.20f}" for value in rng.normal(size=2000)] + [f"{value:.3e}" for value in rng.normal(size=2000)]
    rows = "x,y\n" + "".join(f"{number},1\n" for number in numbers)
    frame = pd.read_csv(io.StringIO(rows))
    model = make_column_transformer(("passthrough", ["x", "y"])).fit(frame)
    path, data, out = tmp_path / "model.pkl", tmp_path / "rows.csv", tmp_path / "out.npy"
    path.write_bytes(pickle.dumps(model))
    data.write_text(rows)
    subprocess.run([COMMAND, "predict", path, data, "-m", "transform", "-o", out], check=True)
    found = np.load(out)
    assert np.array_equal(found.view(np.uint64), model.transform(frame).view(np.uint64))


@pytest.mark.parametrize("text, what", [
    ("c,n\nred,x\n", "column `n`: expected a number"),
    ("c,n\nred,1\nred,2,3\n", "expected 2 cells in a row, found 3"),
    ('c,n\n"red,1\n', "a quote is opened here and never closed"),
    ("c\nred\n", "the column `n` is missing"),
    ("", "the data is empty"),
])
def test_what_pandas_or_scikit_learn_refuses_is_told(tmp_path, text, what):
    train = pd.DataFrame({"c": ["red", "blue", "red"], "n": [1.0, 2.0, 3.0]})
    model = make_pipeline(make_column_transformer((OneHotEncoder(), ["c"]), (StandardScaler(), ["n"])), LogisticRegression())
    path, data = tmp_path / "model.pkl", tmp_path / "rows.csv"
    path.write_bytes(pickle.dumps(model.fit(train, [0, 1, 0])))
    data.write_text(text)
    with pytest.raises((ValueError, KeyError)):
        model.predict(pd.read_csv(data))
    done = subprocess.run([COMMAND, "predict", path, data], capture_output=True, text=True)
    assert done.returncode == 2 and what in done.stderr, done.stderr


def test_columns_that_the_model_drops_may_be_absent(tmp_path):
    frame = pd.DataFrame({"a": [1.5, 2, 3], "when": ["x", "y", "z"], "c": ["u", "v", "u"]})
    model = make_column_transformer((StandardScaler(), ["a"]), (OneHotEncoder(sparse_output=False), ["c"])).fit(frame)
    compare(tmp_path, model, "transform", "c,a\nu,1.5\nv,7\n", pd.DataFrame({"c": ["u", "v"], "a": [1.5, 7]}))
    done = subprocess.run([COMMAND, "predict", tmp_path / "model.pkl", "-", "-m", "transform"], capture_output=True, input=b"a\n1\n")
    assert done.returncode == 2 and b"the column `c` is missing" in done.stderr and b"when" not in done.stderr


def test_dates_are_read_by_the_categories(tmp_path):
    frame = pd.DataFrame({"d": pd.to_datetime(["2021-01-01", "2022-01-01 10:30:00", "2023-05-05"], format="ISO8601"), "n": [1, 2, 3]})
    text = frame.to_csv(index=False)
    for encoder in [OneHotEncoder(sparse_output=False, handle_unknown="ignore"), OrdinalEncoder()]:
        model = make_column_transformer((encoder, ["d"]), remainder="passthrough").fit(frame)
        compare(tmp_path, model, "transform", text, frame)
    done = subprocess.run([COMMAND, "predict", tmp_path / "model.pkl", "-", "-m", "transform"], capture_output=True, input=b"d,n\n1999-12-31,1\n")
    assert done.returncode == 2 and b"found unknown category `1999-12-31T00:00:00.000000`" in done.stderr
