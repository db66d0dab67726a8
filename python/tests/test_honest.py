"""Files that people keep: models, which open, answer and load as Python loads them."""

import json
import pickle
import re
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skiff
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, SplineTransformer

FOLDER = Path(__file__).parents[2] / "fixtures" / "honest"
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix in (".pkl", ".joblib"))
RECORDED = [
    (FOLDER / name, json.loads(path.read_text())["rows"], what)
    for path in sorted(FOLDER.glob("answers-*.json"))
    for name, what in json.loads(path.read_text())["files"].items()
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_honest_files_are_models(path):
    verdict = skiff.scan(path)
    assert verdict["verdict"] == "model", verdict


@pytest.mark.parametrize(("path", "rows", "recorded"), RECORDED, ids=[row[0].name for row in RECORDED])
def test_recorded_answers(path, rows, recorded):
    model = skiff.open(path, at=recorded["at"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = model.predict(np.array(rows))
    assert answer.tolist() == recorded["predict"]


def of_python(path):
    """What Python's own loader makes; ``None`` where this Python's packages do not take it."""
    try:
        if path.suffix == ".joblib":
            return joblib.load(path)
        if path.name.startswith("dill_"):
            return pytest.importorskip("dill").loads(path.read_bytes())
        return pickle.loads(path.read_bytes())
    except pytest.skip.Exception:
        raise
    except Exception:
        return None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")
def test_loads_as_python_does(path):
    theirs = of_python(path)
    if theirs is None:
        pytest.skip("the installed packages cannot read it")
    ours = skiff.load(path)
    assert type(ours) is type(theirs)
    if isinstance(theirs, dict) and "frames" in theirs:
        for name, frame in theirs["frames"].items():
            same(ours["frames"][name], frame)
    for at, model in estimators(theirs):
        rows = np.array([[0.5, -1.0, 0.25], [-0.5, 1.0, 2.0]])
        if getattr(model, "n_features_in_", None) == 3 and hasattr(model, "predict"):
            assert_alike(at(ours), model, rows)


def assert_alike(ours, theirs, rows):
    try:
        expected = theirs.predict(rows)
    except ValueError as error:
        # Parameters of a metric that do not fit the width.
        with pytest.raises(ValueError, match=re.escape(str(error))):
            ours.predict(rows)
    else:
        np.testing.assert_array_equal(ours.predict(rows), expected)


def estimators(value):
    if hasattr(value, "get_params"):
        yield (lambda ours: ours), value
    elif isinstance(value, dict) and hasattr(value.get("model"), "get_params"):
        yield (lambda ours: ours["model"]), value["model"]


def same(ours, theirs):
    assert type(ours) is type(theirs)
    if isinstance(theirs, pd.DataFrame):
        pd.testing.assert_frame_equal(ours, theirs)
    elif isinstance(theirs, pd.Series):
        pd.testing.assert_series_equal(ours, theirs)
    elif isinstance(theirs, pd.Index):
        pd.testing.assert_index_equal(ours, theirs)
    else:
        assert repr(ours) == repr(theirs)


class Unknown:
    """A class of a program."""


def dumped():
    x = np.arange(12.0).reshape(6, 2)
    y = np.array([0, 1, 0, 1, 0, 1])
    frame = pd.DataFrame({"a": x[:, 0], "when": pd.date_range("2020", periods=6), "kind": pd.Categorical(list("ababab"))})
    yield "spline", SplineTransformer(n_knots=3).fit(x)
    yield "intervals", OneHotEncoder().fit(pd.DataFrame({"a": pd.Series(list(pd.interval_range(0, 3)), dtype=object)}))
    yield "frame", {"frame": frame, "model": LogisticRegression().fit(frame[["a"]], y)}
    yield "zones", {"frame": pd.DataFrame({"when": pd.date_range("2020", periods=2, tz="Europe/Berlin")})}
    yield "function", FunctionTransformer(np.log1p)
    yield "path", {"path": Path("a") / "b"}
    yield "tokens", {"split": str.split}


@pytest.mark.parametrize(("name", "value"), list(dumped()), ids=[name for name, _ in dumped()])
@pytest.mark.parametrize("kind", ["skiff", "pkl", "joblib"])
def test_what_is_dumped_is_loaded(tmp_path, name, value, kind):
    skiff.dump(value, tmp_path / f"model.{kind}")
    loaded = skiff.load(tmp_path / f"model.{kind}")
    assert type(loaded) is type(value)
    if name in ("frame", "zones"):
        pd.testing.assert_frame_equal(loaded["frame"], value["frame"])


@pytest.mark.parametrize("kind", ["skiff", "pkl", "joblib"])
def test_what_is_not_loaded_is_not_dumped(tmp_path, kind):
    path = tmp_path / f"model.{kind}"
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(skiff.UntrustedFileError, match="sklearn.datasets") as error:
        skiff.dump({"model": model, "loader": sklearn.datasets.load_files}, path)
    assert "['loader']" in str(error.value)
    assert not path.exists()
    skiff.dump({"model": model, "own": Unknown()}, path)
    with pytest.raises(skiff.UntrustedFileError, match="Unknown"):
        skiff.load(path)
    assert isinstance(skiff.load(path, trusted=[Unknown])["own"], Unknown)
