"""``skiff.diff`` and ``skiff diff``."""

import json
import math
import subprocess

import joblib
import numpy as np
import pytest
from conftest import COMMAND
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import skiff

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


def model(C=1.0, scaler=StandardScaler):
    return make_pipeline(scaler(), LogisticRegression(C=C)).fit(X, Y)


def paths(found, subject=None):
    return [one["path"] for one in found["differences"] if subject in (None, one["subject"])]


@pytest.mark.parametrize("extension", ["pkl", "joblib", "skops", "skiff"])
def test_formats_do_not_count(tmp_path, extension):
    path = tmp_path / f"model.{extension}"
    skiff.dump(model(), path)
    found = skiff.diff(path, model())
    assert found["is_same"] and found["is_complete"] and found["same"] > 20, found["differences"]


def test_hyperparameters_and_coefficients():
    found = skiff.diff(model(1.0), model(2.0))
    assert paths(found, "hyperparameter") == ["steps[1].C"]
    assert "steps[1].coef_" in paths(found, "attribute")
    [coef] = [one for one in found["differences"] if one["path"] == "steps[1].coef_"]
    difference = np.abs(model(1.0)[-1].coef_ - model(2.0)[-1].coef_)
    assert coef["elements"] == {
        "count": 3,
        "differing": 3,
        "greatest": difference.max(),
        "at": int(difference.argmax()),
        "is_close": False,
    }
    assert not found["is_same"] and not found["is_close"]


def test_steps_are_matched_by_name():
    found = skiff.diff(model(), model(scaler=MinMaxScaler))
    assert paths(found, "structure") == ["steps"]
    assert not paths(found, "class")


def test_trees():
    forests = [RandomForestClassifier(n, random_state=0).fit(X, Y) for n in (3, 4)]
    found = skiff.diff(*forests)
    assert paths(found, "hyperparameter") == ["n_estimators"]
    assert paths(found, "structure") == ["estimators_"]
    other = RandomForestClassifier(3, random_state=1).fit(X, Y)
    found = skiff.diff(forests[0], other)
    assert any(".tree_.nodes" in path for path in paths(found)) or any(".tree_" in path for path in paths(found))


def test_close_and_nan():
    first, second, third = (Ridge().fit(X, X[:, 0]) for _ in range(3))
    second.coef_ = first.coef_ * (1 + 1e-9)
    third.coef_ = first.coef_ + np.array([0, np.nan, 0])
    found = skiff.diff(first, second)
    assert found["is_close"] and not found["is_same"]
    found = skiff.diff(first, third)
    assert not found["is_close"]
    [coef] = [one for one in found["differences"] if one["path"] == "coef_"]
    assert math.isinf(coef["elements"]["greatest"]) and coef["elements"]["at"] == 1
    assert skiff.diff(third, third)["is_same"]


def test_addresses_in_memory_do_not_count():
    both = [TfidfVectorizer().fit(["a word", "another word"]) for _ in range(2)]
    for number, vectorizer in enumerate(both):
        vectorizer._stop_words_id = number
    assert skiff.diff(*map(skiff.dumps, both))["is_same"]
    both[1].norm = "l1"
    assert paths(skiff.diff(*map(skiff.dumps, both))) == ["norm"]


def test_addresses(tmp_path):
    joblib.dump({"a": model(1.0), "b": 1}, tmp_path / "one.joblib")
    joblib.dump({"a": model(1.0), "b": 2}, tmp_path / "two.joblib")
    both = tmp_path / "one.joblib", tmp_path / "two.joblib"
    assert paths(skiff.diff(*both)) == ["['b']"]
    assert skiff.diff(*both, at="['a']")["is_same"]
    with pytest.raises(skiff.SkiffError, match="no `\\[.c.\\]`"):
        skiff.diff(*both, at="['c']")


def test_the_command(tmp_path):
    first, second = tmp_path / "first.joblib", tmp_path / "second.skops"
    joblib.dump(model(1.0), first)
    skiff.dump(model(2.0), second)

    def run(*arguments):
        return subprocess.run([COMMAND, "diff", *map(str, arguments)], capture_output=True, text=True, check=False)

    same = run(first, first)
    assert same.returncode == 0 and "the same: " in same.stdout
    different = run(first, second)
    assert different.returncode == 1
    assert "hyperparameters:\n  steps[1].C: 1.0 → 2.0\n" in different.stdout
    as_json = run(first, second, "--format", "json")
    assert json.loads(as_json.stdout)["differences"] == skiff.diff(first, second)["differences"]
    page = run(first, second, "--format", "html")
    assert "<th>steps[1].C</th><td>1.0</td><td>2.0</td>" in page.stdout
    missing = run(first, tmp_path / "none.joblib")
    assert missing.returncode == 2 and "none.joblib" in missing.stderr
