"""The structure of PMML documents; `cargo xtask peers pmml` asks an evaluator, which needs Java."""

import io
import re
import xml.etree.ElementTree

import numpy as np
import pandas as pd
import pytest
import skiff
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.ensemble import AdaBoostRegressor, GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.naive_bayes import MultinomialNB
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

X = np.random.default_rng(7).normal(size=(60, 3))
Y = np.array(["no", "yes"])[(X[:, 0] + X[:, 1] > 0).astype(int)]
NAMESPACE = {"": "http://www.dmg.org/PMML-4_4"}


def document(estimator):
    out = io.BytesIO()
    skiff.export(estimator, out, target="pmml")
    return xml.etree.ElementTree.fromstring(out.getvalue())


def found(root, path):
    return root.findall(path, NAMESPACE)


def names(root, path):
    return [element.get("name") for element in found(root, path)]


def test_a_pipeline_is_derived_fields_and_a_model():
    root = document(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y))
    assert root.get("version") == "4.4"
    assert names(root, "DataDictionary/DataField") == ["y", "x1", "x2", "x3"]
    assert [value.get("value") for value in found(root, "DataDictionary/DataField[@name='y']/Value")] == ["no", "yes"]
    scaled = [f"standardScaler(x{i})" for i in (1, 2, 3)]
    assert names(root, "TransformationDictionary/DerivedField") == [*scaled, "logisticRegression(…)"]
    (model,) = found(root, "RegressionModel")
    assert (model.get("functionName"), model.get("normalizationMethod")) == ("classification", "logit")
    assert names(model, "Output/OutputField") == ["probability(no)", "probability(yes)", "decisionFunction"]
    assert found(model, "Output/OutputField/FieldRef")[0].get("field") == "logisticRegression(…)"


def test_scores_are_named_after_classes_or_pairs_of_them():
    labels = np.array(["a", "b", "c"])[np.arange(60) % 3]
    outputs = lambda estimator: names(document(estimator.fit(X, labels)), ".//OutputField")  # noqa: E731
    own = [name for name in outputs(SVC(decision_function_shape="ovr")) if name.startswith("d")]
    assert own == ["decisionFunction(a)", "decisionFunction(b)", "decisionFunction(c)"]
    pairs = [name for name in outputs(SVC(decision_function_shape="ovo")) if name.startswith("d")]
    assert pairs == ["decisionFunction(a, b)", "decisionFunction(a, c)", "decisionFunction(b, c)"]


def test_the_score_of_a_support_vector_machine_has_its_vectors_once():
    machine = SVC().fit(X, Y)
    root = document(machine)
    assert len(found(root, ".//VectorInstance")) == len(machine.support_)
    assert names(root, ".//OutputField")[-1] == "decisionFunction"


def test_an_input_may_have_the_name_of_a_score():
    frame = pd.DataFrame(X, columns=["decisionFunction", "y", "_decisionFunction"])
    root = document(LogisticRegression().fit(frame, Y))
    assert names(root, ".//OutputField")[-1] == "__decisionFunction"


def test_trees_compare_floats():
    tree = DecisionTreeClassifier(random_state=0).fit(X, Y)
    root = document(tree)
    assert set(names(root, "TransformationDictionary/DerivedField")) <= {f"float(x{i})" for i in (1, 2, 3)}
    assert len(found(root, ".//Node")) == tree.tree_.node_count
    thresholds = {float(split.get("value")) for split in found(root, ".//SimplePredicate")}
    own = tree.tree_.threshold[tree.tree_.feature >= 0]
    single = own.astype(np.float32)
    # Comparing a float with a double is comparing it with the greatest float that is not above.
    single = np.where(single > own, np.nextafter(single, np.float32(-np.inf)), single)
    assert thresholds == set(single.astype(np.float64).tolist())


@pytest.mark.parametrize(
    ("estimator", "element"),
    [
        (RandomForestClassifier(3, random_state=0).fit(X, Y), "MiningModel"),
        (GradientBoostingClassifier(n_estimators=3).fit(X, Y), "MiningModel"),
        (PoissonRegressor().fit(X, np.abs(X[:, 0])), "RegressionModel"),
        (SVR().fit(X, X[:, 0]), "SupportVectorMachineModel"),
        (KMeans(3, n_init=1, random_state=0).fit(X), "ClusteringModel"),
    ],
)
def test_models_have_their_element(estimator, element):
    assert [child.tag.partition("}")[2] for child in document(estimator)][-1] == element


def test_columns_keep_their_names_and_texts_their_values():
    frame = pd.DataFrame({"age": [20.0, np.nan, 40.0, 50.0], 'a <b> & "c"': ["x", "y & z", "x", "w"]})
    transformer = make_column_transformer((SimpleImputer(), ["age"]), (OneHotEncoder(), ['a <b> & "c"']))
    root = document(make_pipeline(transformer, LinearRegression()).fit(frame, [1.0, 2.0, 3.0, 4.0]))
    assert names(root, "DataDictionary/DataField") == ["y", "age", 'a <b> & "c"']
    assert {constant.text for constant in found(root, ".//Constant[@dataType='string']")} == {"w", "x", "y & z"}
    assert found(root, ".//Apply[@function='isMissing']/FieldRef[@field='age']")


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [
        (LinearRegression().fit(X, X[:, :2]), "one target, and it has several outputs; export it to ONNX"),
        (StandardScaler().fit(X), "a model that predicts"),
        (
            make_pipeline(CountVectorizer(), MultinomialNB()).fit(["one two", "three four"], [0, 1]),
            "ONNX or source code",
        ),
    ],
)
def test_what_pmml_cannot_hold_is_refused(estimator, reason):
    with pytest.raises(skiff.SkiffError, match=re.escape(reason)):
        skiff.export(estimator, io.BytesIO(), target="pmml")


def test_other_methods_are_refused():
    with pytest.raises(skiff.SkiffError, match="`predict`, `predict_proba` and `decision_function`"):
        skiff.export(LogisticRegression().fit(X, Y), io.BytesIO(), target="pmml", methods="predict_log_proba")


def test_a_machine_without_support_vectors_is_its_intercept():
    root = document(SVR().fit(X, np.full(60, 2.5)))
    (machine,) = found(root, "SupportVectorMachineModel/SupportVectorMachine")
    assert found(root, ".//VectorInstance/Array")[0].text == "0.0 0.0 0.0"
    assert found(machine, "Coefficients")[0].get("absoluteValue") == "2.5"
    assert [one.get("value") for one in found(machine, "Coefficients/Coefficient")] == ["0.0"]


def test_networks_in_an_ensemble_have_targets_of_their_own():
    network = MLPRegressor(hidden_layer_sizes=(3,), max_iter=5, random_state=0)
    root = document(AdaBoostRegressor(network, n_estimators=2, random_state=0).fit(X, X[:, 0]))
    declared = set(names(root, "DataDictionary/DataField"))
    members = found(root, ".//Segment/NeuralNetwork")
    assert len(members) == 2
    for member in members:
        (target,) = [one.get("name") for one in found(member, "MiningSchema/MiningField") if one.get("usageType") == "target"]
        assert target in declared
        assert [one.get("field") for one in found(member, ".//NeuralOutput/DerivedField/FieldRef")] == [target]
