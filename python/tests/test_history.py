"""The history of versions in converted files: it is shown, and loading the file makes nothing of it."""

import hashlib
import pickle
import pickletools
import warnings

import joblib
import numpy as np
import pytest
import skops.io
from same import same
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skiff

FORMATS = [
    *[("pkl", {"protocol": protocol}, pickle) for protocol in (2, 3, 4, 5)],
    ("pkl.gz", {}, joblib),
    *[("joblib", {"protocol": protocol}, joblib) for protocol in (2, 4, 5)],
    ("joblib", {"compress": "zlib"}, joblib),
    ("joblib", {"compress": "lz4"}, joblib),
    ("skops", {}, skops.io),
]


@pytest.fixture
def model():
    rows = np.random.default_rng(1).normal(size=(60, 4))
    return make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)).fit(rows, rows[:, 0] > 0), rows


def load(path, loader):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if loader is pickle:
            return pickle.loads(path.read_bytes())
        if loader is skops.io:
            return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
        return joblib.load(path)


@pytest.mark.parametrize("extension, options, loader", FORMATS, ids=str)
def test_loaders_make_nothing_of_it(model, tmp_path, extension, options, loader):
    estimator, rows = model
    first, path = tmp_path / "first.joblib", tmp_path / f"then.{extension}"
    joblib.dump(estimator, first)
    skiff.convert(first, path, for_="scikit-learn==1.9.1", **options)
    loaded = load(path, loader)
    same(loaded, estimator)
    assert repr(loaded) == repr(estimator)
    assert str(loaded.get_params()) == str(estimator.get_params())
    assert vars(loaded[-1]).keys() == vars(estimator[-1]).keys()
    assert np.array_equal(loaded.predict_proba(rows), estimator.predict_proba(rows))
    clone(loaded).fit(rows, rows[:, 0] > 0)
    (conversion,) = skiff.inspect(path)["history"]
    assert conversion["sha256"] == hashlib.sha256(first.read_bytes()).hexdigest()
    assert conversion["for"] == "scikit-learn==1.9.1"
    assert conversion["written_by"] == ["scikit-learn 1.9.1", "numpy 2", "Python 3"]
    assert skiff.scan(path)["verdict"] == "model", skiff.scan(path)


def test_arrays_are_mapped_all_the_same(model, tmp_path):
    first, path = tmp_path / "first.pkl", tmp_path / "then.joblib"
    array = np.arange(10_000.0)
    first.write_bytes(pickle.dumps([model[0], array]))
    skiff.convert(first, path, for_="scikit-learn==1.9.1")
    mapped = joblib.load(path, mmap_mode="r")[1]
    assert isinstance(mapped, np.memmap)
    assert np.array_equal(mapped, array)
    # Bytes that are aligned by the position in the file.
    assert mapped.ctypes.data % 16 == 0


def test_it_is_a_comment_in_the_pickle(model, tmp_path):
    first, path = tmp_path / "first.joblib", tmp_path / "then.pkl"
    joblib.dump(model[0], first)
    skiff.convert(first, path, for_="scikit-learn==1.9.1")
    opcodes = [(opcode.name, argument) for opcode, argument, _ in pickletools.genops(path.read_bytes())]
    assert [name for name, _ in opcodes[:3]] == ["PROTO", "BINUNICODE", "POP"]
    assert opcodes[1][1].startswith('{"skiff.history": [{"written_by": ["scikit-learn 1.9.1", ')
    # What pickletools writes anew has it too.
    path.write_bytes(pickletools.optimize(path.read_bytes()))
    assert "n_estimators=5" in repr(pickle.loads(path.read_bytes()))


def test_the_command_shows_each_conversion(model, tmp_path, request):
    command = request.getfixturevalue("skiff").run
    first = tmp_path / "first.joblib"
    joblib.dump(model[0], first)
    for name, version in [("a.pkl", "1.5.2"), ("b.skops", "1.8.0"), ("c.skiff", "1.9.1")]:
        command("convert", first, tmp_path / name, "--for", f"scikit-learn=={version}")
        first = tmp_path / name
    text = command("inspect", first)
    lines = text[text.index("history:") :].splitlines()[1:4]
    for line, version in zip(lines, ["1.5.2", "1.8.0", "1.9.1"]):
        assert f"converted for scikit-learn=={version} by skiff" in line, text
    assert "passport:" not in text, "there is nothing else in it"
    html = command("inspect", first, "--format", "html")
    assert html.count("converted for scikit-learn==") == 3
    skiff.convert(first, tmp_path / "d.joblib")
    assert len(skiff.inspect(tmp_path / "d.joblib")["history"]) == 3


def test_a_passport_has_it(model, tmp_path):
    first, then = tmp_path / "first.skiff", tmp_path / "then.skiff"
    skiff.dump(model[0], first, author="Ada", metrics={"auc": 0.5})
    skiff.convert(first, then, for_="scikit-learn==1.9.1")
    before, after = skiff.inspect(first), skiff.inspect(then)
    (conversion,) = after["history"]
    assert f"numpy {np.__version__}" in conversion["written_by"]
    assert any(by.startswith("Python 3.") for by in conversion["written_by"])
    history = after["passport"].pop("history")
    assert len(history) == 1
    assert after["passport"] == before["passport"]
    assert skiff.verify(then)
