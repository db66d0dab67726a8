"""`skiff.load` rewrites what another scikit-learn wrote for the installed one, and says so."""

import pickle
import warnings

import numpy as np
import pytest
import sklearn
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.linear_model import Ridge
from test_answers_change import CASES as SINCE_0_20
from test_answers_change import cases_of, content_of, rows_of

import skiff


CASES = SINCE_0_20 + cases_of("before")


def loaded(content, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = skiff.loads(content, **options)
    return model, caught


def said(caught):
    return [str(warning.message) for warning in caught if warning.category is skiff.MigrationWarning]


@pytest.mark.parametrize("version, name, case", CASES, ids=[f"{version}-{name}" for version, name, _ in CASES])
def test_what_is_migrated_answers_as_before(version, name, case):
    """What is not migrated says so, and warns as it does with `migrate=False`."""
    content = content_of(case)
    try:
        model, caught = loaded(content)
    except skiff.SkiffError as error:
        assert error.code in ("other-version", "no-such-class", "damaged-model"), error
        return
    (message,) = said(caught)
    others = {warning.category for warning in caught}
    if message.startswith("not migrated"):
        assert InconsistentVersionWarning in others or version == "0.17.1", others
        return
    # scikit-learn 0.17 left no stamp: the state tells the minor version.
    known = "0.17" if version == "0.17.1" else version
    assert message.startswith(f"migrated from scikit-learn {known} to "), message
    assert message.endswith("migrate=False builds it as it is."), message
    assert not others & {InconsistentVersionWarning, skiff.AnswersChangeWarning}, others
    rows = rows_of(case)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = getattr(model, case["method"])(rows)
    answer = answer.toarray() if hasattr(answer, "toarray") else np.asarray(answer)
    assert np.allclose(answer, case["answer"], rtol=1e-9, atol=1e-12, equal_nan=True), (message, answer[:3], case["answer"][:3])


def test_nearly_all_are_migrated():
    left = []
    for version, name, case in CASES:
        try:
            _, caught = loaded(content_of(case))
            left += [(version, name, message) for message in said(caught) if message.startswith("not migrated")]
        except skiff.NotSupportedError as error:
            left.append((version, name, str(error)))
    assert len(CASES) > 170 and len(left) < 15, left


def test_the_warning_names_versions_and_changes():
    _, _, case = next(case for case in CASES if case[:2] == ("1.3.2", "forest"))
    _, caught = loaded(content_of(case))
    (message,) = said(caught)
    assert message.startswith(f"migrated from scikit-learn 1.3.2 to {sklearn.__version__}: `RandomForestClassifier`: ")
    assert "`monotonic_cst`" in message


def test_nothing_is_migrated_on_request():
    _, _, case = next(case for case in CASES if case[:2] == ("1.3.2", "forest"))
    _, caught = loaded(content_of(case), migrate=False)
    assert {warning.category for warning in caught} == {InconsistentVersionWarning, skiff.AnswersChangeWarning}


def test_a_refusal_says_why():
    from sklearn.ensemble import AdaBoostClassifier

    model = AdaBoostClassifier(n_estimators=2).fit([[0.0], [1.0], [2.0]], [0, 1, 1])
    model.algorithm = "SAMME.R"
    content = pickle.dumps(model).replace(sklearn.__version__.encode(), b"1.5.2")
    with pytest.warns(skiff.MigrationWarning, match="not migrated to .*SAMME.R"):
        skiff.loads(content)


def test_what_this_scikit_learn_wrote_is_not_migrated():
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1])
    for thing in (tree, tree.tree_, np.arange(3)):
        _, caught = loaded(skiff.dumps(thing))
        assert not caught, [str(warning.message) for warning in caught]


def test_what_loading_as_it_is_would_do(tmp_path):
    skiff.dump(Ridge().fit([[0.0], [1.0]], [0, 1]), tmp_path / "model.joblib")
    assert skiff.inspect(tmp_path / "model.joblib")["plain_loading"] is None
    here = skiff.inspect(tmp_path / "model.joblib", in_=f"scikit-learn=={sklearn.__version__}")["plain_loading"]
    assert here == {"version": sklearn.__version__, "outcome": "loads", "reasons": [], "refused": None}
    old = skiff.inspect(tmp_path / "model.joblib", in_="scikit-learn==0.20.4")["plain_loading"]
    assert old["outcome"] == "fails" and any("sklearn.linear_model.ridge.Ridge" in why for why in old["reasons"])
    with pytest.raises(ValueError, match="expected a version"):
        skiff.inspect(tmp_path / "model.joblib", in_="scikit-learn==0.1")
