"""`.json` written by skiff says all that a model holds: each number is compared with Python's own, to the last bit."""

import collections
import json
import pathlib
import pickle
import struct

import jsonschema
import numpy as np
import pandas as pd
import pytest
import sklearn
from recorded import each_family, load, models
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import skiff

NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def said(value, folder):
    first, then = folder / "value.pkl", folder / "value.json"
    first.write_bytes(pickle.dumps(value, protocol=5))
    skiff.convert(first, then)
    return json.loads(then.read_bytes(), parse_constant=not_json)["model"]


def not_json(word):
    raise AssertionError(f"`{word}` is not JSON")


class Check:
    """Compares JSON with an object, as specified in `docs/json.md`."""

    def __init__(self):
        self.ids = {}
        self.numbers = 0

    def same(self, said, found, path):
        if isinstance(said, dict) and said.get("$") == "ref":
            assert self.ids[said["id"]] is found, path
            return
        if isinstance(said, dict) and "id" in said and "$" in said:
            self.ids[said["id"]] = found
        kind = said.get("$") if isinstance(said, dict) else None
        if kind is not None:
            getattr(self, kind)(said, found, path)
        elif isinstance(said, dict):
            assert type(found) is dict and list(said) == list(found), path
            for key, value in said.items():
                self.same(value, found[key], f"{path}[{key!r}]")
        elif isinstance(said, list):
            assert type(found) is list and len(said) == len(found), path
            for place, (a, b) in enumerate(zip(said, found, strict=True)):
                self.same(a, b, f"{path}[{place}]")
        else:
            assert type(said) is type(found), f"{path}: {said!r} and {found!r}"
            assert bits(said) == bits(found), f"{path}: {said!r} and {found!r}"
            self.numbers += 1

    def float(self, said, found, path):
        assert bits(NOT_FINITE[said["value"]]) == bits(found) or said["value"] == "NaN" and found != found, path

    def text(self, said, found, path):
        assert said["value"] == found, path

    def bytes(self, said, found, path):
        assert bytes.fromhex(said["hex"]) == found, path

    bytearray = bytes

    def tuple(self, said, found, path):
        assert isinstance(found, tuple) and len(said["items"]) == len(found), path
        for place, (a, b) in enumerate(zip(said["items"], found, strict=True)):
            self.same(a, b, f"{path}[{place}]")

    def list(self, said, found, path):
        self.same(said["items"], found, path)

    def set(self, said, found, path):
        assert set(said["items"]) == set(found), path

    frozenset = set

    def dict(self, said, found, path):
        assert type(found) is dict and len(said["items"]) == len(found), path
        for (key, value), (own_key, own) in zip(said["items"], found.items(), strict=True):
            self.same(key, own_key, path)
            self.same(value, own, f"{path}[{own_key!r}]")

    def array(self, said, found, path):
        assert list(found.shape) == said["shape"], path
        assert (said.get("order") == "F") == (not found.flags.c_contiguous and found.ndim > 1), path
        if found.dtype == object:
            assert said["dtype"] == "object"
            for a, b in zip(flat(said["data"], found.ndim), found.ravel(), strict=True):
                self.same(a, b, path)
            return
        self.elements(said["dtype"], said["data"], found, path)

    def records(self, said, found, path):
        assert list(found.shape) == said["shape"] and list(said["columns"]) == list(found.dtype.names), path
        for (name, dtype), column in zip(fields(said["dtype"]), said["columns"].values(), strict=True):
            column_dtype = dtype if isinstance(dtype, str) else dtype["of"]
            self.elements(column_dtype, column, found[name], f"{path}[{name!r}]")

    def scalar(self, said, found, path):
        assert isinstance(found, np.generic), path
        self.elements(said["dtype"], said["value"], np.asarray(found), path)

    def elements(self, dtype, data, found, path):
        if found.dtype.kind in "biuf" and found.dtype.itemsize <= 8:
            assert np.dtype(dtype) == found.dtype, path
            texts = [NOT_FINITE[text] if isinstance(text, str) else text for text in flat(data, found.ndim)]
            read = np.array(texts, dtype=found.dtype).reshape(found.shape)
            # In an empty axis there is nothing to tell how long the next ones are.
            lengths = shape(data, found.ndim)
            assert lengths == found.shape[: len(lengths)] and (found.size == 0 or len(lengths) == found.ndim), path
            same = read.tobytes() == found.tobytes()
            # NaNs have more than one spelling.
            assert same or (np.array_equal(read, found, equal_nan=True) and np.isnan(found).any()), path
            self.numbers += read.size
        elif found.dtype.kind == "U":
            assert flat(data, found.ndim) == found.ravel().tolist(), path
        elif found.dtype.kind == "S":
            assert [bytes.fromhex(text) for text in flat(data, found.ndim)] == found.ravel().tolist(), path
        elif found.dtype.kind == "c":
            assert [complex(*pair) for pair in flat(data, found.ndim)] == found.ravel().tolist(), path
        elif found.dtype.kind in "mM":
            steps = [None if step == np.iinfo("i8").min else int(step) for step in found.view("i8").ravel()]
            assert flat(data, found.ndim) == steps, path
        else:
            assert found.dtype.kind in "Vfg", found.dtype
            texts = [bytes.fromhex(text) for text in flat(data, found.ndim)]
            assert texts == [item.tobytes() for item in found.ravel()], path

    def masked(self, said, found, path):
        self.same(said["data"], found.data, path)
        self.same(said["mask"], np.ma.getmaskarray(found), path)

    def dtype(self, said, found, path):
        assert np.dtype(said["dtype"] if isinstance(said["dtype"], str) else fields(said["dtype"])) == found, path

    def name(self, said, found, path):
        module, name = said["name"].rsplit(".", 1)
        assert name == ("NA" if found is pd.NA else found.__name__), path

    def call(self, said, found, path):
        assert isinstance(said["arguments"], (list, dict)), path

    def object(self, said, found, path):
        if said["class"].startswith("numpy.random"):
            return
        module, name = said["class"].rsplit(".", 1)
        assert (type(found).__module__, type(found).__name__) == (module, name), path
        if hasattr(found, "__dict__") and not isinstance(found, dict) and "state" not in said:
            attributes = {**said.get("parameters", {}), **said.get("fitted", {}), **said.get("attributes", {})}
            if "version" in said:
                attributes["_sklearn_version"] = said["version"]
            own = {key: value for key, value in vars(found).items()}
            if hasattr(found, "__getstate__") and "_sklearn_version" in attributes:
                own = found.__getstate__()
            # scipy makes some of its objects' attributes anew on loading.
            if module.startswith("scipy.") or isinstance(found, np.vectorize):
                attributes = {name: value for name, value in attributes.items() if name in own}
            else:
                assert set(attributes) == set(own), path
            for name, value in attributes.items():
                self.same(value, own[name], f"{path}.{name}")
        elif isinstance(found, collections.OrderedDict):
            for (key, value), (own_key, own) in zip(said["entries"], found.items(), strict=True):
                self.same(key, own_key, path)
                self.same(value, own, f"{path}[{own_key!r}]")
        elif name == "Tree":
            assert said["arguments"][0] == found.n_features
            for name, value in said["attributes"].items():
                self.same(value, found.__getstate__()[name], f"{path}.{name}")


def fields(dtype):
    """Those of records, which may have gaps."""
    if isinstance(dtype, dict):
        assert len(dtype["offsets"]) == len(dtype["fields"]) and max(dtype["offsets"]) < dtype["itemsize"]
        return [(name, dtype) for name, dtype in dtype["fields"]]
    return dtype


def bits(value):
    return struct.pack("d", value) if isinstance(value, float) else value


def flat(data, axes):
    rows = [data]
    for _ in range(axes):
        rows = [item for row in rows for item in row]
    return rows


def shape(data, axes):
    lengths = []
    for _ in range(axes):
        lengths.append(len(data))
        if not data:
            break
        data = data[0]
    return tuple(lengths)


@each_family
def test_recorded_models(family, tmp_path):
    there, numbers = tmp_path / "there.json", 0
    for path in models(family):
        skiff.convert(path, there)
        whole = json.loads(there.read_bytes(), parse_constant=not_json)
        assert whole["skiff.json"] == 1 and whole["written_by"]
        check = Check()
        check.same(whole["model"], load(path), path.parent.name)
        numbers += check.numbers
    assert numbers > 100


def test_values(tmp_path):
    shared = [1, 2]
    value = {
        "single": [None, True, 0, -(10**40), 0.1, -0.0, 1e16, float("nan"), float("-inf"), "ü\ud800\"", b"\x00\xff"],
        "containers": [(), (1,), {1}, frozenset({"a"}), {}, {1: "a", (2,): "b"}, {"$": 1}, [[]]],
        "shared": [shared, shared, "x" * 100],
        "arrays": [
            np.array([0.1, -0.0, np.nan, np.inf, 5e-324]),
            np.array([0.1, 1e-45, -np.inf], dtype="f4"),
            np.array([0.1, 6e-8, np.nan], dtype="f2"),
            np.array([1, 3], dtype="g") / 3,
            np.array([True, False]),
            np.array([2**64 - 1], dtype="u8"),
            np.array([[1, -2], [3, 4]], dtype=">i2"),
            np.asfortranarray(np.arange(6.0).reshape(2, 3)),
            np.array(["a", "üb", ""]),
            np.array([b"a\xff"]),
            np.array([1 + 2j]),
            np.array(["2020-01-01", "NaT"], dtype="M8[D]"),
            np.array(3.5),
            np.zeros((0, 3)),
            np.zeros((2, 0, 3)),
            np.zeros(2, dtype="V3"),
            np.array([(1, 2.5, (3, 4))], dtype=[("a", "u1"), ("b", "f8"), ("c", "i2", (2,))]),
            np.array([["a", None], [1, [2]]], dtype=object),
        ],
        "numbers": [np.float64(0.1), np.int8(-3), np.bool_(True), np.str_("a")],
    }
    value["arrays"].append(value["arrays"][0])
    found = said(value, tmp_path)
    Check().same(found, value, "value")
    validator().validate(json.loads((tmp_path / "value.json").read_text()))
    skiff.convert(tmp_path / "value.json", tmp_path / "again.pkl")
    again = pickle.loads((tmp_path / "again.pkl").read_bytes())
    # numpy converts arrays to the native byte order on loading.
    Check().same(said(pickle.loads(pickle.dumps(value)), tmp_path), again, "again")
    assert again["arrays"][0] is again["arrays"][-1] and again["shared"][0] is again["shared"][1]


def test_cycles(tmp_path):
    value = {"a": []}
    value["a"].append(value)
    found = said(value, tmp_path)
    assert found == {"$": "dict", "id": found["id"], "items": [["a", [{"$": "ref", "id": found["id"]}]]]}


def test_a_model_can_be_computed_from_it(tmp_path):
    rows = np.random.default_rng(3).normal(size=(50, 4))
    model = LogisticRegression().fit(rows, rows[:, 0] + rows[:, 1] ** 2 > 0.5)
    found = said(model, tmp_path)
    assert found["class"] == "sklearn.linear_model._logistic.LogisticRegression"
    assert found["parameters"]["C"] == 1.0 and found["version"] == sklearn.__version__
    coef, intercept = (np.array(found["fitted"][name]["data"]) for name in ["coef_", "intercept_"])
    scores = rows @ coef.T + intercept
    assert (np.array(found["fitted"]["classes_"]["data"])[(scores[:, 0] > 0).astype(int)] == model.predict(rows)).all()


def test_a_tree_is_its_columns(tmp_path):
    rows = np.random.default_rng(3).normal(size=(50, 4))
    model = DecisionTreeClassifier().fit(rows, rows[:, 0] > rows[:, 1])
    tree = said(model, tmp_path)["fitted"]["tree_"]
    assert tree["arguments"][0] == 4
    columns = tree["attributes"]["nodes"]["columns"]
    assert columns["left_child"] == model.tree_.children_left.tolist()
    assert columns["threshold"] == model.tree_.threshold.tolist()
    assert tree["attributes"]["values"]["data"] == model.tree_.value.tolist()


def test_estimators_within_tell_where_they_are(tmp_path):
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(StandardScaler(), LogisticRegression()).fit([[0.0], [1.0]], [0, 1])
    paths = []

    def walk(value):
        if isinstance(value, dict):
            paths.extend([value["path"]] if "path" in value else [])
            collections.deque(map(walk, value.values()), 0)
        elif isinstance(value, list):
            collections.deque(map(walk, value), 0)

    walk(said(model, tmp_path))
    assert paths == ["steps[0][1]", "steps[1][1]"]


def validator():
    schema = json.loads((pathlib.Path(__file__).parents[2] / "docs" / "model.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@each_family
def test_recorded_models_come_back(family, tmp_path):
    there, valid = tmp_path / "there.json", validator()
    # All of them come back in the tests of the crate.
    for path in list(models(family))[::5]:
        skiff.convert(path, there)
        if there.stat().st_size < 20_000:
            valid.validate(json.loads(there.read_bytes()))
        if "birch" in path.parent.name:
            continue  # Which of its nodes is met first depends on the order of attributes.
        first, second = skiff.inspect(path), skiff.inspect(there)
        assert first["estimators"] == second["estimators"], path


def models_of_many_kinds():
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC

    random = np.random.default_rng(3)
    rows = random.normal(size=(60, 4)).astype(np.float32)
    labels = np.array(["no", "yes"])[(rows[:, 0] > 0).astype(int)]
    texts = [" ".join(random.choice(["red", "green", "blue", "gray"], size=5)) for _ in range(60)]
    yield make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, labels), rows
    yield RandomForestClassifier(5, random_state=0).fit(rows, labels), rows
    yield HistGradientBoostingClassifier(max_iter=5).fit(rows, labels), rows
    yield KNeighborsClassifier().fit(rows, labels), rows
    yield SVC(random_state=np.random.RandomState(1)).fit(rows, labels), rows
    yield make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, labels), texts


def test_models_answer_and_load_as_before(tmp_path):
    for model, rows in models_of_many_kinds():
        (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
        skiff.convert(tmp_path / "model.pkl", tmp_path / "model.json")
        assert skiff.scan(tmp_path / "model.json")["verdict"] == "model"
        opened, loaded = skiff.open(tmp_path / "model.json"), skiff.load(tmp_path / "model.json")
        own = skiff.open(tmp_path / "model.pkl")
        assert type(loaded) is type(model)
        for method in ("predict", "predict_proba", "decision_function"):
            if hasattr(model, method):
                expected = getattr(model, method)(rows)
                np.testing.assert_array_equal(getattr(loaded, method)(rows), expected)
                np.testing.assert_array_equal(getattr(opened, method)(rows), getattr(own, method)(rows))


def test_a_model_can_be_written_by_hand(tmp_path):
    model = {
        "$": "object",
        "class": "sklearn.linear_model._base.LinearRegression",
        "version": sklearn.__version__,
        "parameters": {"fit_intercept": True, "copy_X": True, "n_jobs": None, "positive": False, "tol": 1e-6},
        "fitted": {
            "n_features_in_": 2,
            "coef_": {"$": "array", "dtype": "float64", "shape": [2], "data": [2, -0.5]},
            "intercept_": 1.0,
        },
    }
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"skiff.json": 1, "model": model}))
    validator().validate(json.loads(path.read_text()))
    assert skiff.open(path).predict([[1.0, 2.0], [0.0, 4.0]]).tolist() == [2.0, -1.0]
    assert skiff.load(path).predict([[1.0, 2.0]]).tolist() == [2.0]
    model["fitted"]["coef_"]["data"] = [2, -0.5, 1]
    path.write_text(json.dumps({"skiff.json": 1, "model": model}))
    with pytest.raises(skiff.SkiffError, match=r"expected 2 elements, found 3 at `model.fitted.coef_.data`"):
        skiff.open(path)
    model["fitted"]["coef_"]["shape"] = [3]
    path.write_text(json.dumps({"skiff.json": 1, "model": model}))
    with pytest.raises(skiff.SkiffError, match="coef_"):
        skiff.open(path)


def test_what_json_names_is_judged(tmp_path):
    call = {"$": "call", "function": "os.system", "arguments": {"$": "tuple", "items": ["true"]}}
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"skiff.json": 1, "model": call}))
    assert skiff.scan(path)["verdict"] == "dangerous"
    with pytest.raises(skiff.SkiffError):
        skiff.load(path)
