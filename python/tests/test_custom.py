"""Code of the user's: refused by name and place without it, run in its place with it, as scikit-learn runs it."""

import threading

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import skiff
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

HERE = __name__


def ratios(X, power=1):
    """Depends on all rows: whoever hands it blocks of them is found out."""
    X = np.asarray(X, dtype=float)
    return np.column_stack([X, (X[:, 0] / np.abs(X).sum()) ** power])


def clean(texts):
    return [text.replace("-", " ").upper() for text in texts]


def features_of_dates(frame):
    return pd.DataFrame({"weekday": frame["when"].dt.day_of_week, "size": frame["size"] * 2.0}, index=frame.index)


def spaced(text):
    return text.split(" ")


def shout(text):
    return text.upper()


def pairs(text):
    return [text[at : at + 2] for at in range(len(text) - 1)]


def root(X):
    return scipy.sparse.csr_matrix(np.sqrt(np.abs(X)))


def broken(X):
    raise KeyError("no such shelf")


class Clipper(TransformerMixin, BaseEstimator):
    def __init__(self, share=0.1):
        self.share = share

    def fit(self, X, y=None):
        self.low_, self.high_ = np.quantile(np.asarray(X, float), [self.share, 1 - self.share], axis=0)
        self.inner_ = StandardScaler().fit(np.clip(np.asarray(X, float), self.low_, self.high_))
        return self

    def transform(self, X):
        return self.inner_.transform(np.clip(np.asarray(X, float), self.low_, self.high_))

    def get_feature_names_out(self, input_features=None):
        return np.asarray([f"clipped_{name}" for name in input_features], dtype=object)


class Nearest(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.means_ = np.stack([np.asarray(X)[y == label].mean(axis=0) for label in self.classes_])
        return self

    def decision_function(self, X):
        return -((np.asarray(X)[:, None, :] - self.means_) ** 2).sum(axis=2)

    def predict_proba(self, X):
        scores = np.exp(self.decision_function(X))
        return scores / scores.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.classes_[self.decision_function(X).argmax(axis=1)]


def name(thing):
    return f"{HERE}.{thing.__qualname__}"


def opened(estimator, *things, tmp_path, **others):
    path = tmp_path / "model.joblib"
    joblib.dump(estimator, path)
    return skiff.open(path, custom={**{name(thing): thing for thing in things}, **others})


def same(ours, theirs):
    if scipy.sparse.issparse(theirs):
        assert scipy.sparse.issparse(ours)
        ours, theirs = ours.toarray(), theirs.toarray()
    if isinstance(theirs, pd.DataFrame):
        pd.testing.assert_frame_equal(ours, theirs)
        return
    if isinstance(theirs, list):
        assert ours == theirs
        return
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    if theirs.dtype.kind == "f":
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13)
    else:
        np.testing.assert_array_equal(ours, theirs)


@pytest.fixture
def rows():
    random = np.random.default_rng(3)
    X = random.normal(size=(3000, 4))
    return X, np.where(X[:, 0] + X[:, 1] ** 2 > 0.5, "yes", "no")


TEXTS = ["Blue-green algae", "the Green tea", "TEA for two, two", "algae and TEA"]


def test_a_function_gets_all_rows_in_the_middle_of_a_pipeline(rows, tmp_path):
    X, y = rows
    function = FunctionTransformer(ratios, kw_args={"power": 2})
    theirs = make_pipeline(StandardScaler(), function, RandomForestClassifier(8, random_state=0)).fit(X, y)
    ours = opened(theirs, ratios, tmp_path=tmp_path)
    same(ours.predict(X), theirs.predict(X))
    same(ours.predict_proba(X), theirs.predict_proba(X))
    same(ours.predict(X[:1]), theirs.predict(X[:1]))
    assert list(ours.classes_) == ["no", "yes"]


@pytest.mark.parametrize("validate", [False, True])
def test_a_function_gets_what_scikit_learn_hands_it(validate, rows, tmp_path):
    seen = []

    def spy(X):
        seen.append(X)
        return np.asarray(X)

    X, _ = rows
    theirs = FunctionTransformer(ratios, validate=validate).fit(X)
    ours = opened(theirs, tmp_path=tmp_path, **{name(ratios): spy})
    frame = pd.DataFrame(X[:5], columns=list("abcd"), index=[5, 4, 3, 2, 1])
    for given in [X, X.astype(np.float32), X.tolist(), frame]:
        if validate and given is frame:
            continue
        ours.transform(given)
        if validate:
            assert isinstance(seen[-1], np.ndarray) and seen[-1].dtype == np.asarray(given).dtype
        else:
            assert seen[-1] is given


def test_a_function_of_texts(tmp_path):
    theirs = make_pipeline(FunctionTransformer(clean), TfidfVectorizer()).fit(TEXTS)
    ours = opened(theirs, clean, tmp_path=tmp_path)
    for texts in [TEXTS, np.array(TEXTS), np.array(TEXTS, dtype=object), pd.Series(TEXTS), tuple(TEXTS)]:
        same(ours.transform(texts), theirs.transform(texts))
    alone = opened(FunctionTransformer(clean).fit(TEXTS), clean, tmp_path=tmp_path)
    same(alone.transform(TEXTS), clean(TEXTS))


def test_a_function_of_frames_with_what_no_table_of_ours_holds(tmp_path):
    frame = pd.DataFrame(
        {"when": pd.date_range("2026-01-01", periods=6, freq="17h"), "size": np.arange(6.0)}, index=list("uvwxyz")
    )
    theirs = make_pipeline(
        FunctionTransformer(features_of_dates), ColumnTransformer([("a", StandardScaler(), ["size", "weekday"])])
    ).fit(frame)
    ours = opened(theirs, features_of_dates, tmp_path=tmp_path)
    same(ours.transform(frame), theirs.transform(frame))
    alone = FunctionTransformer(features_of_dates).fit(frame)
    same(opened(alone, features_of_dates, tmp_path=tmp_path).transform(frame), alone.transform(frame))


def test_classes_within_column_transformers_and_unions(rows, tmp_path):
    X, y = rows
    frame = pd.DataFrame(X, columns=list("abcd"))
    columns = ColumnTransformer(
        [("clip", Clipper(0.2), ["b", "a"]), ("root", FunctionTransformer(root), ["c"])], remainder="passthrough"
    )
    union = FeatureUnion([("plain", StandardScaler()), ("clip", Clipper())])
    theirs = Pipeline([("columns", columns), ("union", union), ("last", LogisticRegression())]).fit(frame, y)
    ours = opened(theirs, Clipper, root, tmp_path=tmp_path)
    same(ours.predict_proba(frame), theirs.predict_proba(frame))
    same(ours.predict(frame[list("dcba")]), theirs.predict(frame[list("dcba")]))


def test_columns_selected_for_code_keep_their_names_and_kind(tmp_path):
    seen = []

    class Spy:
        def transform(self, X):
            seen.append(X)
            return np.zeros((len(X), 1))

    frame = pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"], "c": [1, 2]}, index=[7, 8])
    theirs = ColumnTransformer([("one", Clipper(), ["c", "a"])]).fit(frame)
    ours = opened(theirs, tmp_path=tmp_path, **{name(Clipper): Spy()})
    ours.transform(frame)
    pd.testing.assert_frame_equal(seen[-1], frame[["c", "a"]])
    ours.transform(pl.from_pandas(frame))
    assert isinstance(seen[-1], pl.DataFrame) and seen[-1].columns == ["c", "a"]
    assert seen[-1].dtypes == [pl.Int64, pl.Float64]


def test_a_classifier_of_the_users(rows, tmp_path):
    X, y = rows
    for labels in [y, (y == "yes").astype(np.int8), np.where(y == "yes", "yes", "no").astype(object)]:
        theirs = make_pipeline(StandardScaler(), Nearest()).fit(X, labels)
        ours = opened(theirs, Nearest, tmp_path=tmp_path)
        for method in ["predict", "predict_proba", "decision_function"]:
            same(getattr(ours, method)(X), getattr(theirs, method)(X))
        same(ours.classes_, theirs.classes_)
        assert not hasattr(ours, "transform")
    alone = Nearest().fit(X, y)
    same(opened(alone, Nearest, tmp_path=tmp_path).predict(X), alone.predict(X))


def test_what_may_stand_for_a_class(rows, tmp_path):
    X, _ = rows
    theirs = make_pipeline(Clipper(0.2), StandardScaler()).fit(X)
    path = tmp_path / "model.joblib"
    joblib.dump(theirs, path)
    states = []

    def factory(state):
        states.append(state)
        made = Clipper()
        made.__dict__.update(state)
        return made

    for value in [Clipper, factory, theirs[0]]:
        same(skiff.open(path, custom={name(Clipper): value}).transform(X), theirs.transform(X))
    (state,) = states
    assert state["share"] == 0.2 and state["low_"].flags.writeable
    assert isinstance(state["inner_"], skiff.Model)
    with pytest.raises(TypeError):
        skiff.open(path, custom={name(Clipper): 3})


@pytest.mark.parametrize("Vectorizer", [CountVectorizer, TfidfVectorizer, HashingVectorizer])
@pytest.mark.parametrize(
    "parameters",
    [
        {"tokenizer": spaced, "token_pattern": None},
        {"tokenizer": spaced, "token_pattern": None, "ngram_range": (1, 2), "stop_words": ["the", "two"]},
        {"tokenizer": spaced, "token_pattern": None, "lowercase": False},
        {"preprocessor": shout},
        {"preprocessor": shout, "analyzer": "char_wb", "ngram_range": (2, 3)},
        {"preprocessor": shout, "tokenizer": spaced, "token_pattern": None},
        {"analyzer": pairs},
        {"analyzer": pairs, "preprocessor": shout},
        {"tokenizer": spaced, "analyzer": "char", "token_pattern": None},
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_tokenizers_preprocessors_and_analyzers(Vectorizer, parameters, tmp_path):
    theirs = Vectorizer(**parameters)
    if Vectorizer is not HashingVectorizer:
        theirs.fit(TEXTS)
    ours = opened(theirs, spaced, shout, pairs, tmp_path=tmp_path)
    for texts in [TEXTS, [text.encode() for text in TEXTS], ["", "algae"]]:
        same(ours.transform(texts), theirs.transform(texts))


def test_without_the_code_the_model_is_refused_by_name_and_place(rows, tmp_path):
    X, y = rows
    cases = [
        (make_pipeline(FunctionTransformer(ratios), StandardScaler()), ratios, "steps[0].func"),
        (make_pipeline(StandardScaler(), Clipper()), Clipper, "steps[1]"),
        (ColumnTransformer([("a", StandardScaler(), [0]), ("b", Clipper(), [1])]), Clipper, "transformers_[1]"),
    ]
    path = tmp_path / "model.joblib"
    for estimator, thing, place in cases:
        joblib.dump(estimator.fit(X, y), path)
        with pytest.raises(skiff.NotSupportedError) as raised:
            skiff.open(path)
        assert name(thing) in str(raised.value) and raised.value.model_path.startswith(place)
        assert f'custom={{"{name(thing)}": ...}}' in raised.value.help
        # What `inspect` and the view of it show.
        found = skiff.inspect(path)
        assert any(name(thing) in line for line in found["unusual"])
        assert name(thing) in found["estimators"][0]["refusal"]
    joblib.dump(CountVectorizer(tokenizer=spaced).fit(TEXTS), path)
    with pytest.raises(skiff.NotSupportedError, match="spaced") as raised:
        skiff.open(path)
    assert raised.value.model_path == "tokenizer" and raised.value.code == "custom-code"
    joblib.dump(KNeighborsClassifier(metric=root).fit(X[:9], y[:9]), path)
    with pytest.raises(skiff.NotSupportedError, match="metric"):
        skiff.open(path)


def test_what_code_raises_comes_out_as_it_is(rows, tmp_path):
    X, _ = rows
    theirs = make_pipeline(StandardScaler(), FunctionTransformer(ratios)).fit(X)
    ours = opened(theirs, tmp_path=tmp_path, **{name(ratios): broken})
    with pytest.raises(KeyError, match="no such shelf") as raised:
        ours.transform(X)
    assert any("steps[1].func" in note for note in getattr(raised.value, "__notes__", ["steps[1].func"]))
    path = tmp_path / "model.joblib"
    joblib.dump(make_pipeline(Clipper()).fit(X), path)
    with pytest.raises(KeyError, match="no such shelf"):
        skiff.open(path, custom={name(Clipper): broken})


@pytest.mark.parametrize(
    "answer",
    [lambda X: X[1:], lambda X: X[:, 0], lambda X: None, lambda X: "text", lambda X: X[:, :, None], lambda X: object()],
)
def test_answers_that_no_step_takes_are_refused(answer, rows, tmp_path):
    X, _ = rows
    theirs = make_pipeline(FunctionTransformer(ratios), StandardScaler()).fit(X)
    ours = opened(theirs, tmp_path=tmp_path, **{name(ratios): answer})
    with pytest.raises((skiff.WrongInputError, TypeError)):
        ours.transform(X)


def test_numpy_functions_stay_native_and_may_be_replaced(rows, tmp_path):
    X, _ = rows
    theirs = FunctionTransformer(np.exp).fit(X)
    same(opened(theirs, tmp_path=tmp_path).transform(X), theirs.transform(X))
    doubled = opened(theirs, tmp_path=tmp_path, **{"numpy.exp": lambda X: 2 * X, "numpy.core.umath.exp": lambda X: 2 * X})
    same(doubled.transform(X), 2 * X)


def test_threads_share_a_model_with_code(rows, tmp_path):
    X, y = rows
    theirs = make_pipeline(FunctionTransformer(ratios), Clipper(), RandomForestClassifier(4, random_state=0)).fit(X, y)
    ours = opened(theirs, ratios, Clipper, tmp_path=tmp_path)
    expected, found = theirs.predict_proba(X), []
    threads = [threading.Thread(target=lambda: found.append(ours.predict_proba(X))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4
    for one in found:
        same(one, expected)


def test_names_of_code_that_the_file_does_not_hold_do_no_harm(rows, tmp_path):
    X, _ = rows
    theirs = StandardScaler().fit(X)
    ours = opened(theirs, tmp_path=tmp_path, **{"elsewhere.thing": ratios})
    same(ours.transform(X), theirs.transform(X))


def test_feature_names_go_through_code(rows, tmp_path):
    X, _ = rows
    frame = pd.DataFrame(X, columns=list("abcd"))
    theirs = make_pipeline(StandardScaler(), Clipper()).fit(frame)
    ours = opened(theirs, Clipper, tmp_path=tmp_path)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())
