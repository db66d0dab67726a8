"""What models of older scikit-learns answer where later ones have another answer, or no such method: as they did."""

import numpy as np
import pytest
from test_answers_change import cases_of, content_of

import skiff

CASES = cases_of("methods")


@pytest.mark.parametrize("version, name, case", CASES, ids=[f"{version}-{name}" for version, name, _ in CASES])
def test_an_old_method_answers_as_it_did(version, name, case):
    model = skiff.open(content_of(case))
    given = [np.array(one) for one in case["given"]]
    assert hasattr(model, case["method"])
    answer = getattr(model, case["method"])(*given)
    assert isinstance(answer, list) == case["is_list"]
    expected = np.array(case["answer"])
    if expected.dtype.kind == "U":
        assert list(answer) == list(case["answer"])
    else:
        assert np.shape(answer) == expected.shape
        assert np.allclose(answer, expected, rtol=1e-12, atol=1e-14), (answer, expected)


def test_targets_are_weighed_in_some_versions_and_not_in_others():
    scores = {version: case["answer"] for version, name, case in CASES if name == "two targets"}
    assert scores["0.20.4"] == pytest.approx(scores["0.22.2.post1"]) and scores["0.23.2"] == pytest.approx(scores["1.0.2"])
    assert abs(scores["0.20.4"] - scores["1.0.2"]) > 0.01


def test_newer_models_have_no_old_names():
    from sklearn.feature_extraction.text import CountVectorizer

    model = skiff.open(skiff.dumps(CountVectorizer().fit(["one two"])))
    assert not hasattr(model, "get_feature_names") and "get_feature_names" not in dir(model)
    with pytest.raises(AttributeError):
        model.get_feature_names()
    assert list(model.get_feature_names_out()) == ["one", "two"]
