"""Every recorded model of the scikit-learn at hand: dumped and loaded, it is the same in every attribute."""

import pathlib
import pickle
import sys
import warnings

import joblib
import pytest
import sklearn
from same import same

import skiff

ROOT = pathlib.Path(__file__).resolve().parents[2]
NEWEST = ROOT / "fixtures" / "cases" / "1.9.1"
FAMILIES = sorted(folder.name for folder in NEWEST.iterdir())
#: The functions that recorded models hold.
TRUSTED = ["generate.*"]

#: Each model is written in the first two ways, and in one of the others.
ALWAYS = [("m.skiff", {}), ("m.joblib", {})]
IN_TURN = [
    ("m.pkl", {"protocol": 2}),
    ("m.pkl", {"protocol": 3}),
    ("m.pkl", {}),
    ("m.pkl", {"protocol": 5}),
    ("m.joblib", {"compress": 3}),
    ("m.joblib", {"compress": ("xz", 1)}),
    ("m.joblib", {"compress": "lz4"}),
]


@pytest.fixture(autouse=True)
def functions(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "fixtures"))


def reference(path):
    """As Python's own loaders have it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if path.suffix == ".joblib":
            return joblib.load(path)
        with open(path, "rb") as file:
            return pickle.load(file)


@pytest.mark.skipif(sklearn.__version__ != NEWEST.name, reason="the recorded models are of another scikit-learn")
@pytest.mark.parametrize("family", FAMILIES)
def test_models_come_back(family, tmp_path):
    paths = sorted(NEWEST.joinpath(family).rglob("model.*"))
    assert paths
    for number, path in enumerate(paths):
        model = reference(path)
        same(skiff.load(path, trusted=TRUSTED), model, f"{path.parent.name}:")
        for name, options in [*ALWAYS, IN_TURN[number % len(IN_TURN)]]:
            skiff.dump(model, tmp_path / name, **options)
            back = skiff.load(tmp_path / name, trusted=TRUSTED)
            same(back, model, f"{path.parent.name}, {name}, {options}:")
            if name != "m.skiff":
                same(reference(tmp_path / name), model, f"{path.parent.name}, {name}, {options} in Python:")
