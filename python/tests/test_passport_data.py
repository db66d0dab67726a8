"""The reference to training data, and its digests, in the passport."""

import hashlib
import json
import pathlib

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from passports import X, Y, passport_of
from sklearn.svm import SVC

import skiff


def test_a_file_and_a_folder(path, tmp_path):
    data = tmp_path / "data"
    (data / "b").mkdir(parents=True)
    (data / "train.csv").write_bytes(b"a,b\n1,2\n")
    (data / "b" / "more.csv").write_bytes(b"")
    digest = hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    for given in (data / "train.csv", str(data / "train.csv"), (data / "train.csv").as_uri()):
        found = passport_of(path, data=given)["data"]
        assert found == {"kind": "file", "path": str(data / "train.csv"), "size": 8, "sha256": digest}
    lines = f"{hashlib.sha256(b'').hexdigest()}  b/more.csv\n{digest}  train.csv\n"
    found = passport_of(path, data=data)["data"]
    expected = hashlib.sha256(lines.encode()).hexdigest()
    assert found == {"kind": "folder", "path": str(data), "files": 2, "size": 8, "sha256": expected}
    with pytest.raises(FileNotFoundError):
        skiff.dump(SVC().fit(X, Y), path, data=data / "nowhere.csv")


def test_a_uri_without_its_secrets(path):
    given = "https://ada:secret@data.example/train.parquet?version=3&X-Amz-Signature=abc&token=t#part"
    found = passport_of(path, data=given)["data"]
    assert found == {"kind": "uri", "uri": "https://data.example/train.parquet?version=3#part"}


def test_tables_and_their_digests(path):
    """The digests are those that `docs/passport.md` defines, computed here without skiff."""
    y = Y.astype(np.int32)
    found = passport_of(path, data=(X, y))["data"]
    assert found["X"] == {
        "kind": "array",
        "rows": 150,
        "columns": 4,
        "dtype": "float64",
        "sha256": digest('{"dtype": "<f8", "shape": [150, 4]}', X.astype("<f8").tobytes()),
    }
    assert found["y"]["sha256"] == digest('{"dtype": "<i4", "shape": [150]}', y.astype("<i4").tobytes())
    # Neither the order nor the machine's bytes matter, nor who holds the array.
    for same in (np.asfortranarray(X), X.astype(">f8"), np.repeat(X, 2, axis=0)[::2]):
        assert skiff._digest.of_array(same) == found["X"]["sha256"]
    for dtype in ("f2", "c8", "?", "u1", "M8[ns]", "m8[s]", "f8"):
        array = (X[:, 0] > 5).astype(dtype) if dtype == "?" else np.arange(6).reshape(2, 3).astype(dtype)
        head = json.dumps({"dtype": array.dtype.str, "shape": list(array.shape)})
        assert skiff._digest.of_array(array) == digest(head, array.tobytes()), dtype
    assert skiff._digest.of_array(np.float64(3)) == digest('{"dtype": "<f8", "shape": []}', np.float64(3).tobytes())
    assert skiff._digest.of_array(np.empty((0, 4))) == digest('{"dtype": "<f8", "shape": [0, 4]}', b"")
    long = np.arange(3_000_000.0).reshape(-1, 3)
    assert skiff._digest.of_array(long[:, ::-1]) == digest('{"dtype": "<f8", "shape": [1000000, 3]}', long[:, ::-1].tobytes())
    changed = X.copy()
    changed[149, 3] = np.nextafter(changed[149, 3], 9)
    assert skiff._digest.of_array(changed) != found["X"]["sha256"]


def digest(head, content):
    return hashlib.sha256(head.encode() + b"\n" + content).hexdigest()


def test_frames_of_any_library_have_the_same_digest():
    table = pd.DataFrame({"age": [1.5, np.nan], "port": ["Genève", None], "n": [1, 2]})
    lines = b"".join(
        b'{"name": "%s", "sha256": "%s"}\n' % (name, value.encode())
        for name, value in [
            (b"age", digest('{"dtype": "<f8", "shape": [2]}', table["age"].to_numpy().tobytes())),
            (b"port", digest('{"dtype": "values", "shape": [2]}', b'"Gen\\u00e8ve"\nNaN\n')),
            (b"n", digest('{"dtype": "<i8", "shape": [2]}', table["n"].to_numpy().tobytes())),
        ]
    )
    expected = hashlib.sha256(lines).hexdigest()
    assert reference(table)["sha256"] == expected
    assert reference(table.astype({"port": "category"}))["sha256"] == expected
    assert reference(table)["names"] == ["age", "port", "n"]
    text = pd.DataFrame({"port": ["Genève", "Nyon"], "n": [1, 2]})
    digests = {reference(frame)["sha256"] for frame in (text, pl.from_pandas(text), pa.Table.from_pandas(text), text.astype(object).astype({"n": int}))}
    assert len(digests) == 1


def test_sparse_tables_have_one_digest():
    csr = scipy.sparse.random(20, 30, 0.1, format="csr", random_state=0)
    shuffled = csr.copy()
    shuffled.indices[: shuffled.indptr[1]] = shuffled.indices[: shuffled.indptr[1]][::-1]
    shuffled.data[: shuffled.indptr[1]] = shuffled.data[: shuffled.indptr[1]][::-1]
    shuffled.has_sorted_indices = shuffled.has_canonical_format = False
    found = [reference(matrix) for matrix in (csr, csr.tocsc(), csr.tocoo(), scipy.sparse.csr_array(csr), shuffled)]
    assert len({one["sha256"] for one in found}) == 1
    assert (found[0]["rows"], found[0]["columns"], found[0]["stored"]) == (20, 30, csr.nnz)


def test_documents_mappings_and_what_the_user_says(path):
    assert reference(["a", "b"]) == {"kind": "texts", "rows": 2, "sha256": hashlib.sha256(b'"a"\n"b"\n').hexdigest()}
    assert reference([{"b": 1, "a": 2}])["sha256"] == hashlib.sha256(b'{"a": 2, "b": 1}\n').hexdigest()
    found = passport_of(path, data={"path": __file__, "license": "CC0", "X": X, "rows": 150})["data"]
    assert (found["kind"], found["license"], found["rows"]) == ("file", "CC0", 150)
    assert found["X"]["sha256"] == skiff._digest.of_array(X)
    assert found["sha256"] == hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()
    for wrong in (3, object(), b"train.csv"):
        with pytest.raises((TypeError, FileNotFoundError)):
            skiff.dump(SVC().fit(X, Y), path, data=wrong)


def reference(data):
    return skiff._data_reference.reference(data)
