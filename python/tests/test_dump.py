"""`skiff.dump` writes whole files of the kind that is asked for, or none."""

import bz2
import gzip
import io
import lzma
import os
import pathlib
import pickle
import random
import re
import subprocess
import sys
import threading
import time

import joblib
import numpy as np
import pytest
from same import same
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

import skiff


def model():
    rows = np.random.default_rng(5).normal(size=(60, 4))
    return RandomForestClassifier(5, random_state=0).fit(rows, rows[:, 0] > 0), rows


def test_extensions_say_what_is_written(tmp_path):
    forest, rows = model()
    for name, loads in [
        ("m.skiff", skiff.load),
        ("m.pkl", lambda path: pickle.loads(path.read_bytes())),
        ("m.pickle", lambda path: pickle.loads(path.read_bytes())),
        ("m.joblib", joblib.load),
        ("M.JOBLIB", joblib.load),
        ("m.gz", joblib.load),
        ("m.skops", skiff.load),
    ]:
        skiff.dump(forest, tmp_path / name)
        same(loads(tmp_path / name), forest, name)
        assert np.array_equal(skiff.open(tmp_path / name).predict_proba(rows), forest.predict_proba(rows))
    skiff.dump(forest, os.fsencode(tmp_path / "m.skiff").decode(), format="pickle")
    same(pickle.loads((tmp_path / "m.skiff").read_bytes()), forest)


def test_files_that_are_open(tmp_path, monkeypatch):
    # Two files of different seconds have different passports.
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    forest, _ = model()
    for options in ({}, {"format": "skiff"}, {"format": "pickle"}, {"format": "joblib", "compress": "xz"}):
        out = io.BytesIO()
        skiff.dump(forest, out, **options)
        same(skiff.load(out.getvalue()), forest)
        with open(tmp_path / "m", "wb") as file:
            skiff.dump(forest, file, **options)
        assert (tmp_path / "m").read_bytes() == out.getvalue()
    with pytest.raises(TypeError, match="'wb'"), open(tmp_path / "m", "w") as file:
        skiff.dump(forest, file)
    with pytest.raises(TypeError, match="not int"):
        skiff.dump(forest, 3)


def test_protocols_and_codecs(tmp_path):
    forest, _ = model()
    path = tmp_path / "m.joblib"
    for protocol in (2, 3, 4, 5):
        skiff.dump(forest, tmp_path / "m.pkl", protocol=protocol)
        assert (tmp_path / "m.pkl").read_bytes()[:2] == bytes([0x80, protocol])
        skiff.dump(forest, path, protocol=protocol)
        same(joblib.load(path), forest)
    skiff.dump(forest, path)
    raw = path.stat().st_size
    for compress in (0, False, None, ("xz", 0)):
        skiff.dump(forest, path, compress=compress)
        assert path.stat().st_size == raw
    begins = {"zlib": b"x", "gzip": b"\x1f\x8b", "bz2": b"BZh", "xz": b"\xfd7zXZ", "lzma": b"]", "lz4": b"\x04\x22"}
    for compress in (True, 1, 9, ("zlib", 3), *begins, ("gzip", 1), ("bz2", 9), ("xz", 1), ("lzma", 3), ("lz4", 3)):
        skiff.dump(forest, path, compress=compress)
        codec = compress[0] if isinstance(compress, tuple) else compress if isinstance(compress, str) else "zlib"
        assert path.read_bytes().startswith(begins[codec]) and path.stat().st_size < raw
        same(joblib.load(path), forest)


def test_names_that_end_in_a_codec(tmp_path):
    forest, _ = model()
    opens = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open, "lzma": lzma.open}
    for extension in ("z", "gz", "bz2", "xz", "lzma", "lz4"):
        for options in ({}, {"compress": True}, {"compress": 1}):
            skiff.dump(forest, tmp_path / f"m.joblib.{extension}", **options)
            same(joblib.load(tmp_path / f"m.joblib.{extension}"), forest)
            skiff.dump(forest, tmp_path / f"m.pkl.{extension}", **options)
            same(skiff.load(tmp_path / f"m.pkl.{extension}"), forest)
        if extension in opens:
            with opens[extension](tmp_path / f"m.pkl.{extension}") as file:
                same(pickle.load(file), forest)


def test_what_does_not_suit_is_refused(tmp_path):
    for name, options, words in [
        ("m.txt", {}, "`.skiff`, `.pkl`"),
        ("m", {}, "`.skiff`, `.pkl`"),
        ("m.skiff", {"format": "onnx"}, "found `onnx`"),
        ("m.skiff", {"protocol": 4}, "no pickle protocol"),
        ("m.skiff", {"compress": "xz"}, "compressed with zstd, not with xz"),
        ("m.skiff", {"compress": 23}, "a level of zstd"),
        ("m.pkl", {"compress": 3}, "compressed files"),
        ("m.pkl", {"protocol": 1}, "from `2` to `5`"),
        ("m.json", {"compress": 3}, "cannot be compressed"),
        ("m.pkl", {"protocol": 300}, "found `300`"),
        ("m.pkl", {"protocol": 6}, "from `2` to `5`"),
        ("m.joblib", {"protocol": True}, "from `2` to `5`"),
        ("m.joblib", {"compress": 10}, "level"),
        ("m.joblib", {"compress": "zstd"}, "xz, lzma or lz4, not with zstd"),
        ("m.joblib", {"compress": ("xz", 10)}, "level"),
        ("m.joblib", {"compress": ("xz", 1, 2)}, "found"),
        ("m.skiff.gz", {}, "`.skiff`, `.pkl`"),
        ("m.pkl.gz", {"compress": "xz"}, "selects gzip"),
        ("m.skops", {"compress": 10}, "a level of deflate"),
        ("m.skops", {"compress": "xz"}, "compressed with deflate, not with xz"),
        ("m.skops", {"protocol": 4}, "no pickle protocol"),
        ("m.joblib", {"notes": "mine"}, "passport"),
        ("m.pkl", {"X_sample": [[1]]}, "passport"),
    ]:
        with pytest.raises(skiff.WrongInputError, match=re.escape(words)):
            skiff.dump([1], tmp_path / name, **options)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_pickled(tmp_path):
    for thing, words in [(lambda: 1, "lambda"), ([open(os.devnull)], "TextIOWrapper"), (sys, "module")]:
        with pytest.raises(skiff.WrongInputError, match=words) as refused:
            skiff.dump(thing, tmp_path / "m.skiff")
        assert refused.value.code == "not-picklable" and refused.value.__cause__ is not None
    assert not list(tmp_path.iterdir())


def test_errors_of_the_system(tmp_path):
    with pytest.raises(skiff.UnwritableFileError) as refused:
        skiff.dump([1], tmp_path / "absent" / "m.skiff")
    assert isinstance(refused.value, OSError) and refused.value.errno == 2
    (tmp_path / "m.skiff").mkdir()
    with pytest.raises(skiff.UnwritableFileError):
        skiff.dump([1], tmp_path / "m.skiff")
    assert [path.name for path in tmp_path.iterdir()] == ["m.skiff"]


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "m.skiff"
    skiff.dump([1], path)

    class Fails:
        def __reduce__(self):
            raise ValueError("not me")

    with pytest.raises(ValueError, match="not me"):
        skiff.dump([np.zeros(10_000), Fails()], path)
    assert skiff.load(path) == [1] and list(tmp_path.iterdir()) == [path]


WRITER = """
import sys, numpy, skiff
arrays = [{"number": number, "array": numpy.random.default_rng(number).normal(size=200_000)} for number in (0, 1)]
for turn in range(1_000_000):
    skiff.dump(arrays[turn % 2], sys.argv[1])
    if turn == 1:
        print("ready", flush=True)
"""


@pytest.mark.parametrize("name", ["m.skiff", "m.joblib"])
def test_a_writer_that_is_killed_leaves_a_whole_file(name, tmp_path):
    path = tmp_path / name
    chance = random.Random(7)
    interrupted = 0
    for _ in range(8):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE)
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0, 0.05))
        writer.kill()
        writer.wait()
        writer.stdout.close()
        found = skiff.load(path)
        expected = np.random.default_rng(found["number"]).normal(size=200_000)
        assert np.array_equal(found["array"], expected)
        for other in tmp_path.iterdir():
            if other != path:
                assert re.fullmatch(rf"\.{name}\.\d+-\d+\.tmp", other.name)
                other.unlink()
                interrupted += 1
    assert interrupted, "no writer was killed while it wrote"


def test_threads_dump_at_once(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    forest, _ = model()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: skiff.dump(forest, tmp_path / "m.skiff"), range(16)))
        loaded = list(threads.map(lambda _: skiff.load(tmp_path / "m.skiff"), range(16)))
    for one in loaded:
        same(one, forest)
    assert [path.name for path in tmp_path.iterdir()] == ["m.skiff"]


def test_the_folder_may_be_the_present_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    skiff.dump([1], "m.skiff")
    skiff.dump([2], pathlib.Path("m.skiff"))
    assert skiff.load("m.skiff") == [2]


@pytest.mark.parametrize("name, compress", [("m.skiff", None), ("m.skiff", True), ("m.skops", None), ("m.joblib", None)])
def test_arrays_that_are_written_to_meanwhile_make_no_damaged_file(tmp_path, name, compress):
    model = LinearRegression().fit(np.eye(3), [1.0, 2.0, 3.0])
    model.coef_, model.n_features_in_ = np.zeros(500_000), 500_000
    path, stop = tmp_path / name, threading.Event()

    def write():
        while not stop.is_set():
            model.coef_ += 1.0

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(10):
            skiff.dump(model, path, compress=compress)
            # The data is as it was when it was read; it need not be of one moment.
            assert skiff.load(path).coef_.shape == (500_000,)
            if path.suffix == ".skiff":
                assert skiff.verify(path).digest == "whole"
    finally:
        stop.set()
        writer.join()
