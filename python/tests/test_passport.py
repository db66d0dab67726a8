"""What `skiff.dump` records of a model unasked, and what it is told in words."""

import json
import platform
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn
from passports import FRAME, LABELS, X, Y, passport_of
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import skiff


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
    with pytest.raises(skiff.WrongInputError, match="`notes`"):
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


def test_all_distributions_are_recorded_on_request(path):
    assert "lock" not in passport_of(path)
    lock = passport_of(path, lock=True)["lock"]
    assert (lock["scikit-learn"], lock["numpy"], lock["pytest"]) == (sklearn.__version__, np.__version__, pytest.__version__)
    assert lock.keys() == {name.lower().replace("_", "-").replace(".", "-") for name in lock}
    assert "lock" not in passport_of(path, lock=False)
