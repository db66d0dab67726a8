"""What `skiff inspect` writes for others: model cards, read by `huggingface_hub`, and bills of materials, validated by
`cyclonedx-python-lib`."""

import hashlib
import json
import subprocess

import pytest
import skiff
from conftest import COMMAND, ROOT
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from huggingface_hub import ModelCard
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, Y = load_iris(return_X_y=True, as_frame=True)
HOSTILE = 'a"b|c\n---\n# x <script>`y`\u202e\x7f: {} [] & \\ \U0001f6f6'


def inspected(path, form):
    done = subprocess.run([COMMAND, "inspect", path, "--format", form], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def card_of(path):
    card = ModelCard(inspected(path, "card"))
    assert card.data.to_dict()["library_name"] == "sklearn"
    return card


def bill_of(path):
    text = inspected(path, "cyclonedx")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    return json.loads(text)


@pytest.fixture
def recorded(tmp_path):
    """A model with all that a passport records."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(X, Y)
    path = tmp_path / "iris.skiff"
    (tmp_path / "train.csv").write_text("rows")
    skiff.dump(
        model,
        path,
        data=tmp_path / "train.csv",
        source=__file__,
        cv=(5, X, Y, "accuracy"),
        metrics={"auc": 0.91, "undefined": float("nan")},
        author="Ada",
        notes="Without the flowers of 2019.\nSecond line.",
    )
    return path


def test_the_card_of_a_recorded_model(recorded):
    card = card_of(recorded)
    assert card.data.pipeline_tag == "tabular-classification"
    assert card.data.model_name == "iris.skiff"
    results = {result.metric_type: result for result in card.data.eval_results}
    assert set(results) == {"accuracy", "auc"}
    assert results["auc"].metric_value == 0.91
    scores = skiff.inspect(recorded)["passport"]["cross_validation"]["scores"]["accuracy"]
    assert results["accuracy"].metric_value == scores["mean"]
    assert results["accuracy"].dataset_name.endswith("train.csv")
    for text in ("`logisticregression__C` | `0.5`", "Ada", "sepal length (cm)", "Without the flowers", "mean and standard"):
        assert text in card.content


def test_the_bill_of_a_recorded_model(recorded):
    bill = bill_of(recorded)
    model = bill["metadata"]["component"]
    digest = hashlib.sha256(recorded.read_bytes()).hexdigest()
    assert model["hashes"] == [{"alg": "SHA-256", "content": digest}]
    assert model["type"] == "machine-learning-model" and model["authors"] == [{"name": "Ada"}]
    purls = [library.get("purl", "") for library in bill["components"]]
    assert any(purl.startswith("pkg:pypi/scikit-learn@") for purl in purls)
    card = model["modelCard"]
    assert card["modelParameters"]["task"] == "tabular-classification"
    assert {"name": "skiff:parameter:logisticregression__C", "value": "0.5"} in card["properties"]
    metrics = {metric["type"]: metric for metric in card["quantitativeAnalysis"]["performanceMetrics"]}
    assert set(metrics) == {"accuracy", "auc"} and "confidenceInterval" in metrics["accuracy"]
    data = {entry["name"]: entry["value"] for entry in card["modelParameters"]["datasets"][0]["contents"]["properties"]}
    assert data["skiff:sha256"] == hashlib.sha256(b"rows").hexdigest()
    assert inspected(recorded, "cyclonedx") == inspected(recorded, "cyclonedx")


@pytest.mark.parametrize("model", sorted((ROOT / "examples").glob("*.joblib")), ids=lambda path: path.name)
def test_models_without_a_passport(model):
    assert "## How to use" in card_of(model).content
    assert bill_of(model)["metadata"]["component"]["name"] == model.name


def test_a_regression(tmp_path):
    path = tmp_path / "ridge.skiff"
    skiff.dump(Ridge().fit(*load_diabetes(return_X_y=True)), path)
    assert card_of(path).data.pipeline_tag == "tabular-regression"
    assert bill_of(path)["metadata"]["component"]["modelCard"]["modelParameters"]["approach"] == {"type": "supervised"}


def test_texts_from_a_file_stay_in_their_place(tmp_path):
    frame = X.copy()
    frame.columns = [HOSTILE, "b", "c", "d"]
    path = tmp_path / "hostile.skiff"
    data = {"note": HOSTILE}
    skiff.dump(
        LogisticRegression().fit(frame, Y), path, notes=HOSTILE, author=HOSTILE, metrics={HOSTILE: 1.0}, data=data
    )
    card = card_of(path)
    # YAML gives back what was written, line breaks and all.
    assert [result.metric_type for result in card.data.eval_results] == [HOSTILE]
    assert "script" in card.text and "<script>" not in card.text
    bill = bill_of(path)
    assert bill["metadata"]["component"]["description"] == HOSTILE
