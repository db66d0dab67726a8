"""Values of every dtype of numpy, pandas, polars and Arrow through every encoder, scaler and imputer, as scikit-learn has
them: the same answer, or a refusal where it refuses.
"""

import datetime
import decimal
import itertools
import pathlib
import pickle
import warnings

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

import skiff

ROOT = pathlib.Path(__file__).resolve().parents[2]

NUMBERS = [1, 2, 3, 2, 5, 1]
HOLES = [1, 2, None, 2, 5, 1]
TEXTS = ["a", "b", "a", "c", "b", "a"]
GAPS = ["a", "b", None, "c", "b", "a"]
WHOLE = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


def opened(model):
    return skiff.open(pickle.dumps(model))


def of_numbers():
    """Tables of one or two columns of numbers, by what they are."""
    for dtype in [*WHOLE, "float32", "float64", "bool", ">f8", ">i4", "float16"]:
        yield f"numpy {dtype}", np.array([NUMBERS, NUMBERS[::-1]], dtype=dtype).T
        if dtype[0] != ">" and dtype != "float16":
            yield f"pandas {dtype}", pd.DataFrame({"x": np.array(NUMBERS, dtype=dtype), "y": np.array(NUMBERS[::-1], dtype=dtype)})
    yield "numpy object", np.array([NUMBERS, NUMBERS[::-1]], dtype=object).T
    yield "numpy object with None", np.array([HOLES, NUMBERS], dtype=object).T
    yield "numpy object with nan", np.array([[np.nan if v is None else v for v in HOLES], NUMBERS], dtype=object).T
    yield "numpy nan", np.array([[np.nan if v is None else v for v in HOLES], NUMBERS], dtype=float).T
    yield "lists", [list(pair) for pair in zip(NUMBERS, NUMBERS)]
    for name in ["Int8", "Int64", "UInt32", "Float32", "Float64"]:
        for what, values in {"": NUMBERS, " with NA": HOLES}.items():
            yield f"pandas {name}{what}", pd.DataFrame({"x": pd.array(values, dtype=name), "y": NUMBERS})
    yield "pandas boolean", pd.DataFrame({"x": pd.array([True, False, True] * 2, dtype="boolean"), "y": NUMBERS})
    yield "pandas boolean with NA", pd.DataFrame({"x": pd.array([True, None, True] * 2, dtype="boolean"), "y": NUMBERS})
    yield "pandas arrow int", pd.DataFrame({"x": pd.array(HOLES, dtype="int64[pyarrow]"), "y": NUMBERS})
    yield "pandas arrow double", pd.DataFrame({"x": pd.array(NUMBERS, dtype="double[pyarrow]"), "y": NUMBERS})
    yield "pandas mixed", pd.DataFrame({"x": np.array(NUMBERS, "float32"), "y": np.array(NUMBERS, "int16")})
    yield "pandas mixed with bool", pd.DataFrame({"x": np.array(NUMBERS, "float32"), "y": [True, False] * 3})
    yield "pandas sparse", pd.DataFrame({"x": pd.arrays.SparseArray([0, 0, 1, 2, 0, 0.0]), "y": NUMBERS})
    yield "pandas sparse int", pd.DataFrame({"x": pd.arrays.SparseArray([0, 0, 1, 2, 0, 0])}).assign(y=NUMBERS)
    yield "pandas category", pd.DataFrame({"x": pd.Categorical(NUMBERS), "y": NUMBERS})
    for dtype in [polars.Int8, polars.Int64, polars.UInt16, polars.Float32, polars.Float64]:
        yield f"polars {dtype}", polars.DataFrame({"x": polars.Series(NUMBERS, dtype=dtype), "y": polars.Series(NUMBERS, dtype=dtype)})
        yield f"polars {dtype} with null", polars.DataFrame({"x": polars.Series(HOLES, dtype=dtype), "y": NUMBERS})
    yield "polars Boolean", polars.DataFrame({"x": [True, False] * 3, "y": [False, True] * 3})
    yield "csr", scipy.sparse.csr_matrix(np.array([NUMBERS, NUMBERS]).T)


def of_texts():
    """Tables of one column of text, or of what else encoders take, by what they are."""
    bytes_ = [text.encode() for text in TEXTS]
    dates = pd.to_datetime(["2020-01-01", "2021-05-05", "2020-01-01", "2022-02-02", "2021-05-05", "2020-01-01"])
    yield "numpy U", np.array([TEXTS]).T
    yield "numpy S", np.array([bytes_]).T
    yield "numpy object", np.array([TEXTS], dtype=object).T
    yield "numpy object bytes", np.array([bytes_], dtype=object).T
    yield "numpy StringDType", np.array([TEXTS], dtype=np.dtypes.StringDType()).T
    yield "numpy object None", np.array([GAPS], dtype=object).T
    yield "numpy object nan", np.array([[np.nan if v is None else v for v in GAPS]], dtype=object).T
    yield "numpy datetime", np.array([dates.to_numpy()]).T
    yield "lists", [[text] for text in TEXTS]
    for dtype in ["object", "str", "string", "string[pyarrow]", pd.ArrowDtype(pyarrow.string()), "category"]:
        for what, values in {"": TEXTS, " with NA": GAPS}.items():
            yield f"pandas {dtype}{what}", pd.DataFrame({"x": pd.Series(values, dtype=dtype)})
    yield "pandas object pd.NA", pd.DataFrame({"x": pd.Series(["a", pd.NA, "a", "c", "b", "zz"], dtype=object)})
    yield "pandas object bytes", pd.DataFrame({"x": pd.Series(bytes_, dtype=object)})
    yield "pandas datetime", pd.DataFrame({"x": dates})
    yield "pandas timestamps", pd.DataFrame({"x": pd.Series(list(dates), dtype=object)})
    yield "pandas timedelta", pd.DataFrame({"x": dates - dates[0]})
    yield "pandas Int64", pd.DataFrame({"x": pd.array(HOLES, dtype="Int64")})
    yield "pandas float", pd.DataFrame({"x": [1.0, np.nan, 2, 1, 2, 5]})
    yield "pandas int", pd.DataFrame({"x": NUMBERS})
    yield "pandas bool", pd.DataFrame({"x": [True, False] * 3})
    for dtype in [polars.String, polars.Categorical, polars.Enum(["a", "b", "c"])]:
        for what, values in {"": TEXTS, " with null": GAPS}.items():
            yield f"polars {dtype}{what}", polars.DataFrame({"x": polars.Series(values, dtype=dtype)})


def answer(model, table, method="transform"):
    """What a model answers, or that it refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(model, method)(table)
        except Exception as error:  # noqa: BLE001
            return error


#: How numpy fails to compare values with categories of another type; to skiff they are unknown values.
STUMBLES = [
    "dtype argument must be a NumPy dtype",
    "y contains previously unseen labels: np.bytes_",
    "Could not convert object to NumPy",
    "Error parsing datetime string",
    "boolean value of NA is ambiguous",
]


def alike(ours, theirs):
    """Why two answers differ; nothing where they do not."""
    if ours is theirs:
        return None
    if "float16" in str(getattr(theirs, "dtype", getattr(theirs, "dtypes", ""))):
        # numpy's functions of bool and 8 bits compute in float16, which skiff does not.
        return None if isinstance(ours, Exception) else alike(ours, theirs.astype(ours.dtype)) if hasattr(theirs, "dtype") else None
    if isinstance(theirs, Exception):
        return None if isinstance(ours, Exception) or any(words in str(theirs) for words in STUMBLES) else f"refused ({str(theirs)[:90]!r}), answered {ours!r:.80}"
    if isinstance(ours, Exception):
        return f"answered, refused ({type(ours).__name__}: {str(ours)[:150]!r})"
    if type(ours) is not type(theirs) and not (scipy.sparse.issparse(ours) and scipy.sparse.issparse(theirs)):
        # Sparse answers of skiff are CSR matrices.
        return f"{type(theirs)}, found {type(ours)}"
    if isinstance(theirs, pd.DataFrame):
        try:
            pd.testing.assert_frame_equal(ours, theirs, rtol=1e-12)
        except AssertionError as error:
            return str(error)
        return None
    if isinstance(theirs, polars.DataFrame):
        return None if ours.schema == theirs.schema and ours.equals(theirs) else f"{theirs}, found {ours}"
    if isinstance(ours, np.ndarray) != isinstance(theirs, np.ndarray):
        return f"{type(theirs)}, found {type(ours)}"
    if scipy.sparse.issparse(theirs):
        ours, theirs = ours.toarray(), theirs.toarray()
    # Answers of skiff are in this machine's byte order.
    if ours.dtype != theirs.dtype.newbyteorder("=") or ours.shape != theirs.shape:
        return f"{theirs.dtype} {theirs.shape}, found {ours.dtype} {ours.shape}"
    if theirs.dtype == object:
        same = [a is b or a == b or (a != a and b != b) for a, b in zip(ours.ravel(), theirs.ravel())]
        return None if all(same) else f"{theirs.ravel()}, found {ours.ravel()}"
    if theirs.dtype.kind in "fc":
        close = np.allclose(ours, theirs, rtol=1e-6 if theirs.dtype == np.float32 else 1e-12, atol=1e-12, equal_nan=True)
        return None if close else f"{theirs.tolist()}, found {ours.tolist()}"
    return None if np.array_equal(ours, theirs) else f"{theirs.tolist()}, found {ours.tolist()}"


FITTED = np.array([NUMBERS, NUMBERS[::-1]], dtype=float).T

SCALERS = {
    "standard": StandardScaler().fit(FITTED),
    "standard of float32": StandardScaler().fit(FITTED.astype(np.float32)),
    "min max": MinMaxScaler().fit(FITTED),
    "max abs": MaxAbsScaler().fit(FITTED),
    "robust": RobustScaler().fit(FITTED),
    "normalizer": Normalizer().fit(FITTED),
    "binarizer": Binarizer(threshold=1.5).fit(FITTED),
    "mean": SimpleImputer().fit(FITTED),
    "constant": SimpleImputer(strategy="constant", fill_value=7.0).fit(FITTED),
    "most frequent": SimpleImputer(strategy="most_frequent").fit(FITTED),
    "of integers": SimpleImputer(strategy="most_frequent", missing_values=1).fit(FITTED.astype(int)),
    "with indicator": SimpleImputer(add_indicator=True).fit(np.where(FITTED == 5, np.nan, FITTED)),
    "NA": SimpleImputer(missing_values=pd.NA, strategy="most_frequent").fit(pd.DataFrame({"x": pd.array(HOLES, dtype="Int64"), "y": NUMBERS})),
    "function": FunctionTransformer(np.log1p).fit(FITTED),
    "rint": FunctionTransformer(np.rint).fit(FITTED),
    "checked function": FunctionTransformer(np.sqrt, validate=True).fit(FITTED),
    "identity": FunctionTransformer().fit(FITTED),
    "columns": make_column_transformer((StandardScaler(), [0]), remainder="passthrough").fit(FITTED),
    "union": make_union(StandardScaler(), MinMaxScaler()).fit(FITTED),
}

#: scikit-learn answers, and skiff does not: with the reason.
NOT_ANSWERED = {
    "float16": "some estimators compute in float16, rounding as they go",
    "complex": "",
}


#: What differs, with the reason: the estimator, and how the table's name begins.
KNOWN = {
    ("normalizer", "polars Float32"): "it validates twice, the second time an array of float32",
    ("NA", "numpy object"): "objects of numbers come back as floats",
    ("function", "polars"): "missing values of polars become NaN, where numpy's function returns what polars makes of them",
    ("columns", "lists"): "a list of rows is an array of numbers, and not of objects",
    ("columns", "pandas sparse"): "sparse columns are dense to skiff, which centres them",
}


@pytest.mark.parametrize("name", SCALERS)
def test_numbers_of_every_dtype(name):
    theirs, wrong = SCALERS[name], []
    ours = opened(theirs)
    for what, table in of_numbers():
        if any(word in what for word in NOT_ANSWERED):
            assert isinstance(answer(ours, table), skiff.NotSupportedError) or name == "identity"
            continue
        different = alike(answer(ours, table), answer(theirs, table))
        if different and not any(name == of and what.startswith(begin) for of, begin in KNOWN):
            wrong.append(f"{what}: {different}")
    assert not wrong, "\n".join(wrong)


def encoders():
    for (what, table), encoder in itertools.product(
        of_texts(),
        [
            OneHotEncoder(handle_unknown="ignore"),
            OneHotEncoder(sparse_output=False),
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
            OrdinalEncoder(),
        ],
    ):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield f"{encoder} of {what}", encoder.fit(table)
        except (TypeError, ValueError):
            # What scikit-learn does not fit.
            continue


ENCODERS = dict(encoders())


@pytest.mark.parametrize("name", ENCODERS)
def test_categories_of_every_dtype(name):
    theirs, wrong = ENCODERS[name], []
    try:
        ours = opened(theirs)
    except skiff.NotSupportedError:
        pytest.skip("categories of a type that skiff does not read")
    for what, table in of_texts():
        different = alike(answer(ours, table), answer(theirs, table))
        if different:
            wrong.append(f"{what}: {different}")
    assert not wrong, "\n".join(wrong)


def odd_frame():
    """A frame with columns that no estimator takes."""
    return pd.DataFrame(
        {
            "a": [1.5, 2.5, 3.5],
            "i": [1, 2, 3],
            "c": pd.Categorical(["u", "v", "u"]),
            "b": [True, False, True],
            "s": ["x", "y", "x"],
            "f": np.array([1, 2, 3], dtype=np.float32),
            "when": pd.to_datetime(["2020-01-01", "2020-01-02", "2021-01-01"]),
            "where": pd.to_datetime(["2020-01-01", "2020-01-02", None]).tz_localize("Europe/Oslo"),
            "price": [decimal.Decimal("1.5"), None, decimal.Decimal(2)],
            "list": [[1], [], [2, 3]],
            "period": pd.period_range("2020-01", periods=3, freq="M"),
            "day": [datetime.date(2020, 1, 1)] * 3,
            "object": [object(), object(), object()],
        }
    )


def test_columns_that_are_dropped_may_be_anything():
    frame, y = odd_frame(), [0, 1, 0]
    theirs = make_pipeline(
        make_column_transformer((StandardScaler(), ["a", "i"]), (OneHotEncoder(), ["c"])), LogisticRegression()
    ).fit(frame, y)
    ours = opened(theirs)
    assert np.array_equal(ours.predict(frame), theirs.predict(frame))
    assert np.array_equal(ours.predict(frame[frame.columns[::-1]]), theirs.predict(frame))
    wide = polars.DataFrame({"a": [1.0, 2, 3], "i": [1, 2, 3], "c": ["u", "v", "u"], "d": [datetime.date(2020, 1, 1)] * 3, "l": [[1], [2], [3]]})
    assert np.array_equal(ours.predict(wide), theirs.predict(wide))


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_frames_keep_the_types_of_their_columns(container):
    names = ["a", "i", "c", "b", "s", "f", "when"]
    frame = odd_frame()[names]
    table = frame if container == "pandas" else polars.from_pandas(frame)
    for theirs in [
        make_column_transformer((StandardScaler(), ["a"]), remainder="passthrough"),
        make_column_transformer((StandardScaler(), ["a"]), ("passthrough", ["s", "c"]), remainder="drop"),
        make_column_transformer((StandardScaler(), ["a"]), remainder="passthrough", verbose_feature_names_out=False),
        make_column_transformer((StandardScaler(), ["a"]), ("passthrough", ["i"])),
        make_column_transformer((OneHotEncoder(sparse_output=False), ["c"]), ("passthrough", ["b", "f", "i"])),
        make_pipeline(make_column_transformer(("passthrough", ["i", "s"]), remainder="passthrough")),
    ]:
        theirs.set_output(transform=container).fit(table)
        found, expected = opened(theirs).transform(table), theirs.transform(table)
        if container == "pandas":
            pd.testing.assert_frame_equal(found, expected)
        else:
            assert found.schema == expected.schema and found.equals(expected)


def test_an_index_and_names_of_the_callers_frame_are_kept():
    frame = pd.DataFrame({"x": [0.5, 1.0], "y": [1, 2]}, index=["u", "u"])
    for theirs in [FunctionTransformer(np.log1p), FunctionTransformer(), make_pipeline(FunctionTransformer(np.sqrt))]:
        theirs.fit(frame)
        pd.testing.assert_frame_equal(opened(theirs).transform(frame), theirs.transform(frame))
    numbered = pd.DataFrame([[0.5, 1.0], [1, 2]])
    theirs = FunctionTransformer(np.log1p).fit(numbered)
    pd.testing.assert_frame_equal(opened(theirs).transform(numbered), theirs.transform(numbered))
    assert opened(FunctionTransformer().fit(frame)).transform(frame) is frame


def month(frame):
    return pd.DataFrame({"month": frame["when"].dt.month, "day": frame["when"].dt.day})


def test_custom_code_gets_columns_as_they_are():
    frame = odd_frame()
    seen = []

    def look(part):
        seen.append(part)
        return month(part)

    columns = ColumnTransformer([("when", FunctionTransformer(month), ["when", "where", "c"]), ("n", StandardScaler(), ["a"])])
    theirs = make_pipeline(columns, LinearRegression()).fit(frame, [1.0, 2, 3])
    ours = skiff.open(pickle.dumps(theirs), custom={f"{__name__}.month": look})
    np.testing.assert_allclose(ours.predict(frame), theirs.predict(frame))
    pd.testing.assert_frame_equal(seen[-1], frame[["when", "where", "c"]])


def test_columns_that_occur_twice_are_refused_as_scikit_learn_does():
    frame = pd.DataFrame({"a": [1.0, 2], "b": [3.0, 5]})
    twice = pd.concat([frame, frame[["a"]]], axis=1)
    for theirs in [make_column_transformer((StandardScaler(), ["a"])).fit(frame), StandardScaler().fit(frame)]:
        for table in [twice, pd.concat([frame, frame[["b"]]], axis=1)]:
            assert isinstance(answer(theirs, table), Exception)
            with pytest.raises(ValueError):
                opened(theirs).transform(table)


def test_named_columns_without_pandas():
    frame = pd.DataFrame({"n": [1.0, 2, 5, 3], "t": ["u", "v", "u", "v"], "k": [1, 2, 3, 4]})
    theirs = make_pipeline(make_column_transformer((StandardScaler(), ["n"]), (OneHotEncoder(), ["t"])), DecisionTreeClassifier())
    theirs.fit(frame, [0, 1, 1, 0])
    ours, expected = opened(theirs), theirs.predict_proba(frame)
    records = np.array([tuple(row) for row in frame.itertuples(index=False)], dtype=[("n", "f8"), ("t", "U1"), ("k", "i4")])
    for table in [
        {name: frame[name].to_numpy() for name in frame},
        {name: frame[name].tolist() for name in frame},
        dict(frame),
        records,
        records.view(np.recarray),
        frame.to_dict("records"),
        frame[["t", "n"]].to_dict("records"),
    ]:
        assert np.array_equal(ours.predict_proba(table), expected), type(table)
    assert np.array_equal(ours.predict_proba({"n": 2.0, "t": "v"}), expected[1:2])
    for wrong in [{"n": [1.0, 2], "t": ["u"]}, {"n": [1.0]}, {"n": 1.0, "t": ["u"]}, [{"n": 1.0}, 3], {3: [1.0]}]:
        with pytest.raises((ValueError, TypeError)):
            ours.predict_proba(wrong)


def test_documents_of_every_kind():
    documents = ["one two two", "three one", "five"]
    for theirs in [CountVectorizer(), TfidfVectorizer(), CountVectorizer(analyzer="char", ngram_range=(1, 2))]:
        theirs.fit(documents)
        ours = opened(theirs)
        for table in [
            np.array(documents, dtype=np.dtypes.StringDType()),
            np.array(documents),
            np.array(documents, dtype=object),
            pd.Series(documents, dtype="string"),
            pd.Series(documents, dtype="str"),
            pd.Series(documents, dtype="category"),
            polars.Series(documents),
            tuple(documents),
            iter(documents),
            ["one \ud800 two", "tw\udfffo five", "\ud83d"],
        ]:
            again = list(documents) if not hasattr(table, "__len__") else table
            expected = theirs.transform(again)
            found = ours.transform(table)
            assert (abs(found - expected) > 1e-12).nnz == 0 and found.dtype == expected.dtype, type(table)


@pytest.mark.parametrize("documents", [[np.nan, "one"], [None, "one"], ["one", None], [1, 2], (np.nan,)], ids=str)
def test_what_is_no_document_is_told(documents):
    theirs = CountVectorizer().fit(["one two"])
    with pytest.raises((AttributeError, ValueError)):
        theirs.transform(documents)
    with pytest.raises(ValueError, match="document"):
        opened(theirs).transform(documents)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "yes"] * 2),
        np.array(["no", "yes"] * 2, dtype=object),
        np.array([7, 9] * 2, dtype=np.uint8),
        np.array([False, True] * 2),
    ],
    ids=lambda labels: str(labels.dtype),
)
def test_labels_of_every_kind(labels):
    X = np.array([[0.0], [1.0], [0.1], [0.9]])
    theirs = LogisticRegression().fit(X, labels)
    ours = opened(theirs)
    found, expected = ours.predict(X), theirs.predict(X)
    assert found.dtype == expected.dtype and np.array_equal(found, expected)
    assert ours.classes_.dtype == theirs.classes_.dtype and np.array_equal(ours.classes_, theirs.classes_)


def test_labels_of_string_dtype():
    path = ROOT / "fixtures" / "answers" / "string-dtype-classes.pkl"
    ours, theirs = skiff.open(path), skiff.load(path)
    X = np.random.default_rng(0).normal(size=(20, 3))
    for found, expected in [(ours.predict(X), theirs.predict(X)), (ours.classes_, theirs.classes_)]:
        assert found.dtype == expected.dtype == np.dtypes.StringDType() and np.array_equal(found, expected)


HALVES = [
    DecisionTreeClassifier(max_depth=3, random_state=0),
    RandomForestRegressor(5, max_depth=3, random_state=0),
    HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=3),
    SVC(probability=False),
    LinearSVC(),
    LogisticRegression(),
    LinearRegression(),
    PoissonRegressor(),
    GaussianNB(),
    MultinomialNB(),
    KNeighborsClassifier(3),
    KMeans(3, n_init=1, random_state=0),
    PCA(2),
    OneHotEncoder(handle_unknown="ignore"),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    make_pipeline(PCA(2), LogisticRegression()),
]


@pytest.mark.parametrize("fitted_on", [np.float64, np.float32])
@pytest.mark.parametrize("theirs", HALVES, ids=str)
def test_halves_become_what_scikit_learn_makes_of_them(theirs, fitted_on):
    random = np.random.default_rng(0)
    X = np.abs(random.normal(size=(60, 3)) * 4).round(1 if "Encoder" not in str(theirs) else 0)
    y = (X[:, 0] + X[:, 1] > 6).astype(int)
    theirs = clone(theirs).fit(X.astype(fitted_on), y)
    half = X.astype(np.float16)
    frame = pd.DataFrame(half, columns=["a", "b", "c"])
    mixed = frame.astype({"b": np.float32})
    ours = opened(theirs)
    for method in ["predict", "predict_proba", "decision_function", "transform"]:
        if not hasattr(theirs, method):
            continue
        for table in [half, np.asfortranarray(half), frame, mixed]:
            found, expected = answer(ours, table, method), answer(theirs, table, method)
            if getattr(expected, "dtype", None) == np.float32:
                # Sums of float32, in the order of whatever BLAS there is.
                assert found.dtype == np.float32
                np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
            else:
                assert alike(found, expected) is None, (method, type(table))


@pytest.mark.parametrize("theirs", [StandardScaler(), Normalizer(), Binarizer(), make_union(PCA(1), StandardScaler())], ids=str)
def test_what_computes_in_halves_is_refused(theirs):
    X = FITTED.astype(np.float16)
    with pytest.raises(skiff.NotSupportedError, match="float16"):
        opened(theirs.fit(FITTED)).transform(X)


def rows_back():
    """Encoders, with rows that stand for categories alone, and rows of which some stand for none."""
    columns = {
        "int64": np.array([[1], [2]]),
        "float32": np.array([[1.5], [2]], dtype=np.float32),
        "U": np.array([["a"], ["bc"]]),
        "S": np.array([[b"a"], [b"bc"]]),
        "object": np.array([["a"], ["bc"]], dtype=object),
        "bytes": np.array([[b"a"], [b"bc"]], dtype=object),
        "datetime64": np.array([["2021-01-01"], ["2022"]], dtype="M8[us]"),
        "timedelta64": np.array([[1], [2]], dtype="m8[s]"),
        "bool": np.array([[True], [False]]),
    }
    for name, column in columns.items():
        yield name, column
    yield "numbers", pd.DataFrame({"a": [1, 2], "b": [1.5, 2.5], "c": [True, False]})
    yield "whole numbers", pd.DataFrame({"a": np.array([1, 2], "int8"), "c": [True, False]})
    yield "numbers and text", pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


def column_kind(column):
    return column.dtype.kind if isinstance(column, np.ndarray) else "O"


@pytest.mark.parametrize("name", dict(rows_back()))
def test_categories_come_back_in_their_dtype(name):
    column = dict(rows_back())[name]
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(column)
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(column)
    strict = OrdinalEncoder().fit(column)
    known, codes = one_hot.transform(column), strict.transform(column)
    nothing, unknown = known.copy(), codes.copy()
    nothing[0, :2], unknown[0, 0] = 0, -1
    for theirs, rows in [(one_hot, known), (one_hot, nothing), (ordinal, codes), (ordinal, unknown), (strict, codes)]:
        ours = opened(theirs)
        if theirs is ordinal and column_kind(column) in "mM":
            # Objects, which numpy makes integers or dates of Python, depending on their unit.
            assert not hasattr(ours, "inverse_transform")
            continue
        found, expected = ours.inverse_transform(rows), theirs.inverse_transform(rows)
        assert alike(found, expected) is None, theirs
        if expected.dtype == object:
            assert [type(value) for value in found.ravel()] == [type(value) for value in expected.ravel()], theirs
        for one, other in zip(ours.categories_, theirs.categories_):
            assert one.dtype == other.dtype and np.array_equal(one, other)


def objects_of_pandas():
    """Columns of pandas' own objects, as people bin numbers and dates."""
    yield "intervals", pd.cut([1, 30, 50, 70], [0, 18, 40, 100])
    yield "intervals from the left", pd.cut([1.0, 30, 50, 70], [0, 18.5, 40, 100], right=False)
    yield "intervals of dates", pd.cut(pd.to_datetime(["2020-01-05", "2021-06-01"] * 2), pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01"]))
    yield "timestamps", pd.Series([*map(pd.Timestamp, ["2020-01-01", "2021-05-05 10:30:00", "2022-02-02 00:00:00.000001", "2020-01-01"])], dtype=object)


@pytest.mark.parametrize("name", dict(objects_of_pandas()))
def test_objects_of_pandas_are_categories(name):
    column = pd.Series(dict(objects_of_pandas())[name])
    frame = pd.DataFrame({"x": column})
    objects = frame.astype(object)
    others = pd.DataFrame({"x": pd.Series([pd.Interval(0.0, 18.0), pd.Interval(0, 18, closed="both"), None, "(0, 18]", pd.Timestamp("2020-01-01"), 18], dtype=object)})
    for theirs in [OneHotEncoder(handle_unknown="ignore"), OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)]:
        theirs.fit(frame)
        ours = opened(theirs)
        for table in [frame, objects, objects[::-1], others]:
            assert alike(answer(ours, table), answer(theirs, table)) is None
        codes = theirs.transform(frame)
        assert alike(ours.inverse_transform(codes), theirs.inverse_transform(codes)) is None
        assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())
        assert [list(values) for values in ours.categories_] == [list(values) for values in theirs.categories_]


@pytest.mark.parametrize(
    "values",
    [
        list(pd.period_range("2020-01", periods=2, freq="M")),
        list(pd.to_datetime(["2020-01-01", "2021-01-01"]).tz_localize("Europe/Oslo")),
        [decimal.Decimal(1), decimal.Decimal(2)],
        [datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)],
        [pd.Interval(pd.Timedelta(1), pd.Timedelta(2)), pd.Interval(pd.Timedelta(2), pd.Timedelta(3))],
    ],
    ids=lambda values: type(values[0]).__name__,
)
def test_other_objects_are_refused_by_name(values):
    theirs = OneHotEncoder(handle_unknown="ignore").fit(pd.DataFrame({"x": pd.Series(values, dtype=object)}))
    with pytest.raises(skiff.NotSupportedError, match=r"categories of column 0.*(?i:period|timestamp|Decimal|date|Interval)"):
        opened(theirs)


@pytest.mark.parametrize("function", [np.abs, np.negative, np.square, np.sign, np.floor, np.ceil, np.trunc, np.rint, np.log1p, np.isnan], ids=lambda f: f.__name__)
def test_functions_of_objects(function):
    theirs = FunctionTransformer(function)
    ours = opened(theirs.fit(np.array([[1, 2.5]], dtype=object)))
    for rows in [[[1, 2.5], [-3, True]], [[1, None]], [[1.5, np.nan]], [["a", 1]]]:
        table = np.array(rows, dtype=object)
        expected = answer(theirs, table)
        found = answer(ours, table)
        assert alike(found, expected) is None, rows
        if not isinstance(expected, Exception):
            assert [type(value) for value in found.ravel()] == [type(value) for value in expected.ravel()]
        assert alike(answer(ours, pd.DataFrame(table)), answer(theirs, pd.DataFrame(table))) is None, rows
