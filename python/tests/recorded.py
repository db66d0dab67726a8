"""The recorded models of the newest scikit-learn, and what Python's own loaders make of a file."""

import pathlib
import pickle
import warnings

import joblib
import pytest
import skops.io
import sklearn

NEWEST = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "cases" / "1.9.1"

MARKS = [
    pytest.mark.filterwarnings("ignore:Class PassiveAggressive"),
    pytest.mark.skipif(sklearn.__version__ != NEWEST.name, reason="the recorded models are of another scikit-learn"),
    pytest.mark.usefixtures("functions_of_models"),
    pytest.mark.parametrize("family", sorted(folder.name for folder in NEWEST.iterdir())),
]


def each_family(test):
    """Asks `test` once for each `family` of recorded models."""
    for mark in MARKS:
        test = mark(test)
    return test


def models(family):
    """The files of a family, one of which there is at least."""
    paths = sorted(NEWEST.joinpath(family).rglob("model.*"))
    assert paths
    return paths


def load(path):
    """As Python's own loaders have it; each type in the file is trusted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if path.suffix == ".skops":
            return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
        if path.suffix == ".joblib":
            return joblib.load(path)
        with open(path, "rb") as file:
            return pickle.load(file)
