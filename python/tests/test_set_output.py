"""`set_output`: the containers that models return, and that estimators within them are given."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler, scale

import skiff


def data():
    x = np.random.RandomState(0).normal(size=(80, 5)) * [1.0, 10.0, 0.1, 3.0, 1.0]
    return x, (x[:, 0] + x[:, 3] > 0).astype(int)


def opened(model):
    return skiff.open(pickle.dumps(model))


def nameless():
    """Transformers with a function that does not name its columns."""
    log = FunctionTransformer(np.log1p)
    yield ColumnTransformer([("log", log, ["a", "b"])], remainder="passthrough")
    yield ColumnTransformer(
        [("log", log, ["a", "b"]), ("scale", StandardScaler(), ["c"])], verbose_feature_names_out=False
    )
    yield make_pipeline(StandardScaler(), FunctionTransformer(np.abs))
    yield make_pipeline(FunctionTransformer(np.abs), StandardScaler())
    yield make_pipeline(FunctionTransformer(np.abs))
    yield FeatureUnion([("log", log), ("scale", StandardScaler())])
    yield ColumnTransformer([("scale", FunctionTransformer(scale), ["a", "b"])])


@pytest.mark.parametrize("place", range(7))
def test_functions_without_names_keep_the_container(place):
    frame = pd.DataFrame(np.random.RandomState(0).rand(20, 3), columns=list("abc"), index=range(100, 120))
    theirs = list(nameless())[place].set_output(transform="pandas").fit(frame)
    ours = opened(theirs)
    for rows in [frame, frame.to_numpy()]:
        try:
            # `transform` leaves names in the estimator.
            expected = copy.deepcopy(theirs).transform(rows)
        except ValueError:  # Columns by name are not those of an array.
            continue
        found = ours.transform(rows)
        assert type(found) is type(expected)
        if isinstance(expected, pd.DataFrame):
            pd.testing.assert_frame_equal(found, expected, rtol=1e-12)
        else:
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_columns_without_names_get_none():
    theirs = FeatureUnion([("same", FunctionTransformer()), ("scale", StandardScaler())]).set_output(transform="pandas")
    rows = np.random.RandomState(0).rand(20, 3)
    ours = opened(theirs.fit(rows))
    with pytest.raises(skiff.SkiffError, match="get_feature_names_out"):
        ours.transform(pd.DataFrame(rows))


def test_set_output_gives_dataframes():
    frame = pd.DataFrame(data()[0], columns=list("abcde")).set_index("a", drop=False)
    model = make_pipeline(StandardScaler(), PCA(2)).set_output(transform="pandas").fit(frame)
    pd.testing.assert_frame_equal(opened(model).transform(frame), model.transform(frame))


def test_selectors_keep_frames_as_scikit_learn_does():
    """Where the output is a DataFrame, the columns of a DataFrame are not validated, those left out neither."""
    x, y = data()
    frame = pd.DataFrame(x, columns=list("abcde"))
    for steps in ([SelectKBest(k=2)], [make_column_transformer(("passthrough", list("abcde"))), SelectKBest(k=2)]):
        model = make_pipeline(*steps).set_output(transform="pandas").fit(frame, y)
        answering = opened(model)
        for value in (np.inf, np.nan):
            for name in "abcde":
                rows = frame.copy()
                rows.loc[1, name] = value
                pd.testing.assert_frame_equal(answering.transform(rows), model.transform(rows))
    array = x.copy()
    array[1] = np.inf
    for model in (
        SelectKBest(k=2),
        ColumnTransformer([("some", SelectKBest(k=1), slice(0, 2))]),
        make_pipeline(FunctionTransformer(np.abs), SelectKBest(k=2)),
        make_pipeline(FunctionTransformer(), SelectKBest(k=2)),
    ):
        model.set_output(transform="pandas").fit(x, y)
        for one in (model, opened(model)):
            with pytest.raises(ValueError, match="infinity"):
                one.transform(array)
    for function in (None, np.abs):
        named = FunctionTransformer(function, feature_names_out="one-to-one")
        model = make_pipeline(named, SelectKBest(k=2)).set_output(transform="pandas").fit(x, y)
        pd.testing.assert_frame_equal(opened(model).transform(array), model.transform(array))
