"""A minute of random pipelines, the same ones in each run: `python/tests/pipelines` tries others."""

import os
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn
from agreement import SINGLE, ask, disagreement
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import MissingIndicator
from sklearn.kernel_approximation import AdditiveChi2Sampler
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsTransformer
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, OneHotEncoder, SplineTransformer
from sklearn.svm import SVC, OneClassSVM

import skiff

HARNESS = pathlib.Path(__file__).resolve().parent / "pipelines"


@pytest.mark.skipif(sklearn.__version__ != "1.9.1", reason="another scikit-learn draws other estimators")
def test_random_pipelines_agree():
    # Results of BLAS depend on the number of its threads.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-B", HARNESS, "--seed", "31", "--count", "600", "--seconds", "60"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(sklearn.__version__ != "1.9.1", reason="another scikit-learn draws other estimators")
def test_random_pipelines_are_exported():
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    targets = ["--export", "onnx,python,c"]
    command = [sys.executable, "-B", HARNESS, *targets, "--seed", "31", "--count", "100", "--seconds", "60"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr


def test_models_of_other_versions_agree():
    """Runs the program for other versions with the installed one, since the others need environments of their own."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    version = sklearn.__version__
    more = ["--python", f"{version}={sys.executable}", "--for", version, "--seed", "5", "--seconds", "0"]
    done = subprocess.run(
        [sys.executable, "-B", str(HARNESS), "--version", version, *more], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " models, " in done.stdout


N = np.random.RandomState(3).normal(size=(60, 4)).round(3)
MIXED = pd.DataFrame(N, columns=[*"abcd"]).assign(word=np.array([*"rgbw"])[np.arange(60) % 4])



#: What random pipelines found: an estimator, what it is fitted with, and what it is asked about.
FOUND = {
    "columns of an array of objects stay objects": (
        make_pipeline(
            ColumnTransformer([("word", "passthrough", ["word"])], remainder="passthrough"),
            ColumnTransformer([("numbers", "passthrough", [-1, 2])]),
        ),
        MIXED,
        MIXED[40:],
    ),
    "numbers beside objects are objects": (
        StackingClassifier([("first", LogisticRegression())], passthrough=True, cv=2).set_output(transform="pandas"),
        N,
        N[40:].astype(object),
    ),
    "a union with set_output has no sparse columns": (
        FeatureUnion([("only", Normalizer())]).set_output(transform="pandas"),
        scipy.sparse.csr_matrix(np.abs(N)),
        scipy.sparse.csr_matrix(np.abs(N)),
    ),
    "weights of objects": (
        make_pipeline(
            ColumnTransformer([("number", "passthrough", ["a"])], remainder="passthrough"),
            FeatureUnion([("all", FunctionTransformer())], transformer_weights={"all": 0.5}),
        ),
        MIXED.assign(word=MIXED["a"] > 0),
        MIXED.assign(word=MIXED["a"] > 0)[40:],
    ),
    "objects beside sparse columns": (
        FeatureUnion([("thin", OneHotEncoder(handle_unknown="ignore")), ("same", FunctionTransformer())]),
        MIXED.astype(object).to_numpy(),
        MIXED[40:].astype(object).to_numpy(),
    ),
    "a selector takes bools among numbers for numbers": (
        VarianceThreshold(),
        MIXED.assign(word=MIXED["a"] > 0),
        MIXED.assign(word=MIXED["a"] > 0)[40:],
    ),
    "infinities of a column beside text": (
        MissingIndicator(features="all"),
        MIXED,
        MIXED[40:].replace({"a": {N[40, 0]: np.inf}}),
    ),
    "names that a function without a function has": (
        FunctionTransformer(feature_names_out="one-to-one").set_output(transform="pandas"),
        N,
        pd.DataFrame(N[40:]),
    ),
    "a frame without columns has rows": (
        FeatureUnion([("none", MissingIndicator())]).set_output(transform="pandas"),
        N,
        N[40:],
    ),
    "integers beyond the dtype once doubled": (
        AdditiveChi2Sampler(),
        np.abs(N),
        np.array([[2_000_000_000, 3, 0, 5]], dtype=np.int32),
    ),
    "splines as a sparse matrix of float32 beyond the knots": (
        SplineTransformer(sparse_output=True),
        N,
        (N * 2).astype(np.float32),
    ),
    **{
        f"splines as a sparse matrix of {np.dtype(dtype)} beyond the knots, which begin at {low}": (
            SplineTransformer(sparse_output=True, extrapolation=extrapolation),
            np.linspace(low, 7.5, 60)[:, None],
            np.arange(0, 10, dtype=dtype)[:, None],
        )
        for dtype in (np.int64, np.uint8)
        for low, extrapolation in [(0.5, "constant"), (-0.5, "constant"), (2.0, "linear"), (-3.0, "linear")]
    },
}


@pytest.mark.skipif(sklearn.__version__ != "1.9.1", reason="the answers of one version")
@pytest.mark.parametrize("name", FOUND)
def test_what_random_pipelines_found(name):
    estimator, X, rows = FOUND[name]
    estimator.fit(X, np.arange(60) % 3)
    ours = skiff.open(pickle.dumps(estimator))
    assert disagreement(ask(ours, "transform", rows), ask(estimator, "transform", rows)) is None


def test_columns_of_neighbors_are_sorted_for_support_vectors():
    near = FeatureUnion([("near", KNeighborsTransformer())])
    for last in (OneClassSVM(), SVC()):
        estimator = make_pipeline(near, last).fit(N, np.arange(60) % 3)
        ours = skiff.open(pickle.dumps(estimator))
        assert disagreement(ask(ours, "decision_function", N[:9] + 0.01), ask(estimator, "decision_function", N[:9] + 0.01)) is None


def test_small_integers_are_float32_next_to_float32():
    estimator = GaussianNB().fit(N.astype(np.float32), np.arange(60) % 3)
    ours = skiff.open(pickle.dumps(estimator))
    for dtype in (np.int8, np.int16, np.int32, np.bool_):
        rows = (N * 20).astype(dtype)
        assert disagreement(ask(ours, "predict_proba", rows), ask(estimator, "predict_proba", rows), SINGLE) is None


def test_units_of_unsigned_integers_are_turned_over_in_their_dtype():
    estimator = BernoulliRBM(random_state=0).fit(np.abs(N))
    ours = skiff.open(pickle.dumps(estimator))
    rows = np.abs(N * 20).astype(np.uint8)
    assert disagreement(ask(ours, "score_samples", rows), ask(estimator, "score_samples", rows)) is None
