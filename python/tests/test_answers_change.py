"""`skiff.load(…, migrate=False)` warns if and only if the installed scikit-learn predicts differently from the one that wrote the
file."""

import base64
import json
import pathlib
import warnings
import zlib

import numpy as np
import pytest

import skiff


def cases_of(kind):
    """The version, the name and the model of each case in the files of a kind, with rows and what it answers."""
    files = sorted((pathlib.Path(__file__).parent / "data").glob(f"{kind}-*.json"))
    return [(file.stem.partition("-")[2], name, case) for file in files for name, case in json.loads(file.read_text()).items()]


CASES = cases_of("changes")

#: What changes without an error in scikit-learn 1.9, of the classes that the files hold.
CHANGING = {"boosting", "encoder", "forest", "lda", "liblinear", "max", "pls", "rest", "tfidf", "tree"}


def content_of(case):
    return zlib.decompress(base64.b64decode(case["model"]))


def rows_of(case):
    rows = case["rows"]
    first = rows[0][0] if isinstance(rows[0], list) else rows[0]
    return rows if isinstance(first, str) else np.array(rows)


def loaded(content):
    """The estimator, and what `skiff.load` said of its answers."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = skiff.loads(content, migrate=False)
    return model, [str(warning.message) for warning in caught if warning.category is skiff.AnswersChangeWarning]


@pytest.mark.parametrize("version, name, case", CASES, ids=[f"{version}-{name}" for version, name, _ in CASES])
def test_a_warning_for_each_change_and_no_other(version, name, case):
    content = content_of(case)
    try:
        model, said = loaded(content)
    except skiff.SkiffError as error:
        # That scikit-learn cannot load it at all is an error, not another answer.
        assert error.code in ("other-version", "no-such-class", "damaged-model"), error
        return
    rows = rows_of(case)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = getattr(model, case["method"])(rows)
    except Exception:  # noqa: BLE001
        # It loads, and says so itself when it is asked.
        return
    answer = answer.toarray() if hasattr(answer, "toarray") else np.asarray(answer)
    is_same = np.allclose(answer, case["answer"], rtol=1e-9, atol=1e-12)
    assert is_same == (not said), (said, answer[:3], case["answer"][:3])
    for text in said:
        assert f"written by scikit-learn {version}" in text


def test_each_change_is_seen():
    seen = {name for _, name, case in CASES if _is_told(case)}
    assert seen == CHANGING


def _is_told(case):
    try:
        return bool(loaded(content_of(case))[1])
    except skiff.SkiffError:
        return False


def test_the_warning_is_told_once_for_an_ensemble_and_is_of_its_own_category():
    _, _, case = next(case for case in CASES if case[:2] == ("1.3.2", "forest"))
    with pytest.warns(skiff.AnswersChangeWarning, match="fractions") as caught:
        skiff.loads(content_of(case), migrate=False)
    assert len([one for one in caught if one.category is skiff.AnswersChangeWarning]) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error", skiff.AnswersChangeWarning)
        with pytest.raises(skiff.AnswersChangeWarning):
            skiff.loads(content_of(case), migrate=False)


def test_what_this_scikit_learn_wrote_is_loaded_in_silence():
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(3).fit([[0.0], [1.0], [2.0]], [0, 1, 2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        skiff.loads(skiff.dumps(model))
