"""The recorded models of the newest scikit-learn, and what Python's own loaders make of a file."""

import contextlib
import functools
import pathlib
import pickle
import sys
import tempfile
import warnings

import joblib
import numpy as np
import pytest
import scipy.interpolate
import skops.io
import sklearn
from joblib.numpy_pickle import NumpyArrayWrapper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "fixtures"))

from generate import archive  # noqa: E402

NEWEST = "1.9.1"
#: The recorded models of other packages, which Python's own loaders cannot load without them.
OF_OTHER_PACKAGES = {"catboost", "lightgbm", "sklearn_pandas", "sklearnex", "xgboost"}
FAMILIES = sorted({module for version, module, _ in archive.archives() if version == NEWEST} - OF_OTHER_PACKAGES)
#: Recorded beside a scipy that names a class of its own for splines, which an older one has not.
OF_NEWER_SCIPY = () if hasattr(scipy.interpolate._bsplines, "_BSpline") else ("spline",)
#: What skops does not bring back as it was: an array that may not be written into comes back as one that may.
MADE_ANEW_BY_SKOPS = {"kernel_ridge_frame", "results_spectral_embedding"}
OUT = tempfile.TemporaryDirectory(prefix="skiff-recorded-")

MARKS = [
    pytest.mark.filterwarnings("ignore:Class PassiveAggressive"),
    pytest.mark.skipif(sklearn.__version__ != NEWEST, reason="the recorded models are of another scikit-learn"),
    pytest.mark.usefixtures("functions_of_models"),
    pytest.mark.parametrize("family", FAMILIES),
]


def each_family(test):
    """Asks `test` once for each `family` of recorded models."""
    for mark in MARKS:
        test = mark(test)
    return test


@functools.cache
def models(family, version=NEWEST):
    """The files of a family, one of which there is at least: each in a folder of its case's name, with its arrays and
    its `case.json`."""
    paths = []
    for name, files in archive.cases([f"{version}/{family}/"]):
        if name.split("/")[-1].startswith(OF_NEWER_SCIPY):
            continue
        folder = pathlib.Path(OUT.name, name)
        folder.mkdir(parents=True)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        paths.append(folder / archive.model(files))
    assert paths
    return paths


@contextlib.contextmanager
def with_subclasses():
    """joblib makes a `numpy.matrix` by a method of arrays that numpy 2 no longer has, and returns a plain array without it."""
    read = NumpyArrayWrapper.read

    def as_subclass(self, *arguments):
        array = read(self, *arguments)
        return array if self.subclass in (np.ndarray, np.memmap) else array.view(self.subclass)

    NumpyArrayWrapper.read = as_subclass
    try:
        yield
    finally:
        NumpyArrayWrapper.read = read


def load(path):
    """As Python's own loaders have it; each type in the file is trusted."""
    with warnings.catch_warnings(), with_subclasses():
        warnings.simplefilter("ignore")
        if path.suffix == ".skops":
            return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
        if path.suffix == ".joblib":
            return joblib.load(path)
        with open(path, "rb") as file:
            return pickle.load(file)


def by_skops(value):
    """What skops itself brings back."""
    stored = skops.io.dumps(value)
    return skops.io.loads(stored, trusted=skops.io.get_untrusted_types(data=stored))
