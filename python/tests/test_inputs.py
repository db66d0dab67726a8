"""What may be handed in: each kind of table answers as scikit-learn answers for it, or is refused where it refuses."""

import copy
import decimal
import fractions

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
import skiff
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import SparseCoder
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OutputCodeClassifier
from sklearn.naive_bayes import BernoulliNB
from sklearn.neighbors import RadiusNeighborsRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    MultiLabelBinarizer,
    OneHotEncoder,
    OrdinalEncoder,
    SplineTransformer,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

random = np.random.default_rng(11)
X = random.normal(size=(50, 4))
Y = (X[:, 0] > X[:, 1]).astype(int)


def opened(estimator, tmp_path):
    path = tmp_path / "model.joblib"
    joblib.dump(estimator, path)
    return skiff.open(path)


def same(ours, theirs):
    if scipy.sparse.issparse(theirs):
        ours, theirs = ours.toarray(), theirs.toarray()
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    if theirs.dtype.kind != "f":
        np.testing.assert_array_equal(ours, theirs)
    elif theirs.dtype == np.float32:
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    else:
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13)


def mapped(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, X)
    return np.load(path, mmap_mode="r")


def readonly(_):
    rows = X.copy()
    rows.flags.writeable = False
    return rows


def misaligned(_):
    buffer = np.zeros(X.nbytes + 1, dtype=np.uint8)
    rows = buffer[1:].view(np.float64).reshape(X.shape)
    rows[:] = X
    assert not rows.flags.aligned
    return rows


ARRAYS = {
    "Fortran order": lambda _: np.asfortranarray(X),
    "every second row": lambda _: np.repeat(X, 2, axis=0)[::2],
    "every second column": lambda _: np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": lambda _: X[::-1, ::-1],
    "transposed": lambda _: np.ascontiguousarray(X.T).T,
    "broadcast": lambda _: np.broadcast_to(X[:1], (7, 4)),
    "big-endian": lambda _: X.astype(">f8"),
    "big-endian float32": lambda _: X.astype(">f4"),
    "float32": lambda _: X.astype(np.float32),
    "memory map": mapped,
    "read-only": readonly,
    "misaligned": misaligned,
    "int64": lambda _: (10 * X).astype(np.int64),
    "int8": lambda _: (10 * X).astype(np.int8),
    "uint16": lambda _: np.abs(10 * X).astype(np.uint16),
    "uint64": lambda _: np.abs(10 * X).astype(np.uint64),
    "big-endian int32": lambda _: (10 * X).astype(">i4"),
    "bool": lambda _: X > 0,
    "strings": lambda _: np.round(X, 3).astype(str),
    "objects": lambda _: X.astype(object),
    "rows in lists": lambda _: X.tolist(),
    "rows in tuples": lambda _: tuple(map(tuple, X.tolist())),
    "rows that are arrays": lambda _: list(X),
}


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("estimator", [StandardScaler(), DecisionTreeClassifier(random_state=0), LogisticRegression()])
def test_arrays_of_every_layout(kind, estimator, tmp_path):
    rows = ARRAYS[kind](tmp_path)
    estimator.fit(X, Y)
    ours = opened(estimator, tmp_path)
    for method in ["transform", "predict", "predict_proba", "decision_function"]:
        if not hasattr(estimator, method):
            assert not hasattr(ours, method)
            continue
        if kind == "strings" and isinstance(estimator, LogisticRegression):
            # Text that spells numbers is refused there, unlike objects that are text: skiff tells no difference.
            continue
        try:
            expected = getattr(estimator, method)(rows)
        except ValueError:
            with pytest.raises(ValueError):
                getattr(ours, method)(rows)
        else:
            same(getattr(ours, method)(rows), expected)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "lil", "dok", "dia"])
@pytest.mark.parametrize("kind", ["matrix", "array"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32])
def test_sparse_of_every_format(form, kind, dtype, tmp_path):
    rows = (10 * np.where(np.abs(X) > 0.7, X, 0)).astype(dtype)
    sparse = getattr(scipy.sparse, f"{form}_{kind}")(rows)
    for estimator in [StandardScaler(with_mean=False).fit(X), LogisticRegression().fit(X, Y)]:
        ours = opened(estimator, tmp_path)
        method = "transform" if hasattr(estimator, "transform") else "predict_proba"
        same(getattr(ours, method)(sparse), getattr(estimator, method)(sparse))
    dense = opened(MinMaxScaler().fit(X), tmp_path)
    with pytest.raises(skiff.WrongInputError, match="sparse"):
        dense.transform(sparse)


def test_what_scikit_learn_refuses_is_refused(tmp_path):
    ours = opened(StandardScaler().fit(X), tmp_path)
    with pytest.raises(TypeError, match="np.matrix is not supported"):
        ours.transform(np.asmatrix(X))
    for wrong, what in [
        (X[0], "Expected 2D array, got 1D array"),
        (np.float64(1), "Expected 2D array, got scalar array"),
        (X[:, :, None], "Found array with dim 3"),
        (X[:, :3], "X has 3 features, but"),
        (np.empty((0, 4)), "0 sample"),
        (X.astype(complex), "[Cc]omplex data not supported"),
        ([["a", "b", "c", "d"]], "could not convert string to float"),
        (pd.DataFrame(X)[0], "Expected a 2-dimensional container"),
    ]:
        with pytest.raises(skiff.WrongInputError, match=what):
            ours.transform(wrong)
    with pytest.raises(skiff.NotSupportedError, match="float16"):
        ours.transform(X.astype(np.float16))
    with pytest.raises(skiff.NotSupportedError, match="float16"):
        ours.transform(pd.DataFrame(X.astype(np.float16)))


def test_vectorizers_take_what_iteration_gives(tmp_path):
    """Of a frame those are the names of its columns; other tables give no text, and are refused."""
    documents = ["a red fox", "fox fox", "the dog"]
    theirs = CountVectorizer().fit(documents)
    ours = opened(theirs, tmp_path)
    table = pd.DataFrame({"fox": documents, "red dog": documents})
    same(ours.transform(table), theirs.transform(table))
    same(ours.transform(table[["fox"]]), theirs.transform(table[["fox"]]))
    for other in [pl.from_pandas(table), np.array(documents, dtype=object).reshape(-1, 1), pa.table(table)]:
        with pytest.raises(skiff.WrongInputError, match="expected documents"):
            ours.transform(other)


@pytest.mark.parametrize("vectorizer", [CountVectorizer(), TfidfVectorizer()])
def test_terms_are_listed_in_the_order_in_which_they_are_stored(vectorizer, tmp_path):
    theirs = vectorizer.fit(["a red fox", "fox fox", "the dog"])
    ours = opened(theirs, tmp_path)
    stored = np.array([1.0, 2.0, 0.0, 3.0]), np.array([3, 0, 2, 1]), np.array([0, 1, 4])
    rows = scipy.sparse.csr_matrix(stored, shape=(2, 4))
    found, expected = ours.inverse_transform(rows), theirs.inverse_transform(rows)
    assert [list(terms) for terms in found] == [list(terms) for terms in expected]
    assert not rows.has_sorted_indices


@pytest.mark.parametrize("kind", [decimal.Decimal, fractions.Fraction])
def test_objects_that_are_numbers(kind, tmp_path):
    rows = pd.DataFrame(X[:5]).map(lambda value: kind(str(round(value, 3))))
    theirs = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    ours = opened(theirs, tmp_path)
    for table in [rows, rows.to_numpy(), rows.to_numpy().tolist()]:
        same(ours.predict_proba(table), theirs.predict_proba(table))
    # Python finds 0.5 equal to its decimal, and not 0.1.
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit([[0.1], [0.5]])
    cells = np.array([[kind("0.5")], [kind("0.1")]], dtype=object)
    same(opened(encoder, tmp_path).transform(cells), encoder.transform(cells))


def frame():
    return pd.DataFrame(
        {
            "size": [1.5, 2.5, -1.0, 4.0],
            "count": [1, 2, 3, 4],
            "yes": [True, False, True, True],
            "word": ["a", "b", "a", "c"],
            "kind": pd.Categorical(["x", "y", "y", "x"]),
        },
        index=[4, 3, 2, 1],
    )


def columns():
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(StandardScaler()), ["size", "count", "yes"]),
            ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["word"]),
            ("kinds", OrdinalEncoder(), ["kind"]),
        ]
    )


FRAMES = {
    "as in the fit": lambda f: f,
    "other order and more columns": lambda f: f.assign(more=1)[["kind", "more", "word", "yes", "count", "size"]],
    "nullable": lambda f: f.astype({"size": "Float64", "count": "Int64", "yes": "boolean", "word": "string"}),
    "nullable and narrow": lambda f: f.astype({"size": "Float32", "count": "UInt8"}),
    "Arrow-backed": lambda f: f.astype({"size": "float64[pyarrow]", "count": "int64[pyarrow]", "word": "string[pyarrow]"}),
    "objects": lambda f: f.astype({"size": object, "word": object, "kind": object}),
    "narrow": lambda f: f.astype({"size": np.float32, "count": np.int8}),
    "categories of words": lambda f: f.astype({"word": "category"}),
    "no rows but one": lambda f: f.iloc[:1],
    "every second row": lambda f: f.iloc[::2],
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frames_of_pandas(kind, tmp_path):
    theirs = columns().fit(frame())
    ours = opened(theirs, tmp_path)
    table = FRAMES[kind](frame())
    if kind == "narrow":
        # In float32, until all stands side by side.
        np.testing.assert_allclose(ours.transform(table), theirs.transform(table), rtol=1e-6)
        assert not np.allclose(ours.transform(table), theirs.transform(frame()), rtol=1e-10)
    else:
        same(ours.transform(table), theirs.transform(table))


def test_frames_of_polars(tmp_path):
    table = pl.from_pandas(frame().astype({"kind": str}), include_index=False)
    theirs = columns().fit(table)
    ours = opened(theirs, tmp_path)
    for given in [table, table.with_columns(pl.col("word").cast(pl.Categorical)), table[["kind", "word", "yes", "count", "size"]]]:
        same(ours.transform(given), theirs.transform(given))


class Speaks:
    """A table that says nothing but Arrow."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def test_tables_of_arrow_and_of_what_speaks_it(tmp_path):
    table = frame().astype({"kind": str})
    theirs = columns().fit(table)
    ours = opened(theirs, tmp_path)
    expected = theirs.transform(table)
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    words = arrow.set_column(3, "word", arrow.column("word").dictionary_encode())
    for given in [arrow, words, Speaks(arrow), arrow.to_batches()[0], Speaks(pl.from_pandas(table))]:
        same(ours.transform(given), expected)


def test_missing_values_of_nullable_columns_are_nan(tmp_path):
    table = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64"), "b": pd.array([0.5, 1.5, None], dtype="Float64")})
    theirs = StandardScaler().fit(pd.DataFrame({"a": [1.0, 2, 3], "b": [0.5, 1.5, 2]}))
    same(opened(theirs, tmp_path).transform(table), theirs.transform(table))


def test_tables_without_columns_or_rows(tmp_path):
    theirs = columns().fit(frame())
    ours = opened(theirs, tmp_path)
    for table in [frame().iloc[:0], frame()[[]]]:
        # Of a frame without columns it is a `TypeError` that nobody meant.
        with pytest.raises((ValueError, TypeError)):
            theirs.transform(table)
        with pytest.raises(ValueError):
            ours.transform(table)


def test_labels_of_no_class_are_named_in_a_warning(tmp_path):
    theirs = MultiLabelBinarizer().fit([["red", "round"], ["blue"]])
    ours = opened(theirs, tmp_path)
    with pytest.warns(UserWarning, match=r"unknown class\(es\) \[1, 'green'\] will be ignored"):
        found = ours.transform([["green", "blue"], [1], ["red"]])
    with pytest.warns(UserWarning, match="unknown class"):
        same(found, theirs.transform([["green", "blue"], [1], ["red"]]))


def test_a_random_state_that_is_drawn_from_twice_is_refused(tmp_path):
    X, y = np.zeros((6, 2)), [0, 1, 0, 1, 0, 1]
    dummies = [(name, DummyClassifier(strategy="uniform", random_state=np.random.RandomState(0))) for name in "ab"]
    theirs = VotingClassifier(dummies).fit(X, y)
    same(opened(theirs, tmp_path).predict(X), copy.deepcopy(theirs).predict(X))
    theirs.estimators_[1].random_state = theirs.estimators_[0].random_state
    with pytest.raises(AttributeError, match="drawn from more than once"):
        opened(theirs, tmp_path).predict(X)


def test_rows_for_which_rounding_errors_choose_the_atom_are_refused(tmp_path):
    atoms = np.array([[0.6, 0.8, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    for algorithm in ["omp", "lars", "lasso_lars"]:
        theirs = SparseCoder(atoms, transform_algorithm=algorithm, transform_n_nonzero_coefs=1, transform_alpha=0.01)
        ours = opened(theirs, tmp_path)
        same(ours.transform([[0.0, 0.0, 1.0]]), theirs.transform([[0.0, 0.0, 1.0]]))
        with pytest.raises(skiff.WrongInputError, match="two atoms of the dictionary"):
            ours.transform([[0.3, 0.7, 0.1]])


@pytest.mark.parametrize("function", [None, np.exp])
def test_columns_of_functions_are_named_as_features(function, tmp_path):
    theirs = FunctionTransformer(function, feature_names_out="one-to-one").fit(X)
    ours = opened(theirs, tmp_path)
    for frame in [pd.DataFrame(X), pd.DataFrame(X, columns=list("abcd"))]:
        pd.testing.assert_frame_equal(ours.transform(frame), theirs.transform(frame))


def test_predictions_of_nan_have_no_score(tmp_path):
    theirs = RadiusNeighborsRegressor(radius=0.1).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="NaN"):
        theirs.score(X + 100, Y)
    with pytest.raises(skiff.WrongInputError, match="NaN"):
        opened(theirs, tmp_path).score(X + 100, Y)


def test_codes_of_nan_are_refused(tmp_path):
    with np.errstate(all="ignore"):
        theirs = OutputCodeClassifier(BernoulliNB(binarize=None), random_state=0).fit(X - 1, Y)
    with pytest.raises(ValueError, match="NaN"):
        theirs.predict(X)
    with pytest.raises(skiff.WrongInputError, match="NaN"):
        opened(theirs, tmp_path).predict(X)


def test_pipelines_within_pipelines_are_scored_by_their_last_estimator(tmp_path):
    theirs = make_pipeline(StandardScaler(), make_pipeline(MinMaxScaler(), KMeans(2, random_state=0))).fit(X)
    assert opened(theirs, tmp_path).score(X) == pytest.approx(theirs.score(X))


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@pytest.mark.parametrize(
    "transformer",
    [
        ColumnTransformer([("kept", "passthrough", ["a", "b"])]),
        FeatureUnion([("once", "passthrough"), ("twice", "passthrough")]),
        FunctionTransformer(validate=True),
        SelectKBest(k=2),
        VarianceThreshold(),
    ],
    ids=lambda transformer: type(transformer).__name__,
)
def test_large_integers_keep_their_digits(transformer, dtype, tmp_path):
    """Integers beyond 2**53, which a float64 does not hold."""
    large = 2**60 + 2**36 + 1
    frame = pd.DataFrame({"a": [large, 1, 2, 7], "b": [3, 4, large, 9], "c": [1, 5, 2, large]}).astype(dtype)
    transformer.fit(frame, [0, 1, 0, 1])
    ours, theirs = opened(transformer, tmp_path).transform(frame), transformer.transform(frame)
    assert np.asarray(ours).dtype == np.asarray(theirs).dtype == dtype
    assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("extrapolation", ["constant", "linear", "continue"])
def test_splines_at_infinity(extrapolation, tmp_path):
    """Where missing values are zeros, scikit-learn takes infinities as well."""
    theirs = SplineTransformer(handle_missing="zeros", extrapolation=extrapolation).fit(X)
    rows = X.copy()
    rows[0, 1], rows[1, 2] = np.inf, -np.inf
    same(opened(theirs, tmp_path).transform(rows), theirs.transform(rows))
