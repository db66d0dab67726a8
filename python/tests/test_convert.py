"""Models fitted here and now, converted through every kind of file and back: Python loads them, equal in every attribute."""

import hashlib
import json
import pickle

import joblib
import numpy as np
import pyarrow
import pytest
from recorded import load
from safetensors import safe_open
from same import same
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectFromModel
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import SVC

DTYPES = {
    "BOOL": np.bool_,
    **{f"{kind.upper()}{8 * size}": np.dtype(f"<{kind}{size}") for kind in "iuf" for size in (1, 2, 4, 8) if kind + str(size) != "f1"},
}
CODECS = ["zlib", "zlib:9", "gzip:1", "bz2:9", "xz", "xz:0", "lzma:6", "lz4"]
FORMATS = [
    ("skiff",),
    ("pkl", "--protocol", 2),
    ("pkl", "--protocol", 3),
    ("pkl", "--protocol", 4),
    ("pkl", "--protocol", 5),
    ("joblib", "--protocol", 3),
    ("joblib", "--protocol", 5),
    *[("joblib", "--compress", codec) for codec in CODECS],
]


def tables():
    random = np.random.default_rng(7)
    rows = random.normal(size=(120, 5))
    return rows, (rows[:, 0] + rows[:, 1] ** 2 > 0.5).astype(int), np.array(["no", "yes", "maybe"])[np.arange(120) % 3]


def models():
    rows, labels, words = tables()
    texts = [" ".join(f"w{int(value * 3)}" for value in row) for row in rows]
    searched = GridSearchCV(SVC(), {"C": [0.5, 2.0]}, cv=2).fit(rows, labels)
    mixed = make_column_transformer(
        (StandardScaler(), slice(0, 2)), (OneHotEncoder(handle_unknown="ignore"), [4]), (FunctionTransformer(np.abs), [3])
    )
    table = rows.copy()
    table[:, 4] = np.round(table[:, 4])
    return {
        "logistic": (LogisticRegression().fit(rows, words), rows),
        "forest": (RandomForestClassifier(7, random_state=np.random.RandomState(3)).fit(rows, words), rows),
        "boosting": (GradientBoostingClassifier(n_estimators=5, random_state=1).fit(rows, words), rows),
        "histogram": (HistGradientBoostingRegressor(max_iter=5).fit(rows, rows[:, 2]), rows),
        "neighbours": (KNeighborsClassifier(algorithm="kd_tree").fit(rows, words), rows),
        "words": (make_pipeline(TfidfVectorizer(), SVC()).fit(texts, labels), texts),
        "searched": (searched, rows),
        "mixed": (make_pipeline(mixed, SVC()).fit(table, labels), table),
        "wide": (LogisticRegression().fit(np.tile(rows, 8), words), np.tile(rows, 8)),
        "fortran": (LogisticRegression().fit(np.asfortranarray(rows, dtype=np.float32), labels), rows),
    }


MODELS = models()


def written(model, folder, kind):
    path = folder / f"first.{kind}"
    if kind == "joblib":
        joblib.dump(model, path)
    else:
        path.write_bytes(pickle.dumps(model, protocol=5))
    return path


@pytest.mark.parametrize("kind", ["pkl", "joblib"])
@pytest.mark.parametrize("name", MODELS)
def test_every_format_and_back(skiff, name, kind):
    model, rows = MODELS[name]
    first = written(model, skiff.folder, kind)
    # What Python makes of its own file: joblib does not keep what arrays share.
    model = load(first)
    expected = model.predict(rows)
    for number, (extension, *options) in enumerate(FORMATS):
        there = skiff.folder / f"{number}.{extension}"
        back = skiff.folder / f"{number}-back.{kind}"
        skiff.run("convert", first, there, *options)
        skiff.run("convert", there, back)
        for path in (back,) if extension == "skiff" else (there, back):
            loaded = load(path)
            same(model, loaded)
            assert loaded.predict(rows).tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", MODELS)
def test_on_and_on(skiff, name):
    model, _ = MODELS[name]
    path = written(model, skiff.folder, "pkl")
    for number, extension in enumerate(["joblib", "skiff", "pkl", "skiff", "joblib", "pkl"]):
        following = skiff.folder / f"{number}.{extension}"
        options = [] if extension == "skiff" else ["--protocol", 2 + number % 4]
        skiff.run("convert", path, following, *options)
        path = following
    same(load(written(model, skiff.folder, "pkl")), load(path))


def test_what_is_shared_stays_shared(skiff):
    array = np.arange(1000.0)
    objects = np.array([array, None], dtype=object)
    fortran = np.asfortranarray(np.arange(12, dtype=">i4").reshape(3, 4))
    locked = np.arange(5)
    locked.flags.writeable = False
    value = {"one": array, "two": array, "objects": objects, "all": [objects, fortran, locked], "empty": np.zeros((0, 3))}
    value["itself"] = value
    for extension, *options in FORMATS:
        first, then = skiff.folder / "first.pkl", skiff.folder / f"then.{extension}"
        first.write_bytes(pickle.dumps(value, protocol=5))
        skiff.run("convert", first, then, *options, "--force")
        if extension == "skiff":
            skiff.run("convert", then, skiff.folder / "then.pkl", "--protocol", 5, "--force")
            then = skiff.folder / "then.pkl"
        loaded = load(then)
        assert loaded["one"] is loaded["two"] is loaded["objects"][0]
        assert loaded["itself"] is loaded
        same(value, loaded)


def test_joblib_maps_what_was_converted(skiff):
    model, rows = MODELS["forest"]
    path = skiff.folder / "mapped.joblib"
    skiff.run("convert", written(model, skiff.folder, "pkl"), path)
    mapped = joblib.load(path, mmap_mode="r")
    assert isinstance(mapped.classes_, np.memmap)
    assert (mapped.predict(rows) == model.predict(rows)).all()


@pytest.mark.parametrize("compress", [[], ["--compress", "zstd"]], ids=["plain", "zstd"])
@pytest.mark.parametrize("name", MODELS)
def test_a_skiff_is_safetensors(skiff, name, compress):
    model, rows = MODELS[name]
    path = skiff.folder / "model.skiff"
    skiff.run("convert", written(model, skiff.folder, "joblib"), path, *compress)
    assert "verified" in skiff.run("verify", path)
    with safe_open(path, framework="np") as file:
        names = set(file.keys())
        assert {"skiff.graph", "skiff.arrays"} <= names
        # Nodes of trees are derived from their leaves since version 2.
        assert file.metadata()["skiff.version"] == ("2" if compress and name in ("forest", "boosting") else "1")
        assert file.metadata().get("skiff.profile") == ("zstd" if compress else None)
        if name == "forest":
            assert file.get_tensor("estimators_.0-6.tree_.nodes.feature").size > 0
        if name == "wide" and not compress:
            # In Fortran order, and so shown transposed.
            assert (file.get_tensor("coef_").T == model.coef_).all()
    # As in `docs/format.md`: a few lines of Python read it.
    same(load(skiff.folder / "first.joblib"), read_skiff(path))


def read_skiff(path):
    """The reader of `docs/format.md`, in Python."""
    whole = path.read_bytes()
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    head = 8 + int.from_bytes(whole[:8], "little") + int(metadata["skiff.head_size"])
    hashed = whole[:41] + b"0" * 64 + whole[105:head]
    assert whole[41:105].decode() == hashlib.sha256(hashed).hexdigest()
    pieces = [whole[start : start + (1 << 20)] for start in range(head, len(whole), 1 << 20)]
    digests = tensors["skiff.digests"].tobytes() if pieces else b""
    assert digests == b"".join(hashlib.sha256(piece).digest() for piece in pieces)

    size = metadata.get("skiff.arrays_size")
    said = json.loads(tensors["skiff.arrays"].tobytes() if size is None else frames(tensors["skiff.arrays"], int(size)))
    for name, coded in said.get("coded", {}).items():
        tensors[name] = decompressed(tensors[name], coded)
    groups = [(bytes if group.get("readonly") else bytearray, iter(arrays_of(group, tensors))) for group in said.get("groups", [])]
    buffers, counted = [], {}
    for array in said["arrays"]:
        if isinstance(array, int):
            kind, members = groups[array]
            buffers.append(kind(next(members).tobytes()))
        elif isinstance(array, dict) and "counts" in array:
            if array["counts"] not in counted:
                counted[array["counts"]] = iter(values_of(said["groups"][array["counts"]], tensors))
            kind = bytes if array.get("readonly") else bytearray
            buffers.append(kind(next(counted[array["counts"]]).tobytes()))
        elif isinstance(array, str):
            buffers.append(bytearray(tensors[array].tobytes()))
        else:
            assert array["readonly"]
            buffers.append(tensors[array["tensor"]].tobytes())
    return pickle.loads(tensors["skiff.graph"].tobytes(), buffers=buffers)


def decompressed(tensor, coded):
    dtype, shuffle = np.dtype(DTYPES[coded["dtype"]]), coded["shuffle"]
    count = int(np.prod(coded["shape"])) * dtype.itemsize // shuffle
    nonzeros, mask = coded.get("nonzeros", count), np.ones(count, bool)
    head = -(-count // 8) if "nonzeros" in coded else 0
    out = np.frombuffer(frames(tensor, head + nonzeros * shuffle), np.uint8)
    if head:
        mask = np.unpackbits(out[:head], count=count, bitorder="little").astype(bool)
    numbers = np.zeros((count, shuffle), np.uint8)
    numbers[mask] = out[head:].reshape(shuffle, -1).T
    return np.frombuffer(numbers.tobytes(), dtype).reshape(coded["shape"])


def frames(tensor, size):
    return pyarrow.decompress(tensor.tobytes(), decompressed_size=size, codec="zstd", asbytes=True)


def arrays_of(group, tensors):
    """The elements of each array of a group, as bytes."""
    starts = np.cumsum([0, *group["lengths"]])
    elements = np.zeros((starts[-1], group["itemsize"]), np.uint8)
    for column in group["columns"]:
        if "derived" in column:
            continue
        of = DTYPES.get(column["type"], np.uint8)
        if "constant" in column:
            constant = np.frombuffer(bytes.fromhex(column["constant"]), of)
            values = np.broadcast_to(constant, (starts[-1], len(constant)))
        else:
            values = tensors[column["tensor"]]
        tables = np.cumsum([0, *column.get("tables", [])])
        parts = []
        for number, (start, end) in enumerate(zip(starts, starts[1:])):
            part = values[start:end]
            if column.get("relative"):
                part = part.astype(of)
                part = np.where(part > 0, part + np.arange(end - start).astype(of), part - 1)
            if "table" in column:
                table = tensors[column["table"]][tables[number] : tables[number + 1]]
                if "under" in column:
                    table = table / tensors[column["under"]][tables[number] : tables[number + 1]].astype(float)
                if column.get("fresh"):
                    part = np.where(part == 0, np.cumsum(part == 0) - 1, part.astype(int) - 1)
                part = table[part]
            parts.append(part)
        values = np.concatenate(parts).reshape(starts[-1], -1).astype(of)
        values = np.ascontiguousarray(values).view(np.uint8)
        elements[:, column["at"] : column["at"] + values.shape[1]] = values
    arrays = [elements[start:end] for start, end in zip(starts, starts[1:])]
    if "tree" in group:
        leaves = np.cumsum([0, *group["tree"]["leaves"]])
        for nodes, start, end in zip(arrays, leaves, leaves[1:]):
            derive(group, nodes, slice(start, end), tensors)
    return arrays


def field(group, nodes, at):
    """The column of a tree's nodes at an offset, which can be written to."""
    column = next(column for column in group["columns"] if column["at"] == at)
    of = np.dtype(DTYPES[column["type"]])
    return np.ndarray(len(nodes), of, nodes, at, (group["itemsize"],)), of


def summed(left, right, of_leaves, dtype):
    """The numbers of leaves for the leaves, and for the other nodes the sums of both children's."""
    sums = np.zeros((len(left), *of_leaves.shape[1:]), dtype)
    sums[left == -1] = of_leaves
    for node in range(len(left))[::-1]:
        if left[node] != -1:
            sums[node] = sums[left[node]] + sums[right[node]]
    return sums


def derive(group, nodes, leaves, tensors):
    """Fills in the columns that follow from the leaves."""
    tree = group["tree"]
    left, right = field(group, nodes, tree["left"])[0], field(group, nodes, tree["right"])[0]
    order = {"right": 0, "sum": 1, "count": 2, "gini": 3}
    derived = sorted((column for column in group["columns"] if "derived" in column), key=lambda column: order[column["derived"]])
    for column in derived:
        values, of = field(group, nodes, column["at"])
        if column["derived"] == "right":
            after = np.arange(1, len(nodes) + 1)
            for node in range(len(nodes))[::-1]:
                values[node] = -1 if left[node] == -1 else after[left[node]]
                after[node] = node + 1 if left[node] == -1 else after[values[node]]
        elif column["derived"] == "sum":
            values[:] = summed(left, right, tensors[column["tensor"]][leaves].astype(of), of)
        else:
            counts, outputs = counts_of(group, nodes, leaves, tensors), tree["outputs"]
            if column["derived"] == "count":
                values[:] = counts[:, : tree["width"] // outputs].sum(axis=1)
            else:
                weight = field(group, nodes, tree["weight"])[0]
                impurity = np.zeros(len(nodes))
                for of_output in np.split(counts.astype(float), outputs, axis=1):
                    squares = np.zeros(len(nodes))
                    for of_class in of_output.T:
                        squares = squares + of_class * of_class
                    impurity = impurity + (1 - squares / (weight * weight))
                values[:] = impurity / outputs


def counts_of(group, nodes, leaves, tensors):
    tree = group["tree"]
    left, right = field(group, nodes, tree["left"])[0], field(group, nodes, tree["right"])[0]
    return summed(left, right, tensors[tree["counts"]].reshape(-1, tree["width"])[leaves].astype(np.int64), np.int64)


def values_of(group, tensors):
    """The values of the nodes of each tree of a group."""
    leaves = np.cumsum([0, *group["tree"]["leaves"]])
    for nodes, start, end in zip(arrays_of(group, tensors), leaves, leaves[1:]):
        values = counts_of(group, nodes, slice(start, end), tensors).astype(float)
        if group["tree"]["fractions"]:
            values = values / field(group, nodes, group["tree"]["weight"])[0][:, None]
        yield values


def test_what_cannot_be_is_refused(skiff):
    first = written(MODELS["logistic"][0], skiff.folder, "pkl")
    out = skiff.folder / "model.h5"
    assert "`.joblib`" in skiff.fails("convert", first, out)
    assert not out.exists()
    assert "compressed" in skiff.fails("convert", first, skiff.folder / "model.pkl", "--compress", "zlib")
    assert "protocol" in skiff.fails("convert", first, skiff.folder / "model.pkl", "--protocol", 1)
    assert "level" in skiff.fails("convert", first, skiff.folder / "model.joblib", "--compress", "lz4:3")


X = np.array([[0.0, 3.0], [1.0, 1.0], [2.0, 2.0], [3.0, 1.0], [4.0, 0.0]])


@pytest.mark.parametrize(
    "version, parameter, estimator",
    [
        ("1.7", "handle_missing", SplineTransformer(n_knots=3, handle_missing="zeros")),
        ("1.1", "sparse_output", SplineTransformer(n_knots=3, sparse_output=True)),
        ("1.1", "keep_empty_features", KNNImputer(keep_empty_features=True)),
        ("0.23", "dtype", KBinsDiscretizer(2, dtype=np.float32, quantile_method="averaged_inverted_cdf")),
        ("0.23", "handle_unknown", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
        ("0.21", "break_ties", SVC(break_ties=True)),
        ("0.23", "importance_getter", SelectFromModel(Ridge(), importance_getter="coef_")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_answers_ask_for_is_not_dropped(version, parameter, estimator, skiff):
    joblib.dump(estimator.fit(X, [0, 1, 2, 1, 0]), skiff.folder / "model.joblib")
    error = skiff.fails("convert", skiff.folder / "model.joblib", skiff.folder / "old.joblib", "--for", f"scikit-learn=={version}")
    assert type(estimator).__name__ in error and f"no parameter `{parameter}`" in error
