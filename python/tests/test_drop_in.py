"""`skiff.dump`, `dumps`, `load` and `loads` in place of joblib's and pickle's: the same arguments, the same files."""

import io
import pickle

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skiff

X = np.random.default_rng(0).normal(size=(60, 4))
Y = X[:, 0] > 0
FOREST = RandomForestClassifier(5, random_state=0).fit(X, Y)


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
        with pytest.raises(skiff.WrongInputError, match="mmap_mode"):
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


def test_pickles_in_a_row_are_read_one_by_one(tmp_path):
    path = tmp_path / "two.pkl"
    scaler, model = StandardScaler().fit(X), LogisticRegression().fit(X, Y)
    for dump in [pickle.dump, joblib.dump]:
        with open(path, "wb") as file:
            file.write(b"before")
            for one in [scaler, model, np.arange(3)]:
                dump(one, file)
        for read in [skiff.load, skiff.open]:
            with open(path, "rb") as file:
                file.seek(6)
                assert "StandardScaler" in repr(read(file)) and "LogisticRegression" in repr(read(file))
                assert np.array_equal(skiff.load(file), np.arange(3))
                assert file.read() == b""


def test_further_pickles_are_told(tmp_path):
    path = tmp_path / "two.pkl"
    path.write_bytes(pickle.dumps(StandardScaler().fit(X)) + pickle.dumps(LogisticRegression().fit(X, Y)))
    for read in [skiff.open, skiff.load]:
        with pytest.warns(UserWarning, match="the first of 2 pickles"):
            assert "StandardScaler" in repr(read(path))
    assert skiff.scan(path)["in_a_row"] == 2
    assert any("2 pickles in one file" in line for line in skiff.inspect(path)["unusual"])


def test_what_users_set_is_kept(tmp_path):
    path = tmp_path / "model.pkl"
    model = LogisticRegression().fit(X, Y)
    model.threshold_, model.columns, model.trained = 0.3, ["a", "b"], {"when": "2026-11-28", "rows": np.arange(3)}
    whole = make_pipeline(StandardScaler(), model).fit(X, Y)
    whole.version = "7"
    for theirs, names in [(model, ["threshold_", "columns", "trained"]), (whole, ["version", "threshold_"])]:
        skiff.dump(theirs, path)
        with open(path, "rb") as file:
            assert pickle.load(file).__dict__.keys() == theirs.__dict__.keys()
        ours = skiff.open(path)
        assert np.array_equal(ours.predict(X), theirs.predict(X))
        assert all(any(f"`{name}`" in line for line in skiff.inspect(path)["unusual"]) for name in names)
        assert skiff.load(path).__dict__.keys() == theirs.__dict__.keys()
    assert ours.version == "7" and ours[-1].threshold_ == 0.3 and ours[-1].columns == ["a", "b"]


def test_what_scikit_learn_might_read_is_not_the_users(tmp_path):
    path = tmp_path / "model.pkl"
    for name, value in [
        # An attribute of a model that lacks a parameter, a method, what a SelectFromModel around it asks for, no plain data.
        ("l1_ratio_of_mine", [0.5]),
        ("predict", 1),
        ("feature_importances_", np.ones(3)),
        ("hook", len),
    ]:
        model = LogisticRegression().fit(X, Y)
        setattr(model, name, value)
        if name == "l1_ratio_of_mine":
            del model.max_iter
        path.write_bytes(pickle.dumps(model))
        with pytest.raises(skiff.SkiffError) as error:
            skiff.open(path)
        assert error.value.code == "unknown-attribute" and name in str(error.value)


def test_what_was_opened_is_no_estimator_to_dump(tmp_path):
    path = tmp_path / "model.skiff"
    skiff.dump(FOREST, path)
    with pytest.raises(TypeError, match="skiff.convert"):
        skiff.dump(skiff.open(path), tmp_path / "again.skiff")
