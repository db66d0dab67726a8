"""``skiff.convert``: what it takes, what it warns of, what it refuses."""

import bz2
import gzip
import io
import lzma
import pathlib
import pickle
import warnings

import joblib
import numpy as np
import pytest
from same import same

import skiff

VALUE = {"a": np.arange(1000.0), "b": ["text"] * 3}


@pytest.fixture
def first(tmp_path):
    path = tmp_path / "first.pkl"
    path.write_bytes(pickle.dumps(VALUE))
    return path


@pytest.mark.parametrize("kind", ["path", "text", "bytes", "bytearray", "memoryview", "file"])
def test_sources(first, kind, tmp_path):
    content = first.read_bytes()
    source = {
        "path": first,
        "text": str(first),
        "bytes": content,
        "bytearray": bytearray(content),
        "memoryview": memoryview(content),
        "file": io.BytesIO(content),
    }[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        skiff.convert(source, str(tmp_path / "then.joblib"))
    same(joblib.load(tmp_path / "then.joblib"), VALUE)


@pytest.mark.parametrize("name, opened", [("a.pkl.gz", gzip), ("a.pickle.bz2", bz2), ("a.pkl.xz", lzma), ("a.pkl.lzma", lzma)])
def test_pickles_are_compressed_by_their_name(first, name, opened, tmp_path):
    skiff.convert(first, tmp_path / name)
    with opened.open(tmp_path / name) as file:
        same(pickle.load(file), VALUE)
    same(joblib.load(tmp_path / name), VALUE)


@pytest.mark.parametrize("name", ["a.joblib.z", "a.joblib.lz4", "a.gz", "a.xz"])
def test_names_of_joblib(first, name, tmp_path):
    skiff.convert(first, tmp_path / name, protocol=5)
    same(joblib.load(tmp_path / name), VALUE)
    assert (tmp_path / name).stat().st_size < first.stat().st_size


@pytest.mark.parametrize("compress", [True, 1, 9, "lz4", "xz", "zlib:9", ("bz2", 3), ("lz4", 1)])
def test_ways_to_compress(first, compress, tmp_path):
    path = tmp_path / "a.joblib"
    skiff.convert(first, path, compress=compress)
    same(joblib.load(path), VALUE)
    assert path.stat().st_size < first.stat().st_size
    for none in [False, 0, None]:
        skiff.convert(first, path, compress=none)
        assert path.stat().st_size > 8000


@pytest.mark.parametrize(
    "name, options, said",
    [
        ("a.onnx", {}, "extension `.skiff`, `.pkl`, `.joblib`, `.skops`, `.json`"),
        ("a.pkl", {"compress": True}, "name it `.pkl.gz`"),
        ("a.json", {"compress": 3}, "cannot be compressed"),
        ("a.skiff", {"compress": "xz"}, "compressed with zstd, not with xz"),
        ("a.joblib", {"compress": ("zip", 3)}, "expected a codec"),
        ("a.joblib", {"compress": 10}, "from `0` to `9`, found `10`"),
        ("a.joblib", {"compress": -1}, "at least `0`"),
        ("a.joblib", {"compress": (1, 2, 3)}, "a level, a codec, or both"),
        ("a.joblib", {"protocol": 1}, "from `2` to `5`"),
        ("a.joblib", {"protocol": True}, "from `2` to `5`"),
        ("a.skops", {"protocol": 4}, "no pickle protocol"),
    ],
)
def test_what_cannot_be(name, options, said, tmp_path):
    # It is told before the source is looked at.
    with pytest.raises(skiff.WrongInputError, match=said):
        skiff.convert(tmp_path / "nowhere.pkl", tmp_path / name, **options)
    assert not (tmp_path / name).exists()


def test_what_stays_behind_is_told(tmp_path):
    here, there = tmp_path / "a.skiff", tmp_path / "b.skiff"
    skiff.dump(VALUE, here, author="me")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        skiff.convert(here, there, compress=True)
    assert skiff.inspect(there)["passport"]["author"] == "me"
    with pytest.warns(UserWarning, match="passport is dropped") as caught:
        skiff.convert(there, tmp_path / "c.pkl")
    assert pathlib.Path(caught[0].filename).name == pathlib.Path(__file__).name


def test_limits(first, tmp_path):
    with pytest.raises(skiff.LimitExceededError):
        skiff.convert(first, tmp_path / "a.joblib", limits=skiff.Limits(nodes=3))


def test_a_missing_file_and_a_folder_that_is_not_there(first, tmp_path):
    with pytest.raises(FileNotFoundError):
        skiff.convert(tmp_path / "nowhere.pkl", tmp_path / "a.joblib")
    with pytest.raises(skiff.UnwritableFileError):
        skiff.convert(first, tmp_path / "no" / "a.joblib")
