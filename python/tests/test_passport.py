"""The passport: what `skiff.dump` records of a model, and what `skiff.verify` and `skiff.check_scores` make of it."""

import hashlib
import json
import os
import pathlib
import platform
import subprocess
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
import sklearn
from sklearn import model_selection
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, LabelEncoder, MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import skiff

X, Y = load_iris(return_X_y=True)
FRAME, LABELS = load_iris(return_X_y=True, as_frame=True)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.skiff"


def passport_of(path, model=None, **told):
    skiff.dump(SVC().fit(X, Y) if model is None else model, path, **told)
    found = skiff.inspect(path)["passport"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


# What is recorded unasked


def test_versions_platform_and_date(path):
    found = passport_of(path)
    assert found["version"] == 1
    assert found["versions"]["python"] == platform.python_version()
    assert found["versions"]["scikit-learn"] == sklearn.__version__
    assert found["versions"]["numpy"] == np.__version__
    assert found["versions"]["skiff"] == skiff.__version__
    assert found["platform"]["byte_order"] == sys.byteorder
    assert found["platform"]["system"] == platform.system()
    assert pd.Timestamp(found["created"]) <= pd.Timestamp.now("UTC")
    assert not {"data", "source", "cross_validation", "metrics", "notes", "author", "samples"} & set(found)


def test_the_same_model_gives_the_same_bytes(path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    model = SVC().fit(X, Y)
    written = []
    for _ in range(2):
        assert passport_of(path, model, X_sample=X[:3], cv=[0.9])["created"] == "2027-01-15T08:00:00Z"
        written.append(path.read_bytes())
    assert written[0] == written[1]


def test_the_estimator(path):
    model = make_pipeline(FunctionTransformer(np.log1p), LogisticRegression(C=2.0, class_weight={0: 1.0, 1: 2.0, 2: 1.0}))
    found = passport_of(path, model.fit(FRAME, LABELS))["estimator"]
    assert found["class"] == "sklearn.pipeline.Pipeline"
    assert found["n_features_in"] == 4
    assert found["feature_names_in"] == list(FRAME.columns)
    assert found["classes"] == [0, 1, 2]
    parameters = found["parameters"]
    assert set(parameters) == set(model.get_params(deep=True))
    assert parameters["logisticregression__C"] == 2.0
    assert parameters["logisticregression__class_weight"] == {"repr": "{0: 1.0, 1: 2.0, 2: 1.0}"}
    assert parameters["functiontransformer__func"] == {"name": "numpy.log1p"}
    assert parameters["functiontransformer"] == {"class": "sklearn.preprocessing._function_transformer.FunctionTransformer"}


def test_several_outputs(path):
    model = DecisionTreeClassifier(random_state=0).fit(X, np.c_[Y, Y == 1])
    found = passport_of(path, model, X_sample=X[:3])["estimator"]
    assert found["classes"] == [[0, 1, 2], [0, 1]]
    assert found["n_classes"] == [3, 2]
    assert skiff.verify(path)


def test_hyperparameters_of_any_kind(path):
    class Odd:
        def __repr__(self):
            raise RuntimeError("no")

        def __len__(self):
            raise RuntimeError("no")

    values = {
        "nan": (float("nan"), {"float": "nan"}),
        "infinity": (-float("inf"), {"float": "-inf"}),
        "numpy": (np.float32(0.5), 0.5),
        "long": (2**70, {"repr": str(2**70)}),
        "tuple": ((1, [2, (None,)]), [1, [2, [None]]]),
        "names": ({"a": {"b": 1}}, {"a": {"b": 1}}),
        "like_a_mark": ({"repr": "x"}, {"repr": "{'repr': 'x'}"}),
        "items": (list(range(101)), {"repr": "list of 101 items"}),
        "text": ("\ud800 \x1b", "\ud800 \x1b"),
        "class": (SVC, {"name": "sklearn.svm._classes.SVC"}),
        "object": (object(), {"repr": "<object object>"}),
        "circle": (circle(), None),
    }

    class Holder(BaseEstimator):
        def get_params(self, deep=True):
            return {name: value for name, (value, _) in values.items()} | {"odd": Odd()}

    found = skiff._passport.describe(Holder())["parameters"]
    json.dumps(found, allow_nan=False)
    for name, (_, expected) in values.items():
        if expected is not None:
            assert found[name] == expected, name
    assert found["odd"]["repr"].startswith("<")


def circle():
    items = []
    items.append(items)
    return items


def test_what_is_no_estimator_is_dumped_too(path):
    found = passport_of(path, {"model": SVC().fit(X, Y)})
    assert found["estimator"] == {"class": "dict", "parameters": {}}


def test_a_passport_stands_in_a_skiff_only(tmp_path):
    with pytest.raises(skiff.WrongInput, match="`notes`"):
        skiff.dump(SVC().fit(X, Y), tmp_path / "model.joblib", notes="x")
    skiff.dump(SVC().fit(X, Y), tmp_path / "model.joblib")
    assert skiff.inspect(tmp_path / "model.joblib")["passport"] is None


def test_metrics_author_and_notes(path):
    metrics = {"auc": np.float64(0.9), "n": 3, "worst": float("-inf"), "undefined": np.nan}
    found = passport_of(path, metrics=metrics, author="Ada", notes="line\n" * 3)
    assert found["metrics"] == {"auc": 0.9, "n": 3, "worst": {"float": "-inf"}, "undefined": {"float": "nan"}}
    assert found["author"] == "Ada"
    assert found["notes"] == "line\nline\nline\n"
    for wrong in ({"metrics": {"auc": "good"}}, {"metrics": {3: 0.5}}, {"notes": 3}, {"author": b"x"}):
        with pytest.raises(TypeError):
            skiff.dump(SVC().fit(X, Y), path, **wrong)
    with pytest.raises(ValueError, match="at most"):
        skiff.dump(SVC().fit(X, Y), path, notes="x" * (5 << 20))
    assert skiff.inspect(path)["passport"] == found, "the old file is there still"


# Training data


def test_a_file_and_a_folder(path, tmp_path):
    data = tmp_path / "data"
    (data / "b").mkdir(parents=True)
    (data / "train.csv").write_bytes(b"a,b\n1,2\n")
    (data / "b" / "more.csv").write_bytes(b"")
    digest = hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    for given in (data / "train.csv", str(data / "train.csv"), (data / "train.csv").as_uri()):
        found = passport_of(path, data=given)["data"]
        assert found == {"kind": "file", "path": str(data / "train.csv"), "size": 8, "sha256": digest}
    lines = f"{hashlib.sha256(b'').hexdigest()}  b/more.csv\n{digest}  train.csv\n"
    found = passport_of(path, data=data)["data"]
    expected = hashlib.sha256(lines.encode()).hexdigest()
    assert found == {"kind": "folder", "path": str(data), "files": 2, "size": 8, "sha256": expected}
    with pytest.raises(FileNotFoundError):
        skiff.dump(SVC().fit(X, Y), path, data=data / "nowhere.csv")


def test_a_uri_without_its_secrets(path):
    given = "https://ada:secret@data.example/train.parquet?version=3&X-Amz-Signature=abc&token=t#part"
    found = passport_of(path, data=given)["data"]
    assert found == {"kind": "uri", "uri": "https://data.example/train.parquet?version=3#part"}


def test_tables_and_their_digests(path):
    """The digests are those that `docs/passport.md` defines, computed here without skiff."""
    y = Y.astype(np.int32)
    found = passport_of(path, data=(X, y))["data"]
    assert found["X"] == {
        "kind": "array",
        "rows": 150,
        "columns": 4,
        "dtype": "float64",
        "sha256": digest('{"dtype": "<f8", "shape": [150, 4]}', X.astype("<f8").tobytes()),
    }
    assert found["y"]["sha256"] == digest('{"dtype": "<i4", "shape": [150]}', y.astype("<i4").tobytes())
    # Neither the order nor the machine's bytes matter, nor who holds the array.
    for same in (np.asfortranarray(X), X.astype(">f8"), np.repeat(X, 2, axis=0)[::2]):
        assert skiff._digest.of_array(same) == found["X"]["sha256"]
    for dtype in ("f2", "c8", "?", "u1", "M8[ns]", "m8[s]", "f8"):
        array = (X[:, 0] > 5).astype(dtype) if dtype == "?" else np.arange(6).reshape(2, 3).astype(dtype)
        head = json.dumps({"dtype": array.dtype.str, "shape": list(array.shape)})
        assert skiff._digest.of_array(array) == digest(head, array.tobytes()), dtype
    assert skiff._digest.of_array(np.float64(3)) == digest('{"dtype": "<f8", "shape": []}', np.float64(3).tobytes())
    assert skiff._digest.of_array(np.empty((0, 4))) == digest('{"dtype": "<f8", "shape": [0, 4]}', b"")
    long = np.arange(3_000_000.0).reshape(-1, 3)
    assert skiff._digest.of_array(long[:, ::-1]) == digest('{"dtype": "<f8", "shape": [1000000, 3]}', long[:, ::-1].tobytes())
    changed = X.copy()
    changed[149, 3] = np.nextafter(changed[149, 3], 9)
    assert skiff._digest.of_array(changed) != found["X"]["sha256"]


def digest(head, content):
    return hashlib.sha256(head.encode() + b"\n" + content).hexdigest()


def test_frames_of_any_library_have_the_same_digest():
    table = pd.DataFrame({"age": [1.5, np.nan], "port": ["Genève", None], "n": [1, 2]})
    lines = b"".join(
        b'{"name": "%s", "sha256": "%s"}\n' % (name, value.encode())
        for name, value in [
            (b"age", digest('{"dtype": "<f8", "shape": [2]}', table["age"].to_numpy().tobytes())),
            (b"port", digest('{"dtype": "values", "shape": [2]}', b'"Gen\\u00e8ve"\nNaN\n')),
            (b"n", digest('{"dtype": "<i8", "shape": [2]}', table["n"].to_numpy().tobytes())),
        ]
    )
    expected = hashlib.sha256(lines).hexdigest()
    assert reference(table)["sha256"] == expected
    assert reference(table.astype({"port": "category"}))["sha256"] == expected
    assert reference(table)["names"] == ["age", "port", "n"]
    text = pd.DataFrame({"port": ["Genève", "Nyon"], "n": [1, 2]})
    digests = {reference(frame)["sha256"] for frame in (text, pl.from_pandas(text), pa.Table.from_pandas(text), text.astype(object).astype({"n": int}))}
    assert len(digests) == 1


def test_sparse_tables_have_one_digest():
    csr = scipy.sparse.random(20, 30, 0.1, format="csr", random_state=0)
    shuffled = csr.copy()
    shuffled.indices[: shuffled.indptr[1]] = shuffled.indices[: shuffled.indptr[1]][::-1]
    shuffled.data[: shuffled.indptr[1]] = shuffled.data[: shuffled.indptr[1]][::-1]
    shuffled.has_sorted_indices = shuffled.has_canonical_format = False
    found = [reference(matrix) for matrix in (csr, csr.tocsc(), csr.tocoo(), scipy.sparse.csr_array(csr), shuffled)]
    assert len({one["sha256"] for one in found}) == 1
    assert (found[0]["rows"], found[0]["columns"], found[0]["stored"]) == (20, 30, csr.nnz)


def test_documents_mappings_and_what_the_user_says(path):
    assert reference(["a", "b"]) == {"kind": "texts", "rows": 2, "sha256": hashlib.sha256(b'"a"\n"b"\n').hexdigest()}
    assert reference([{"b": 1, "a": 2}])["sha256"] == hashlib.sha256(b'{"a": 2, "b": 1}\n').hexdigest()
    found = passport_of(path, data={"path": __file__, "license": "CC0", "X": X, "rows": 150})["data"]
    assert (found["kind"], found["license"], found["rows"]) == ("file", "CC0", 150)
    assert found["X"]["sha256"] == skiff._digest.of_array(X)
    assert found["sha256"] == hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()
    for wrong in (3, object(), b"train.csv"):
        with pytest.raises((TypeError, FileNotFoundError)):
            skiff.dump(SVC().fit(X, Y), path, data=wrong)


def reference(data):
    return skiff._data_reference.reference(data)


# Source


def git(folder, *arguments):
    command = ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_script_in_a_repository(path, tmp_path):
    home = tmp_path / "repository"
    (home / "train").mkdir(parents=True)
    script = home / "train" / "fit.py"
    script.write_text("pass\n")
    found = passport_of(path, source=script)["source"]
    sha256 = hashlib.sha256(b"pass\n").hexdigest()
    assert found == {"path": str(script), "size": 5, "sha256": sha256}, "no repository is fine"
    git(home, "init", "-q", "-b", "trunk")
    git(home, "add", ".")
    git(home, "commit", "-q", "-m", "first")
    git(home, "remote", "add", "origin", "https://ada:secret@code.example/ada/train.git")
    found = passport_of(path, source=script)["source"]["git"]
    assert found == {
        "commit": git(home, "rev-parse", "HEAD"),
        "path": "train/fit.py",
        "dirty": False,
        "file_committed": True,
        "branch": "trunk",
        "remote": "https://code.example/ada/train.git",
    }
    script.write_text("fit()\n")
    found = passport_of(path, source=script)["source"]["git"]
    assert found["dirty"] and not found["file_committed"]


def test_without_git(path, monkeypatch, tmp_path):
    script = tmp_path / "fit.py"
    script.write_text("pass\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git" not in passport_of(path, source=script)["source"]


def test_modules_functions_and_what_has_no_file(path):
    sha256 = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()
    for source, name in ((sys.modules[__name__], __name__), (circle, f"{__name__}.circle")):
        found = passport_of(path, source=source)["source"]
        assert (found["name"], found["sha256"]) == (name, sha256)
        assert not os.path.isabs(found["path"])
    namespace = {"__name__": "notebook"}
    exec("def fit(): pass", namespace)
    assert passport_of(path, source=namespace["fit"])["source"] == {"name": "notebook.fit"}
    for wrong in (3, ["train.py"]):
        with pytest.raises(TypeError):
            skiff.dump(SVC().fit(X, Y), path, source=wrong)
    with pytest.raises(FileNotFoundError):
        skiff.dump(SVC().fit(X, Y), path, source="nowhere.py")


# Recorded rows

MIXED = pd.DataFrame({
    "age": [22.0, np.nan, 35.0, 8.0, 61.0, 40.0],
    "port": ["S", "C", None, "S", "Q", "C"],
    "rank": pd.Categorical(["low", "high", "low", "mid", "mid", "high"], categories=["low", "mid", "high", "top"]),
    "alone": [True, False, True, True, False, False],
    "n": np.array([1, 2, 3, 4, 5, 6], dtype=np.int16),
    "fare": np.array([1.5, 2.5, 3.5, 1.0, 2.0, 3.0], dtype=np.float32),
})
SURVIVED = np.array(["yes", "no", "yes", "no", "no", "yes"])
TEXTS = ["a cat sat", "the dog ran", "Genève, the cat", "", "dog dog dog", "ran cat"]


def mixed():
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = make_column_transformer((numbers, ["age", "fare"]), (words, ["port", "rank"]), remainder="passthrough")
    return make_pipeline(columns, LogisticRegression()).fit(MIXED, SURVIVED)


def nullable():
    rows = MIXED[["age", "n", "alone", "fare"]].astype({"age": "Float64", "n": "Int16", "alone": "boolean", "fare": "Float32"})
    rows.loc[1, "n"] = pd.NA
    return make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()).fit(rows, SURVIVED), rows


def framed(kind):
    return make_pipeline(StandardScaler(), MinMaxScaler()).set_output(transform=kind).fit(FRAME)


KINDS = {
    "array": lambda: (SVC().fit(X, Y), X[::40]),
    "fortran": lambda: (SVC().fit(X, Y), np.asfortranarray(X[::40])),
    "float32": lambda: (LogisticRegression(max_iter=500).fit(X, Y), X[::40].astype(np.float32)),
    "integers": lambda: (LinearRegression().fit(X, X[:, :2]), (X[::40] * 10).astype(np.uint8)),
    "list": lambda: (SVC().fit(X, Y), X[::40].tolist()),
    "mixed frame": lambda: (mixed(), MIXED),
    "polars frame": lambda: (LogisticRegression(max_iter=500).fit(FRAME, LABELS), pl.from_pandas(FRAME[::40])),
    "nullable frame": lambda: (nullable()[0], nullable()[1]),
    "other byte order": lambda: (LogisticRegression(max_iter=500).fit(X, Y), X[::40].astype(">f4")),
    "object array": lambda: (OneHotEncoder().fit(MIXED[["rank", "n"]].to_numpy()), MIXED[["rank", "n"]].to_numpy()),
    "text labels": lambda: (DecisionTreeClassifier(random_state=0).fit(X, np.array(["a", "b", "c"])[Y]), X[::40]),
    "object labels": lambda: (KNeighborsClassifier().fit(X, np.array(["a", "b", "c"], dtype=object)[Y]), X[::40]),
    "bool labels": lambda: (RandomForestClassifier(5, random_state=0, n_jobs=2).fit(X, Y == 1), X[::40]),
    "texts": lambda: (make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, SURVIVED), TEXTS),
    "sparse answer": lambda: (CountVectorizer(ngram_range=(1, 2)).fit(TEXTS), np.array(TEXTS, dtype=object)),
    "series of texts": lambda: (TfidfVectorizer().fit(TEXTS), pd.Series(TEXTS)),
    "sparse rows": lambda: (LogisticRegression().fit(*sparse()), sparse()[0][:3]),
    "mappings": lambda: (DictVectorizer().fit(mappings()), mappings()),
    "pandas answer": lambda: (framed("pandas"), FRAME[:4]),
    "polars answer": lambda: (framed("polars"), FRAME[:4]),
    "several outputs": lambda: (DecisionTreeClassifier(random_state=0).fit(X, np.c_[Y, Y == 1]), X[::40]),
    "first estimator": lambda: (GradientBoostingRegressor(n_estimators=5, init=LinearRegression()).fit(X, Y), X[::40]),
    "labels to encode": lambda: (LabelEncoder().fit(SURVIVED), list(SURVIVED)),
}


def sparse():
    return CountVectorizer().fit_transform(TEXTS), SURVIVED


def mappings():
    return [{"a": 1, "b": "x"}, {"a": 2.5, "c": True}, {"b": ["x", "y"]}]


@pytest.mark.parametrize("kind", KINDS)
def test_recorded_rows_are_answered_again(kind, path):
    model, rows = KINDS[kind]()
    skiff.dump(model, path, X_sample=rows)
    found = skiff.verify(path)
    assert found, found
    expected = [method for method in skiff._samples.METHODS if hasattr(model, method)]
    assert [replay.method for replay in found.methods] == expected
    assert found.rows == (rows.shape[0] if hasattr(rows, "shape") else len(rows))
    samples = skiff.inspect(path)["passport"]["samples"]
    assert samples == {"rows": found.rows, "methods": expected}
    # They are as good from memory.
    assert skiff.verify(path.read_bytes()) == found
    with open(path, "rb") as file:
        assert skiff.verify(file) == found


@pytest.mark.parametrize("kind", KINDS)
def test_other_answers_are_noticed(kind, path, monkeypatch):
    """What scikit-learn answered is changed as it is recorded, one method at a time."""
    model, rows = KINDS[kind]()
    honest = skiff._samples._answer
    for method in [method for method in skiff._samples.METHODS if hasattr(model, method)]:
        asked = []

        def other(value):
            asked.append(value)
            return changed(honest(value)) if len(asked) == 1 else honest(value)

        order = (method, *(name for name in skiff._samples.METHODS if name != method))
        monkeypatch.setattr(skiff._samples, "METHODS", order)
        monkeypatch.setattr(skiff._samples, "_answer", other)
        skiff.dump(model, path, X_sample=rows)
        monkeypatch.undo()
        found = skiff.verify(path)
        assert not found and found.digest == "whole"
        first, *others = found.methods
        assert (first.method, first.outcome) == (method, "differs"), first
        assert all(replay.outcome == "equal" for replay in others)


def changed(answer):
    """The answer with its last element another one, as far as any tolerance reaches."""
    if answer["kind"] == "list":
        return {**answer, "items": [*answer["items"][:-1], changed(answer["items"][-1])]}
    if answer["kind"] == "frame":
        column = answer["columns"][-1]
        return {**answer, "columns": [*answer["columns"][:-1], {**column, "array": altered(column["array"])}]}
    name = "data" if answer["kind"] == "csr" else "array"
    return {**answer, name: altered(answer[name])}


def altered(array):
    array = array.copy()
    last = array[-1] if array.ndim == 1 else array[-1, -1]
    if array.dtype.kind in "UO":
        other = next(value for value in (*array.ravel(), "no", "other") if value != last)
    elif array.dtype.kind == "b":
        other = not last
    elif array.dtype.kind in "iu":
        other = last + 1
    elif not np.isfinite(last):
        other = 0.0
    else:
        other = last * (1 + 1e-3) + np.abs(array[np.isfinite(array)]).max() * 1e-3
        other = 1.0 if other == last else other
    array[(-1,) * array.ndim] = other
    return array


def test_the_place_of_a_difference_is_told(path, monkeypatch):
    model = LogisticRegression(max_iter=500).fit(X, Y)
    honest = LogisticRegression.predict_proba

    def other(self, rows):
        answer = honest(self, rows)
        answer[3, 1] += 1e-7
        return answer

    monkeypatch.setattr(LogisticRegression, "predict_proba", other)
    skiff.dump(model, path, X_sample=X[:5])
    [replay] = [replay for replay in skiff.verify(path).methods if replay.method == "predict_proba"]
    assert (replay.outcome, replay.row, replay.column) == ("differs", 3, 1)
    assert float(replay.expected) - float(replay.found) == pytest.approx(1e-7, rel=1e-3)
    assert replay.largest == pytest.approx(1e-7, rel=1e-3)


def test_what_skiff_does_not_answer_is_not_called_wrong(path):
    skiff.dump(DummyClassifier(strategy="stratified", random_state=0).fit(X, Y), path, X_sample=X[:5])
    found = skiff.verify(path)
    assert found.verdict == "could not" and found.digest == "whole"
    assert {replay.outcome for replay in found.methods if replay.method != "predict_log_proba"} == {"cannot replay"}
    assert all(replay.reason for replay in found.methods if replay.outcome == "cannot replay")


class Own(BaseEstimator):
    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return np.zeros(len(X))


def test_what_skiff_cannot_open_is_not_called_wrong(path):
    skiff.dump(Own().fit(X), path, X_sample=X[:5])
    found = skiff.verify(path)
    assert found.verdict == "could not" and found.digest == "whole"
    assert "Own" in found.reason


def shifted(rows):
    return np.asarray(rows) + 1.0


def test_code_of_ones_own_is_asked_again_where_it_is_handed_in(path):
    model = make_pipeline(FunctionTransformer(shifted), SVC()).fit(X, Y)
    skiff.dump(model, path, X_sample=X[:5])
    assert skiff.verify(path).verdict == "could not"
    name = f"{__name__}.shifted"
    assert skiff.verify(path, custom={name: shifted})
    assert skiff.verify(path, custom={name: lambda rows: np.asarray(rows) + 2.0}).verdict == "differs"


def test_a_method_that_does_not_answer_is_told(path):
    class Half(SVC):
        def decision_function(self, X):
            raise RuntimeError("not today\nnor tomorrow")

    Half.__module__, Half.__qualname__ = SVC.__module__, "SVC"
    _, found = skiff._samples.record(Half().fit(X, Y), X[:3])
    assert found == {"rows": 3, "methods": ["predict"], "not_answered": {"decision_function": "not today"}}


def test_rows_that_cannot_be_recorded(path):
    model = SVC().fit(X, Y)
    with pytest.raises(ValueError, match="features"):
        skiff.dump(model, path, X_sample=X[:3, :2])
    with pytest.raises(ValueError, match="some rows"):
        skiff.dump(model, path, X_sample=X[:0])
    with pytest.raises(TypeError):
        skiff.dump(model, path, X_sample="text")
    with pytest.raises(TypeError, match="object"):
        skiff.dump(OneHotEncoder().fit([["a"]]), path, X_sample=np.array([[object()]]))
    with pytest.raises(ValueError, match="no method"):
        skiff.dump(BaseEstimator(), path, X_sample=X[:3])
    assert not path.exists()
    with pytest.warns(UserWarning, match="1001 rows"):
        skiff.dump(model, path, X_sample=np.repeat(X, 7, axis=0)[:1001])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        skiff.dump(model, path, X_sample=X)


def test_recording_changes_nothing(path):
    rows = X[:3].copy()
    skiff.dump(SVC().fit(X, Y), path, X_sample=rows)
    rows[:] = 0
    assert skiff.verify(path)


# Verifying


def test_a_flipped_bit_is_found(path):
    skiff.dump(SVC().fit(X, Y), path, X_sample=X[:3])
    whole = path.read_bytes()
    random = np.random.RandomState(0)
    version = whole.index(b'"skiff.version":"1"') + 17
    for at in random.randint(60, len(whole), 80):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << random.randint(8)
        if at == version:
            continue  # That of a version to come is refused.
        found = skiff.verify(bytes(damaged))
        assert (found.verdict, found.digest, found.methods) == ("differs", "differs", ())


def test_other_kinds_of_files_have_no_digest(tmp_path):
    path = tmp_path / "model.joblib"
    joblib.dump(SVC().fit(X, Y), path)
    found = skiff.verify(path)
    assert (found.verdict, found.digest, found.rows) == ("could not", "missing", None)
    assert not found
    with pytest.raises(FileNotFoundError):
        skiff.verify(tmp_path / "nowhere.skiff")
    with pytest.raises(skiff.DamagedFile):
        skiff.verify(b"no model")


# Cross-validation


def test_scores_in_every_form(path):
    model = LogisticRegression(max_iter=500)
    fitted = LogisticRegression(max_iter=500).fit(X, Y)
    folds = model_selection.StratifiedKFold(5, shuffle=True, random_state=3)
    scores = model_selection.cross_val_score(model, X, Y, cv=folds, scoring="f1_macro")
    results = model_selection.cross_validate(model, X, Y, cv=folds, scoring=["f1_macro", "accuracy"])
    given = passport_of(path, fitted, cv=scores)["cross_validation"]
    assert given["scores"]["score"] == {
        "folds": scores.tolist(),
        "mean": pytest.approx(scores.mean()),
        "std": pytest.approx(scores.std()),
    }
    assert (given["origin"], given["cv"], given["scoring"]) == ("given", None, None)
    told = passport_of(path, fitted, cv={**results, "cv": folds, "scoring": ["f1_macro", "accuracy"], "rows": 150})
    told = told["cross_validation"]
    assert told["scores"]["f1_macro"]["folds"] == scores.tolist()
    assert told["rows"] == 150
    assert told["cv"] == {
        "class": "sklearn.model_selection._split.StratifiedKFold",
        "repr": repr(folds),
        "parameters": {"n_splits": 5, "shuffle": True, "random_state": 3},
    }
    for form in ((folds, X, Y, "f1_macro"), {"X": X, "y": Y, "cv": folds, "scoring": "f1_macro"}):
        computed = passport_of(path, fitted, cv=form)["cross_validation"]
        assert computed["scores"]["f1_macro"]["folds"] == scores.tolist()
        assert (computed["origin"], computed["rows"]) == ("computed", 150)
        assert computed["data"]["X"]["sha256"] == skiff._digest.of_array(X)
    three = passport_of(path, fitted, cv=(0.5, 0.25, float("nan")))["cross_validation"]
    assert three["scores"]["score"]["folds"] == [0.5, 0.25, {"float": "nan"}]
    assert passport_of(path, fitted, cv=(3, X, Y))["cross_validation"]["cv"]["parameters"]["n_splits"] == 3
    for wrong in ("good", [], [[0.5]], {"fit_time": [1.0]}, ["a"]):
        with pytest.raises((TypeError, ValueError)):
            skiff.dump(fitted, path, cv=wrong)


def test_a_search_has_scores_already(path):
    search = model_selection.GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
        {"logisticregression__C": [0.01, 1.0]},
        cv=model_selection.StratifiedKFold(4),
        scoring={"f": "f1_macro", "a": "accuracy"},
        refit="a",
    ).fit(X, Y)
    found = passport_of(path, search)["cross_validation"]
    best = search.best_index_
    assert (found["origin"], found["of"]) == ("search", "best_estimator_")
    assert found["scores"]["a"]["folds"] == [search.cv_results_[f"split{fold}_test_a"][best] for fold in range(4)]
    assert found["scores"]["a"]["mean"] == pytest.approx(search.best_score_)
    check = skiff.check_scores(path, X, Y)
    assert check
    assert [score.computed for score in check.scores] == [score.recorded for score in check.scores]
    assert check.same_data is None
    # The scores of a search are not those of another model.
    assert passport_of(path, search.best_estimator_, cv=search)["cross_validation"]["scores"] == found["scores"]


@pytest.mark.parametrize(
    "cv",
    [
        4,
        model_selection.StratifiedKFold(3, shuffle=True, random_state=1),
        model_selection.RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=1),
        model_selection.RepeatedKFold(n_splits=4, n_repeats=2, random_state=1),
        model_selection.StratifiedShuffleSplit(4, test_size=0.3, random_state=1),
        model_selection.ShuffleSplit(4, test_size=40, random_state=1),
        model_selection.KFold(5),
    ],
    ids=lambda cv: str(cv).partition("(")[0],
)
def test_scores_are_computed_again_fold_by_fold(cv, path):
    model = make_pipeline(StandardScaler(), LogisticRegression())
    skiff.dump(model.fit(FRAME, LABELS), path, cv=(cv, FRAME, LABELS, "accuracy"))
    check = skiff.check_scores(path, FRAME, LABELS)
    [score] = check.scores
    assert check and check.same_data
    assert score.name == "accuracy"
    assert score.recorded == score.computed
    assert score.low == pytest.approx(score.recorded_mean - max(2 * np.std(score.recorded), 1e-6))
    # Other labels are other data, and no model is good at them.
    other = skiff.check_scores(path, FRAME, np.random.RandomState(0).permutation(LABELS))
    assert not other and other.same_data is False
    assert "out of range" in str(other)
    # Any difference is in a range that is wide enough, and none in one that is not there.
    assert skiff.check_scores(path, FRAME, np.random.RandomState(0).permutation(LABELS), tolerance=1.0)
    assert not skiff.check_scores(path, FRAME, np.random.RandomState(0).permutation(LABELS), tolerance=0.0)


def test_scores_by_groups_and_by_functions(path):
    groups = np.arange(150) % 5
    model = LogisticRegression(max_iter=500).fit(X, Y)
    cv = {"cv": model_selection.GroupKFold(5), "X": X, "y": Y, "groups": groups}
    skiff.dump(model, path, cv=cv)
    assert skiff.check_scores(path, X, Y, groups=groups).scores[0].name == "score"

    def scoring(estimator, rows, labels):
        return float((estimator.predict(rows) == labels).mean())

    skiff.dump(model, path, cv=(5, X, Y, scoring))
    with pytest.raises(skiff.WrongInput, match="pass `scoring`"):
        skiff.check_scores(path, X, Y)
    assert skiff.check_scores(path, X, Y, scoring=scoring)
    # Folds that were listed one by one cannot be made again.
    listed = list(model_selection.KFold(5, shuffle=True, random_state=0).split(X))
    skiff.dump(model, path, cv=(listed, X, Y, "accuracy"))
    with pytest.raises(skiff.WrongInput, match="pass `cv`"):
        skiff.check_scores(path, X, Y)
    assert skiff.check_scores(path, X, Y, cv=listed)


def test_a_file_without_scores(path):
    skiff.dump(SVC().fit(X, Y), path)
    with pytest.raises(skiff.WrongInput, match="found none") as error:
        skiff.check_scores(path, X, Y)
    assert error.value.code == "no-scores"


def test_a_passport_is_not_believed(path, monkeypatch):
    """Whatever a stranger writes as the cross-validation, nothing but scikit-learn's splitters is made, of few folds."""
    model = LogisticRegression(max_iter=500).fit(X, Y)
    folds = {"scores": {"accuracy": {"folds": [0.9] * 5}}, "scoring": "accuracy"}
    hostile = [
        {"cv": {"class": "os.system", "parameters": {"command": "true"}}},
        {"cv": {"class": "sklearn.model_selection.os.system", "parameters": {}}},
        {"cv": {"class": "sklearn.model_selection.GridSearchCV", "parameters": {}}},
        {"cv": {"class": "sklearn.model_selection.ShuffleSplit", "parameters": {"n_splits": 10**12}}},
        {"cv": {"folds": 10**9}},
        {"cv": {"class": "sklearn.model_selection.KFold", "parameters": {"n_splits": -1}}},
        {"cv": {"class": "sklearn.model_selection.KFold", "parameters": 3}},
        {"cv": []},
        {"cv": None, "scoring": {"name": "os.system"}},
        {"cv": None, "scoring": [3]},
    ]
    record = skiff._cross_validation.record
    for entry in hostile:
        monkeypatch.setattr(skiff._cross_validation, "record", lambda *_: {**folds, **entry})
        skiff.dump(model, path, cv=[0.5])
        with pytest.raises(skiff.WrongInput) as error:
            skiff.check_scores(path, X, Y)
        assert error.value.code == "scores-not-repeatable", entry
    for entry in ({"scores": 3}, {"scores": {}}, {"scores": {"a": 3}}, {"scores": {"a": {"folds": []}}}, {"scores": []}):
        monkeypatch.setattr(skiff._cross_validation, "record", lambda *_: {**folds, **entry})
        skiff.dump(model, path, cv=[0.5])
        with pytest.raises(skiff.WrongInput) as error:
            skiff.check_scores(path, X, Y)
        assert error.value.code == "no-scores", entry
    assert record is not skiff._cross_validation.record
