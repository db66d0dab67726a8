"""`skiff.dump`, `dumps`, `load` and `loads` where joblib's and pickle's stood: the same arguments, the same files."""

import io
import pickle

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import StandardScaler

import skiff

X = np.random.default_rng(0).normal(size=(60, 4))
FOREST = RandomForestClassifier(5, random_state=0).fit(X, X[:, 0] > 0)


def answers(model):
    return np.array_equal(model.predict_proba(X), FOREST.predict_proba(X))


@pytest.mark.parametrize("name", ["model.pkl", "model.joblib", "model.skiff"])
def test_the_path_is_returned_as_joblib_returns_it(name, tmp_path):
    path = tmp_path / name
    assert skiff.dump(FOREST, path) == joblib.dump(FOREST, tmp_path / "other.joblib")[:0] + [str(path)]
    assert skiff.dump(FOREST, filename=str(path)) == [str(path)]
    assert answers(skiff.load(filename=path)) and answers(skiff.load(str(path)))
    assert skiff.dump(FOREST, io.BytesIO()) is None


@pytest.mark.parametrize("compress", [0, 3, True, False, "lz4", "gzip", ("xz", 2), ("zlib", 0)])
def test_compress_is_joblibs_third_argument(compress, tmp_path):
    ours, theirs = tmp_path / "ours.joblib", tmp_path / "theirs.joblib"
    skiff.dump(FOREST, ours, compress)
    if compress != "lz4":
        joblib.dump(FOREST, theirs, compress)
        # The same codec, by its first bytes.
        assert ours.read_bytes()[:2] == theirs.read_bytes()[:2]
        assert answers(joblib.load(ours))
    assert answers(skiff.load(ours))


@pytest.mark.parametrize("protocol", [-1, 2, 3, 4, 5, pickle.HIGHEST_PROTOCOL, pickle.DEFAULT_PROTOCOL])
def test_protocols_are_pickles(protocol, tmp_path):
    written = skiff.dumps(FOREST, protocol)
    assert written[:2] == pickle.dumps(FOREST, protocol)[:2]
    assert answers(pickle.loads(written)) and answers(skiff.loads(written))
    assert skiff.dumps(FOREST, protocol=protocol) == written
    with open(tmp_path / "model.pkl", "wb") as file:
        skiff.dump(FOREST, file, protocol=protocol)
    with open(tmp_path / "model.pkl", "rb") as file:
        assert answers(pickle.load(file))


def test_bytes_are_a_skiff_unless_something_else_is_asked_for():
    assert skiff.inspect(skiff.dumps(FOREST))["format"][0].startswith("`.skiff`") or answers(skiff.open(skiff.dumps(FOREST)))
    for format, loads in {"pickle": pickle.loads, "joblib": lambda data: joblib.load(io.BytesIO(data))}.items():
        assert answers(loads(skiff.dumps(FOREST, format=format)))
    small, large = skiff.dumps(FOREST, compress=True), skiff.dumps(FOREST)
    assert len(small) < len(large) and answers(skiff.loads(memoryview(small)))


def test_open_files_are_written_as_their_name_says(tmp_path):
    for name, load in {"m.pkl": pickle.load, "m.joblib": joblib.load, "m.pickle": pickle.load, "m.skiff": skiff.load}.items():
        with open(tmp_path / name, "wb") as file:
            skiff.dump(FOREST, file=file)
        with open(tmp_path / name, "rb") as file:
            assert answers(load(file))


def test_arrays_are_mapped_as_asked(tmp_path):
    wide = StandardScaler().fit(np.random.default_rng(0).normal(size=(3, 5_000)))
    path = tmp_path / "model.skiff"
    skiff.dump(wide, path)
    before = path.read_bytes()
    assert not skiff.load(path, mmap_mode="r").mean_.flags.writeable
    for mode in [None, "c"]:
        loaded = skiff.load(path, mode)
        loaded.mean_[:] = 7
    assert path.read_bytes() == before
    for mode in ["r+", "w+", "x"]:
        with pytest.raises(skiff.WrongInput, match="mmap_mode"):
            skiff.load(path, mmap_mode=mode)
    skiff.dump(wide, tmp_path / "model.joblib")
    with pytest.warns(UserWarning, match="mmap_mode='r' is ignored"):
        loaded = skiff.load(tmp_path / "model.joblib", mmap_mode="r")
    assert np.array_equal(loaded.mean_, wide.mean_)


def test_what_is_called_in_another_way_is_told(tmp_path):
    for wrong in [
        lambda: skiff.dump(FOREST),
        lambda: skiff.dump(FOREST, tmp_path / "a.pkl", file=io.BytesIO()),
        lambda: skiff.dump(FOREST, 3),
        lambda: skiff.dump(FOREST, io.StringIO()),
        lambda: skiff.loads("model.pkl"),
        lambda: skiff.load(None),
        lambda: skiff.open(3),
        lambda: skiff.dump(FOREST, tmp_path / "a.pkl", protocol="4"),
    ]:
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(TypeError, match="skiff.dump.estimator, filename"):
        skiff.dump(tmp_path / "a.pkl", FOREST)
    for wrong in [lambda: skiff.dumps(FOREST, protocol=6), lambda: skiff.dumps(FOREST, compress=-1)]:
        with pytest.raises(ValueError):
            wrong()
