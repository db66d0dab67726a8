"""Rows that are recorded with their answers, and what `skiff.verify` makes of them."""

import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from passports import FRAME, LABELS, X, Y
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
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
    skiff.dump(DummyClassifier(strategy="stratified").fit(X, Y), path, X_sample=X[:5])
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
    with pytest.raises(skiff.DamagedFileError):
        skiff.verify(b"no model")


def test_rows_with_dates_are_asked_again(tmp_path):
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4], "when": pd.to_datetime(["2020-01-01", "2021-01-01"] * 2)})
    for model in [
        make_column_transformer((StandardScaler(), ["a"])),
        make_column_transformer((StandardScaler(), ["a"]), (OneHotEncoder(sparse_output=False), ["when"])),
    ]:
        path = tmp_path / "model.skiff"
        skiff.dump(model.fit(frame), path, X_sample=frame)
        assert skiff.verify(path).verdict == "verified"
