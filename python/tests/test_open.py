"""`skiff.open` against the installed scikit-learn: shapes, dtypes, values, attributes, errors."""

import copy
import io
import json
import pickle
import re
import threading

import joblib
import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
import scipy.sparse
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC

import skiff

METHODS = [
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "transform",
    "score_samples",
    "apply",
    "decision_path",
    "kneighbors",
    "kneighbors_graph",
    "staged_predict",
    "staged_predict_proba",
    "staged_decision_function",
]


def data(count=80):
    random = np.random.RandomState(0)
    x = random.normal(size=(count, 5)) * [1.0, 10.0, 0.1, 3.0, 1.0]
    return x, (x[:, 0] + x[:, 3] > 0).astype(int) + (x[:, 1] > 5)


def opened(model):
    return skiff.open(pickle.dumps(model))


def same(found, expected, exact=False):
    """The same class, shape and dtype, and values as close as two runs of BLAS are."""
    assert type(found) is type(expected)
    if isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            same(one, other, exact)
        return
    if scipy.sparse.issparse(expected):
        assert found.format == expected.format
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        found, expected = found.toarray(), expected.toarray()
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    if expected.dtype.kind == "f" and not exact:
        # The scale of float32 answers, and of those to float32 inputs.
        scale = np.abs(expected[np.isfinite(expected)]).max(initial=1e-30)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * scale)
    else:
        np.testing.assert_array_equal(found, expected)


MODELS = [
    LogisticRegression(),
    SVC(),
    LinearRegression(),
    StandardScaler(),
    PCA(2),
    KMeans(3, n_init=1, random_state=0),
    KNeighborsClassifier(4),
    RandomForestClassifier(5, random_state=0),
    RandomForestRegressor(5, random_state=0),
    GradientBoostingClassifier(n_estimators=4, random_state=0),
    make_pipeline(StandardScaler(), PCA(3), LogisticRegression()),
    GridSearchCV(make_pipeline(StandardScaler(), SVC()), {"svc__C": [0.1, 1.0]}, cv=2),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_every_layout_of_numbers_is_answered_as_scikit_learn_does(model):
    x, y = data()
    model.fit(x, y)
    answering = opened(model)
    wide = np.zeros((len(x), 12))
    wide[:, 1:11:2] = x
    layouts = {
        "C": x,
        "Fortran": np.asfortranarray(x),
        "strided": wide[:, 1:11:2],
        "backwards": x[::-1],
        "every other": x[::2],
        "float32": x.astype(np.float32),
        "float32 Fortran": np.asfortranarray(x.astype(np.float32)),
        "big endian": x.astype(">f8"),
        "int64": x.astype(np.int64),
        "int8": np.asfortranarray(x.astype(np.int8)),
        "uint16": np.abs(x).astype(np.uint16),
        "bool": x > 0,
        "list": x[:4].tolist(),
        "tuple": tuple(map(tuple, x[:4].tolist())),
        "read-only": np.frombuffer(x.tobytes()).reshape(x.shape),
        "one row": x[:1],
    }
    asked = 0
    for method in METHODS:
        assert hasattr(answering, method) == hasattr(model, method), method
        if not hasattr(model, method):
            continue
        asked += 1
        for name, table in layouts.items():
            try:
                expected = getattr(model, method)(table)
            except ValueError as error:
                # A k-means of float64 refuses float32, in Cython's words.
                assert "Buffer dtype mismatch" in str(error)
                continue
            found = getattr(answering, method)(table)
            if method.startswith("staged"):
                expected, found = list(expected), list(found)
            try:
                same(found, expected)
            except AssertionError as error:
                raise AssertionError(f"{method} of {name}") from error
    assert asked


def test_neighbors_take_their_arguments():
    x, y = data()
    model = KNeighborsClassifier().fit(x, y)
    answering = opened(model)
    same(answering.kneighbors(x), model.kneighbors(x))
    same(answering.kneighbors(x, 2), model.kneighbors(x, 2))
    same(answering.kneighbors(x, n_neighbors=3, return_distance=False), model.kneighbors(x, 3, False))
    same(answering.kneighbors_graph(x, 2, mode="distance"), model.kneighbors_graph(x, 2, mode="distance"))


def test_arguments_of_predict():
    x, y = data()
    model = DummyRegressor().fit(x, y)
    same(opened(model).predict(x, return_std=True), model.predict(x, return_std=True))
    with pytest.raises((skiff.SkiffError, TypeError)):
        opened(model).predict(x, no_such_argument=1)


def test_labels_of_every_kind():
    x, y = data()
    for labels in (
        np.array(["setosa", "ÿ", "long label"]),
        np.array(["a", "b", "c"], dtype=object),
        np.array([False, True, True]),
        np.array([-1.5, 0.5, 2.0]).astype(np.float64).round().astype(np.int32),
        np.array([3, 5, 250], dtype=np.uint8),
    ):
        model = KNeighborsClassifier().fit(x, labels[y])
        answering = opened(model)
        same(answering.predict(x), model.predict(x))
        same(answering.classes_, model.classes_)


def test_several_outputs_are_lists():
    x, y = data()
    both = np.column_stack([y, y % 2])
    model = RandomForestClassifier(4, random_state=0).fit(x, both)
    answering = opened(model)
    same(answering.predict(x), model.predict(x))
    same(answering.predict_proba(x), model.predict_proba(x))
    same(answering.classes_, model.classes_)


def table():
    return pd.DataFrame(
        {
            "age": [31.0, np.nan, 55.0, 22.5, 40.0, 18.0],
            "visits": [1, 2, 3, 4, 5, 6],
            "member": [True, False, True, True, False, False],
            "city": ["Oslo", "Rome", "Oslo", "Lima", "Rome", "Lima"],
            "size": pd.Categorical(["S", "M", "L", "S", "M", "L"]),
            "count": pd.array([1, None, 3, 4, 5, 6], dtype="Int64"),
        }
    )


def of_columns():
    numbers = ["age", "visits", "member", "count"]
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("words", OneHotEncoder(handle_unknown="ignore"), ["city", "size"]),
        ]
    )


def test_dataframes_of_every_library():
    frame = table()
    model = make_pipeline(of_columns(), LogisticRegression()).fit(frame, [0, 1, 0, 1, 1, 0])
    answering = opened(model)
    expected = model.predict_proba(frame)
    same(answering.predict_proba(frame), expected)
    same(answering.predict_proba(frame[frame.columns[::-1]]), expected)
    same(answering.predict_proba(frame.set_index("visits", drop=False)), expected)
    same(answering.predict_proba(polars.from_pandas(frame)), expected)
    same(answering.predict_proba(pyarrow.Table.from_pandas(frame)), expected)
    same(answering.predict_proba(pyarrow.RecordBatch.from_pandas(frame)), expected)
    same(answering.feature_names_in_, model.feature_names_in_)
    assert list(answering.named_steps["columntransformer"].named_transformers_) == ["numbers", "words"]

    class Arrow:
        """A table of a library that nobody has heard of."""

        def __arrow_c_stream__(self, requested_schema=None):
            return pyarrow.Table.from_pandas(frame).__arrow_c_stream__(requested_schema)

    same(answering.predict_proba(Arrow()), expected)
    with pytest.raises(skiff.WrongInputError, match="city"):
        answering.predict(frame.drop(columns="city"))


def test_numbers_in_dataframes_and_names_out():
    x, y = data()
    frame = pd.DataFrame(x, columns=list("abcde"))
    model = make_pipeline(StandardScaler(), PCA(2)).fit(frame)
    answering = opened(model)
    for columns in (frame, frame.astype(np.float32), frame.astype(int)):
        same(answering.transform(columns), model.transform(columns))
    same(answering.get_feature_names_out(), model.get_feature_names_out())
    with pytest.raises(skiff.WrongInputError, match="[Ff]eature names"):
        answering.transform(frame[list("bacde")])
    numbered = pd.DataFrame(x)
    plain = StandardScaler().fit(numbered)
    same(opened(plain).transform(numbered), plain.transform(numbered))
    with pytest.raises(TypeError, match="string names"):
        answering.transform(frame.rename(columns={"a": 1}))
    twice = frame.set_axis(list("abcda"), axis=1)
    # As scikit-learn does since it reads names by narwhals.
    for model in (plain, opened(plain)):
        with pytest.raises(Exception, match="(?i)expected unique column names"):
            model.transform(twice)


def test_text_and_objects_in_arrays():
    words = np.array([["x", "p"], ["y", "q"], ["x", "q"]])
    for rows in (words, words.astype(object), words.tolist(), [["x", 1], ["y", 2]]):
        for encoder in (OneHotEncoder(), OneHotEncoder(sparse_output=False), OrdinalEncoder()):
            encoder.fit(rows)
            same(opened(encoder).transform(rows), encoder.transform(rows))
    encoder = LabelEncoder().fit(["a", "c", "b"])
    answering = opened(encoder)
    for labels in (["a", "b"], np.array(["c"]), np.array(["c", "a"], dtype=object), pd.Series(["b", "a"])):
        same(answering.transform(labels), encoder.transform(labels))
    same(answering.inverse_transform(np.array([2, 0])), encoder.inverse_transform(np.array([2, 0])))


def test_sparse_matrices():
    x, y = data()
    x[np.abs(x) < 1] = 0
    for model in (LogisticRegression(), StandardScaler(with_mean=False)):
        model.fit(scipy.sparse.csr_matrix(x), y)
        answering = opened(model)
        method = "predict_proba" if hasattr(model, "predict_proba") else "transform"
        for form in (scipy.sparse.csr_matrix, scipy.sparse.csc_matrix, scipy.sparse.csr_array):
            for dtype in (np.float64, np.float32, np.int64):
                rows = form(x.astype(dtype))
                expected = getattr(model, method)(rows)
                found = getattr(answering, method)(rows)
                if scipy.sparse.issparse(expected):
                    found, expected = found.toarray(), expected.toarray()
                same(found, expected)
    broken = scipy.sparse.csr_matrix(x)
    broken.has_canonical_format = True
    broken.indices[0] = 99
    with pytest.raises(skiff.WrongInputError, match="inconsistent"):
        answering.transform(broken)


def test_documents():
    documents = ["a good day", "bad night", "good good night", "Day by day"]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(documents, list("pnpn"))
    answering = opened(model)
    for given in (documents, tuple(documents), np.array(documents), pd.Series(documents), np.array(documents, object)):
        same(answering.predict(given), model.predict(given))
        same(answering.predict_proba(given), model.predict_proba(given))
    same(answering.predict([b"bad day"]), model.predict([b"bad day"]))
    counts = CountVectorizer().fit(documents)
    answering = opened(counts)
    same(answering.transform(documents), counts.transform(documents))
    same(answering.get_feature_names_out(), counts.get_feature_names_out())
    assert answering.vocabulary_ == counts.vocabulary_
    rows = counts.transform(documents)
    same([np.sort(row) for row in answering.inverse_transform(rows)], [np.sort(row) for row in counts.inverse_transform(rows)])
    with pytest.raises(ValueError, match="Iterable over raw text documents expected"):
        answering.transform("a document")


def test_mappings():
    rows = [{"a": 1, "city": "Oslo"}, {"a": 2.5, "b": True}, {"city": "Rome", "c": 3}]
    for model in (DictVectorizer(), DictVectorizer(sparse=False)):
        model.fit(rows)
        same(opened(model).transform(rows), model.transform(rows))
        same(opened(model).transform(rows[0]), model.transform(rows[0]))
        assert opened(model).inverse_transform(model.transform(rows)) == model.inverse_transform(model.transform(rows))


def test_attributes_are_those_of_the_file():
    x, y = data()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=2.0)).fit(x, y)
    answering = opened(model)
    last = answering.named_steps.logisticregression
    same(last.coef_, model[-1].coef_)
    same(answering.steps[0][1].mean_, model[0].mean_)
    assert last.C == 2.0 and last.n_features_in_ == 5 and answering.n_features_in_ == 5
    assert not last.coef_.flags.writeable
    with pytest.raises(AttributeError):
        last.coef_ = 1
    for name in ("no_such", "no_such_", "_private", "transform", "feature_names_in_", "partial_fit"):
        assert not hasattr(answering, name), name
    assert "predict" in dir(answering) and "transform" not in dir(answering) and "coef_" in dir(last)
    forest = RandomForestClassifier(3, random_state=0).fit(x, y)
    trees = opened(forest).estimators_
    assert len(trees) == 3
    same(trees[1].predict(x), forest.estimators_[1].predict(x))
    search = GridSearchCV(SVC(), {"C": [1, 2]}, cv=2).fit(x, y)
    same(opened(search).best_estimator_.predict(x), search.predict(x))
    assert opened(search).best_params_ == search.best_params_


def test_every_source(tmp_path, monkeypatch):
    x, y = data()
    model = LogisticRegression().fit(x, y)
    path = tmp_path / "model.joblib"
    joblib.dump(model, path, compress=3)
    content = path.read_bytes()
    monkeypatch.chdir(tmp_path)
    for source in (path, str(path), "model.joblib", content, bytearray(content), memoryview(content), io.BytesIO(content)):
        same(skiff.open(source).predict(x), model.predict(x))
    with open(path, "rb") as file:
        same(skiff.open(file).predict(x), model.predict(x))
    several = pickle.dumps({"one": model, "other": StandardScaler().fit(x)})
    assert hasattr(skiff.open(several, at="['other']"), "transform")
    with pytest.raises(skiff.WrongInputError, match=r"at=\"\['one'\]\"") as caught:
        skiff.open(several)
    assert caught.value.code == "several-estimators"
    for source in (3, None, io.StringIO("text")):
        with pytest.raises(TypeError):
            skiff.open(source)


def test_addresses_in_registries_are_the_commands(tmp_path):
    (tmp_path / "skiff-registry.json").write_text('{"layout": 1, "created": "2026-11-25T15:09:04Z", "grace": 1}')
    for address in ("s3://bucket/models/m@production", "gs://bucket/m:3", f"{tmp_path}/m@production", tmp_path / "m:1"):
        for function in (skiff.open, skiff.load, skiff.inspect, skiff.scan, skiff.verify):
            with pytest.raises(skiff.NotSupportedError, match=re.escape(f"`skiff registry pull {address} FILE`")):
                function(address)
    # Other names are names of files.
    for path in (tmp_path / "m", "s3:/m@production", "nowhere/m@production"):
        with pytest.raises(FileNotFoundError):
            skiff.open(path)


def test_errors_are_what_python_people_catch(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        skiff.open(tmp_path / "nothing")
    assert isinstance(caught.value, skiff.UnreadableFileError) and caught.value.filename.endswith("nothing")
    with pytest.raises(OSError):
        skiff.open(tmp_path)
    x, y = data()
    content = pickle.dumps(LogisticRegression().fit(x, y))
    for damaged in (b"", b"no model", content[:-20]):
        with pytest.raises(skiff.DamagedFileError) as caught:
            skiff.open(damaged)
        assert isinstance(caught.value, ValueError) and caught.value.code
    with pytest.raises(skiff.LimitExceededError):
        skiff.open(content, limits=skiff.Limits(nodes=10))
    little = skiff.open(content, limits=skiff.Limits(answer=200))
    assert little.predict_proba(x[:8]).shape == (8, 3)
    with pytest.raises(skiff.LimitExceededError, match="`answer` of 200") as caught:
        little.predict_proba(x[:20])
    assert caught.value.code == "limit" and "skiff.Limits(answer=...)" in caught.value.help
    with pytest.raises(NotImplementedError) as caught:
        skiff.open(content.replace(b"LogisticRegression", b"LogisticRegressiom"))
    assert isinstance(caught.value, skiff.NotSupportedError) and caught.value.code == "unsupported-estimator"
    answering = skiff.open(content)
    with pytest.raises(skiff.WrongInputError) as caught:
        answering.predict(np.where(np.arange(10)[:, None] == 7, np.nan, np.ones((10, 5))))
    assert caught.value.row == 7 and isinstance(caught.value, ValueError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.row, again.code, str(again)) == (7, caught.value.code, str(caught.value))
    for wrong, words in ((x[0], "Expected 2D array, got 1D"), (1.0, "scalar array"), (x[None], "dim 3"), (x[:, :2], "2 features")):
        with pytest.raises(ValueError, match=words):
            answering.predict(wrong)
    with pytest.raises(skiff.NotSupportedError, match="float16"):
        opened(StandardScaler().fit(x)).transform(x.astype(np.float16))
    for wrong in (x.astype(complex), pd.Series(x[0]), x.astype("M8[s]"), [[object()] * 5]):
        with pytest.raises((ValueError, TypeError)):
            answering.predict(wrong)


def test_threads_share_a_model():
    x, y = data(400)
    model = RandomForestClassifier(30, random_state=0).fit(x, y)
    answering, expected, wrong = opened(model), model.predict_proba(x), []

    def ask():
        for _ in range(20):
            if not np.allclose(answering.predict_proba(x), expected, rtol=1e-12, atol=1e-12):
                wrong.append(1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_is_shown():
    x, y = data()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, np.array(["<b>", "&", "c"])[y])
    answering = opened(model)
    assert "StandardScaler" in repr(answering) and "LogisticRegression" in repr(answering)
    html = answering._repr_html_()
    assert html.count("skiff-box\"") == 3 and "<b>StandardScaler</b>" in html and "script" not in html
    found = skiff.inspect(pickle.dumps(model))
    assert json.loads(json.dumps(found)) == found
    assert found["estimators"][0]["class"] == "sklearn.pipeline.Pipeline"
    assert found["estimators"][0]["inner"][1]["classes"] == ["&", "<b>", "c"]
    hostile = StandardScaler().fit(x)
    hostile.copy = "<script>alert(1)</script>"
    assert "&lt;script" in opened(hostile)._repr_html_() and "<script" not in opened(hostile)._repr_html_()
    assert copy.deepcopy(answering) is answering


def test_a_row_of_a_frame_is_no_table():
    frame = pd.DataFrame({"a": [1.5, 2.5], "c": ["u", "v"]})
    model = opened(make_column_transformer((StandardScaler(), ["a"]), (OneHotEncoder(), ["c"])).fit(frame))
    with pytest.raises(ValueError, match="Expected a 2-dimensional container"):
        model.transform(frame.iloc[0])


def test_labels_of_another_kind_are_not_scored():
    x, y = data()
    model = opened(LogisticRegression().fit(x, np.array(["a", "b", "c"])[y]))
    with pytest.raises(ValueError, match="y has numbers, but the predictions are text"):
        model.score(x, y)


def test_one_feature_is_one():
    model = opened(LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
    assert repr(model) == "<skiff.Model LogisticRegression, 1 feature, 2 classes>"


def test_bagging_asks_classifiers_whose_predict_proba_raises():
    x, _ = data()
    y = np.arange(len(x)) % 3
    model = BaggingClassifier(GaussianProcessClassifier(multi_class="one_vs_one"), n_estimators=2, random_state=0)
    model.fit(x, y)
    for one in (model, opened(model)):
        with pytest.raises(ValueError, match="one_vs_one"):
            one.predict(x)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_machine_without_support_vectors_answers(classes, sparse):
    x, _ = data()
    rows = scipy.sparse.csr_matrix(np.where(x > 0, x, 0)) if sparse else x
    model = SVC(max_iter=0).fit(rows, np.arange(len(x)) % classes)
    assert model.support_.size == 0
    same(opened(model).predict(rows), model.predict(rows))


def test_changed_parameters_are_those_of_scikit_learns_repr():
    """Of each class without and with one parameter that is not the default."""
    from sklearn.utils import all_estimators
    from sklearn.utils._pprint import _changed_params

    compared = 0
    for _, cls in all_estimators():
        try:
            plain = cls()
        except TypeError:
            continue
        for name in [None, *sorted(plain.get_params(deep=False))]:
            model = cls() if name is None else cls(**{name: 0.125})
            found = skiff.inspect(pickle.dumps(model))["estimators"][0]["changed_parameters"]
            assert sorted(found) == sorted(_changed_params(model)), (cls, name)
            compared += 1
    assert compared > 1000


@pytest.mark.parametrize("metric", ["infinity", "p"])
def test_metrics_that_only_heaps_know_take_rows_of_the_dtype_of_the_fit(metric):
    x, _ = data(30)
    model = NearestNeighbors(n_neighbors=20, metric=metric).fit(x)
    assert model._fit_method == "brute"
    same(opened(model).kneighbors(x)[1], model.kneighbors(x)[1])
    for one in (model, opened(model)):
        with pytest.raises(ValueError, match="metric"):
            one.kneighbors(x.astype("float32"))
