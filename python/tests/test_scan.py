"""``skiff.scan``, and limits."""

import io
import json
import pathlib
import pickle
import zlib

import numpy as np
import pytest
import skiff
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier

ROOT = pathlib.Path(__file__).parents[2]


class Call:
    """Pickles as a call of `print`, which does no harm."""

    def __reduce__(self):
        return print, ("never printed",)


def fitted():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(60, 3)), random.integers(0, 2, 60)
    return AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=3, random_state=0).fit(x, y)


def test_a_model_is_a_model(tmp_path):
    content = pickle.dumps(fitted())
    path = tmp_path / "model.pkl"
    path.write_bytes(content)
    for source in [path, str(path), content, bytearray(content), memoryview(content), io.BytesIO(content)]:
        verdict = skiff.scan(source)
        assert (verdict["verdict"], verdict["findings"], verdict["judged"]) == ("model", [], 1)
        assert verdict["size"] == len(content)
    assert skiff.scan(path)["file"] == str(path)
    assert skiff.scan(content)["file"] is None


def test_code_is_unknown_or_dangerous(capsys):
    verdict = skiff.scan(zlib.compress(pickle.dumps({"model": [Call()]})))
    (finding,) = verdict["findings"]
    assert verdict["verdict"] == finding["rating"]
    assert finding["name"] == "builtins.print" and finding["place"] == ["zlib"]
    assert finding["path"].startswith("['model'][0]")
    assert capsys.readouterr().out == ""
    json.dumps(verdict)


def test_folders_are_lists(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.pkl").write_bytes(pickle.dumps(fitted()))
    (tmp_path / "notes.txt").write_text("nothing to see")
    verdicts = skiff.scan(tmp_path)
    assert [(pathlib.Path(v["file"]).name, v["verdict"], v["passed_over"]) for v in verdicts] == [
        ("a.pkl", "model", False),
        ("notes.txt", "unknown", True),
    ]
    assert not any(verdict["passed_over"] for verdict in skiff.scan(tmp_path, strict=True))
    assert skiff.scan(tmp_path / "notes.txt")["verdict"] == "unknown"
    with pytest.raises(skiff.MissingFileError):
        skiff.scan(tmp_path / "nothing")


def test_attacks_are_no_models():
    verdicts = skiff.scan(ROOT / "attacks")
    found = {pathlib.Path(v["file"]).name: v["verdict"] for v in verdicts if not v["passed_over"]}
    assert len(found) > 300 and "model" not in found.values()


@pytest.mark.parametrize("attribute, value", [("left_child", 0), ("right_child", 10**6), ("feature", 99)])
def test_hostile_numbers_in_estimators_that_skiff_does_not_read(attribute, value):
    model = fitted()
    tree = model.estimators_[1].tree_
    state = tree.__getstate__()
    state["nodes"] = state["nodes"].copy()
    state["nodes"][attribute][0] = value
    tree.__setstate__(state)
    verdict = skiff.scan(pickle.dumps(model))
    assert verdict["verdict"] == "unknown"
    assert {finding["path"] for finding in verdict["findings"]} == {"estimators_[1].tree_"}


def test_limits():
    content = pickle.dumps(fitted())
    assert skiff.scan(content, limits=skiff.Limits(nodes=10))["verdict"] == "unknown"
    late = skiff.scan(content, limits=skiff.Limits(time=0))
    assert late["verdict"] == "unknown" and "`time`" in late["findings"][0]["sentence"]
    with pytest.raises(skiff.LimitExceededError, match="time"):
        skiff.open(pickle.dumps(DecisionTreeClassifier().fit([[0], [1]], [0, 1])), limits=skiff.Limits(time=0))
    with pytest.raises(skiff.LimitExceededError, match="memo"):
        skiff.open(content, limits=skiff.Limits(memo=3))
    with pytest.raises(skiff.LimitExceededError, match="array"):
        skiff.open(content, limits=skiff.Limits(array=16))
    with pytest.raises(ValueError):
        skiff.Limits(time=-1)
    limits = skiff.Limits(time=1.5, memo=7)
    assert (limits.time, limits.memo, limits.array) == (1.5, 7, 16 << 30)
    assert "time=1.5" in repr(limits) and skiff.Limits().time is None
