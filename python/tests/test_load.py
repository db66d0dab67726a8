"""`skiff.load` makes the very estimator, and nothing that is not on the list or trusted."""

import functools
import io
import json
import mmap
import pathlib
import pickle
import struct
import subprocess
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from recorded import models
from same import same
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import skiff

ROOT = pathlib.Path(__file__).resolve().parents[2]


def table():
    rows = np.random.default_rng(5).normal(size=(60, 4))
    return rows, (rows[:, 0] > 0).astype(int)


class Thing:
    """Nothing that skiff knows."""

    def __init__(self, value):
        self.value = value

    def double(self, rows):
        return 2 * rows


def halved(rows):
    return rows / 2


def executed():
    raise AssertionError("code of the file was run")


def global_(module, name):
    """The opcodes that push a name."""
    return b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name)) + b"\x93"


def pickled(*opcodes):
    return b"\x80\x04" + b"".join(opcodes) + b"."


# What is loaded.


def test_sources_and_addresses(tmp_path):
    rows, labels = table()
    model = LogisticRegression().fit(rows, labels)
    path = tmp_path / "model.skiff"
    skiff.dump({"model": model, "rows": rows}, path)
    for source in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()), open(path, "rb")):
        same(skiff.load(source), {"model": model, "rows": rows})
    same(skiff.load(path, at="['model']"), model)
    with pytest.raises(skiff.WrongInputError, match="no `\\['other'\\]`|other"):
        skiff.load(path, at="['other']")
    with pytest.raises(skiff.MissingFileError):
        skiff.load(tmp_path / "absent.skiff")
    with pytest.raises(skiff.DamagedFileError):
        skiff.load(b"no model")


def test_arrays_alone(tmp_path):
    array = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    np.save(tmp_path / "a.npy", array)
    same(skiff.load(tmp_path / "a.npy"), array)
    np.savez(tmp_path / "a.npz", first=array, second=array[0].copy())
    same(skiff.load(tmp_path / "a.npz"), {"first": array, "second": array[0].copy()})


def test_arrays_of_all_kinds(tmp_path):
    random = np.random.default_rng(1)
    large = random.normal(size=(60, 50))
    readonly = large.copy()
    readonly.setflags(write=False)
    arrays = {
        "c": large,
        "f": np.asfortranarray(large),
        "again": large,
        "gaps": large[::2, ::3],
        "backwards": large[::-1],
        "axes": large.reshape(20, 3, 50).transpose(1, 0, 2),
        "readonly": readonly,
        "big": large.astype(">f8"),
        "half": large.astype("f2"),
        "complex": large + 1j,
        "text": large.astype("U20"),
        "bytes": large.astype("S8"),
        "objects": np.array([large, None, "a", [large]], dtype=object),
        "records": np.zeros(1000, dtype=[("a", "f4"), ("b", "i8"), ("c", "U3")]),
        "aligned": np.zeros(1000, dtype=np.dtype([("a", "u1"), ("b", "f8")], align=True)),
        "moments": np.arange(2000).astype("M8[s]"),
        "spans": np.arange(2000).astype("m8[ms]"),
        "empty": np.zeros((0, 5)),
        "scalar": np.array(1.5),
        "nan": np.frombuffer(struct.pack("<Q", 0x7FF8_0000_DEAD_BEEF) * 1000),
        "bools": large > 0,
        "number": np.float32(1.5),
        "masked": np.ma.masked_array(large, large > 0),
        "matrix": np.matrix(large),
        "random": np.random.RandomState(3),
        "generator": np.random.default_rng(3),
    }
    for name in ("m.skiff", "m.pkl", "m.joblib"):
        skiff.dump(arrays, tmp_path / name)
        # What pickle makes of it: gaps are closed there, too.
        same(skiff.load(tmp_path / name), pickle.loads(pickle.dumps(arrays, 5)), name)


def unusual_arrays():
    objects = np.array([["a", 1], [None, 2.5], ["b", (1, 2)]], dtype=object)
    yield "objects", objects
    yield "objects in columns", np.asfortranarray(objects)
    yield "matrix", np.matrix([[1.0, 2.0]])
    yield "records", np.array([(1, 2.5), (3, 4.5)], dtype=[("a", "i4"), ("b", "f8")])
    yield "aligned records", np.zeros(2, dtype=np.dtype([("a", "i1"), ("b", "f8")], align=True))
    yield "nested records", np.zeros(2, dtype=[("a", [("x", "i2"), ("y", ">f4", (2, 3))])])
    yield "titles", np.zeros(2, dtype=[(("title", "a"), "i4")])
    yield "objects in records", np.array([(1, "x")], dtype=[("a", "i4"), ("b", object)])
    yield "big-endian", np.arange(3, dtype=">i4")
    yield "masked", np.ma.array([1.0, 2.0], mask=[0, 1])


@pytest.mark.parametrize(("name", "array"), list(unusual_arrays()), ids=[name for name, _ in unusual_arrays()])
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_arrays_that_are_called_anew(name, array, protocol):
    data = pickle.dumps({"one": array, "again": array}, protocol)
    theirs, ours = pickle.loads(data)["one"], skiff.load(data)
    one = ours["one"]
    assert ours["again"] is one
    assert type(one) is type(theirs) and repr(one) == repr(theirs)
    assert one.dtype == theirs.dtype and one.dtype.flags == theirs.dtype.flags
    assert one.dtype.isalignedstruct == theirs.dtype.isalignedstruct and one.dtype.fields == theirs.dtype.fields
    assert one.shape == theirs.shape and one.flags.f_contiguous == theirs.flags.f_contiguous


def test_arrays_that_were_mapped(tmp_path):
    rows, labels = table()
    joblib.dump(LogisticRegression().fit(rows, labels), tmp_path / "m.joblib")
    mapped = joblib.load(tmp_path / "m.joblib", mmap_mode="r")
    assert isinstance(mapped.coef_, np.memmap)
    skiff.dump(mapped, tmp_path / "m.skiff")
    assert type(skiff.load(tmp_path / "m.skiff").coef_) is np.ndarray


def test_names_of_columns_that_pandas_keeps(tmp_path):
    # What `select_dtypes(…).columns` gives: an index, of pyarrow's text since pandas 3.
    flats = pd.DataFrame({"rooms": [1, 2, 5, 4], "size": [1.0, 2.0, 3.0, 4.0], "city": ["Oslo", "Rome", "Oslo", "Rome"]})
    numbers = flats.select_dtypes("number").columns
    columns = ColumnTransformer([("n", StandardScaler(), numbers), ("c", OneHotEncoder(), flats.columns.drop(numbers))])
    model = make_pipeline(columns, LogisticRegression()).fit(flats, pd.Series(["a", "b", "a", "b"]))
    for name in ("m.skiff", "m.pkl", "m.joblib"):
        skiff.dump(model, tmp_path / name)
        same(skiff.load(tmp_path / name), model)
        assert np.array_equal(skiff.open(tmp_path / name).predict_proba(flats), model.predict_proba(flats))


def test_what_models_hold_of_pandas():
    texts = ["some", None, "text", ""]
    things = [
        pd.Index(texts),
        pd.Index(texts)[1:],
        pd.Index([]),
        pd.Index(np.array(texts, dtype=object)),
        pd.Index([1, 2, 3]),
        pd.RangeIndex(2, 10, 3),
        pd.Series(texts),
        pd.Series([1.5, 2.5]),
        pd.Series(texts, dtype=pd.StringDtype("python")),
        pd.CategoricalDtype(["a", "b"]),
        pd.Series(pd.Categorical([1, 2, 1])),
        pd.NA,
    ]
    for thing in things:
        for protocol in (2, 3, 4, 5):
            same(skiff.load(pickle.dumps(thing, protocol)), pickle.loads(pickle.dumps(thing, protocol)))


def test_arrow_that_lies_is_not_made():
    content = pickle.dumps(pd.Index(["some", None, "text"]), 5)
    if b"_restore_array" not in content:
        pytest.skip("this pandas keeps text elsewhere")
    offsets = np.array([0, 4, 4, 8], dtype="<i8").tobytes()
    assert offsets in content
    same(skiff.load(content), pickle.loads(content))
    for wrong in ([0, 4, 4, 9], [0, 4, 2, 8], [0, -4, 4, 8], [1 << 40] * 4, [0, 4, 4, 1 << 62]):
        with pytest.raises(skiff.DamagedFileError, match="contradicts itself"):
            skiff.load(content.replace(offsets, np.array(wrong, dtype="<i8").tobytes()))
    # Length, nulls and the first element.
    numbers = b"K\x03K\x01K\x00"
    assert numbers in content
    for wrong in (b"K\x04K\x01K\x00", b"K\x03K\x02K\x00", b"K\x03K\x01K\x01", b"K\xffK\x01K\x00"):
        with pytest.raises(skiff.DamagedFileError, match="contradicts itself"):
            skiff.load(content.replace(numbers, wrong))
    with pytest.raises(skiff.SkiffError):
        skiff.load(content.replace(b"large_string", b"large_binary"))
    with pytest.raises(skiff.DamagedFileError, match="contradicts itself"):
        skiff.load(content.replace(b"sometext", b"some\xff\xff\xff\xff"))


# Maps.


def owner(array):
    """What an array's memory belongs to in the end."""
    while True:
        array = array.obj if isinstance(array, memoryview) else array.base
        if not isinstance(array, (np.ndarray, memoryview)):
            return array


def test_large_arrays_of_a_skiff_are_mapped(tmp_path):
    path = tmp_path / "model.skiff"
    # Of which nothing is narrower than it is.
    weights = np.random.default_rng(2).normal(size=(64, 1 << 15))
    skiff.dump({"weights": weights, "few": weights[0, :10].copy()}, path)
    before = path.read_bytes()
    loaded = skiff.load(path)
    array = loaded["weights"]
    assert isinstance(owner(array), mmap.mmap)
    assert array.flags.writeable and array.flags.aligned
    resident = mapped_memory(path)
    assert resident is None or resident < weights.nbytes // 8
    assert np.array_equal(array, weights)
    array[:] = 0
    assert path.read_bytes() == before
    same(skiff.load(path)["weights"], weights)
    # The map outlives the name.
    skiff.dump({"weights": 1}, path)
    assert not array.any() and skiff.load(path) == {"weights": 1}


def mapped_memory(path):
    """Bytes of the file's maps that are in this process's memory; `None` where the system does not tell."""
    try:
        lines = pathlib.Path("/proc/self/smaps").read_text().splitlines()
    except OSError:
        return None
    found = [place for place, line in enumerate(lines) if line.endswith(str(path))]
    sizes = [next(line for line in lines[place:] if line.startswith("Rss:")) for place in found]
    return sum(1024 * int(line.split()[1]) for line in sizes)


def test_other_files_are_not_mapped(tmp_path):
    # `joblib.dump` writes into the file that is there.
    weights = np.random.default_rng(2).normal(size=100_000)
    for name in ("m.joblib", "m.pkl"):
        skiff.dump(weights, tmp_path / name)
        array = skiff.load(tmp_path / name)
        assert not isinstance(owner(array), mmap.mmap) and array.flags.writeable
    skiff.dump(weights, tmp_path / "m.skiff")
    assert not isinstance(owner(skiff.load((tmp_path / "m.skiff").read_bytes())), mmap.mmap)


# Trust.


def test_strangers_are_named_and_may_be_trusted(tmp_path):
    path = tmp_path / "model.pkl"
    rows, _ = table()
    here = __name__
    model = make_pipeline(StandardScaler(), FunctionTransformer(halved)).fit(rows)
    skiff.dump([model, Thing(3)], path)
    with pytest.raises(skiff.UntrustedFileError) as refused:
        skiff.load(path)
    assert f"`{here}.halved`" in str(refused.value) or f"`{here}.Thing`" in str(refused.value)
    assert f'"{here}.Thing"' in refused.value.help and f'"{here}.halved"' in refused.value.help
    assert refused.value.model_path == "[0].steps[1][1].func"
    with pytest.raises(skiff.UntrustedFileError, match=f"`{here}.Thing`"):
        skiff.load(path, trusted=[halved])
    for trusted in ([halved, Thing], [f"{here}.halved", f"{here}.Thing"], [f"{here}.*"]):
        loaded, thing = skiff.load(path, trusted=trusted)
        assert np.array_equal(loaded.transform(rows), model.transform(rows))
        assert type(thing) is Thing and thing.value == 3


def test_what_holds_what_is_trusted(tmp_path):
    rows, _ = table()
    things = [functools.partial(halved, rows=rows), Thing(1).double, Thing]
    skiff.dump(things, tmp_path / "m.pkl")
    partial, method, thing = skiff.load(tmp_path / "m.pkl", trusted=[f"{__name__}.*"])
    assert np.array_equal(partial(), rows / 2) and np.array_equal(method(rows), 2 * rows) and thing is Thing


def test_names_to_trust_are_whole(tmp_path):
    skiff.dump(Thing(3), tmp_path / "m.pkl")
    for trusted in (["*"], ["Thing"], [".Thing"], [f"{__name__}.*.Thing"], ["a b.c"], [""]):
        with pytest.raises(skiff.WrongInputError, match="to trust"):
            skiff.load(tmp_path / "m.pkl", trusted=trusted)
    for trusted in (f"{__name__}.Thing", [3], None):
        with pytest.raises(TypeError, match="to trust"):
            skiff.load(tmp_path / "m.pkl", trusted=trusted)
    for trusted in ([f"{__name__}.Thin"], [f"{__name__}x.*"], [f"{__name__}.Thing.Inner"]):
        with pytest.raises(skiff.UntrustedFileError):
            skiff.load(tmp_path / "m.pkl", trusted=trusted)


def test_a_package_is_trusted_with_what_it_defines():
    here = __name__
    for name in ("pathlib", "pathlib.Path", "joblib", "subprocess.Popen", "sys.modules", "np.load"):
        with pytest.raises(skiff.UntrustedFileError):
            skiff.load(pickled(global_(here, name)), trusted=[f"{here}.*"])
    assert skiff.load(pickled(global_(here, "Thing")), trusted=[f"{here}.*"]) is Thing
    # What is known to be dangerous has to be named itself.
    with pytest.raises(skiff.UntrustedFileError, match="`os.system`"):
        skiff.load(pickled(global_("os", "system")), trusted=["os.*"])


def test_walks_by_attributes_are_refused():
    here = __name__
    walk = global_("builtins", "getattr") + global_(here, "Thing") + b"\x8c\x08__init__\x86R"
    globals_ = global_("builtins", "getattr") + walk + b"\x8c\x0b__globals__\x86R"
    for opcodes in (
        walk,
        globals_,
        global_("builtins", "getattr") + global_("sklearn.base", "BaseEstimator") + b"\x8c\x06__dict\x86R",
        global_("operator", "attrgetter") + b"\x8c\x06system\x85R",
        global_("sklearn.base", "BaseEstimator.__init__"),
        global_("sklearn.base", "os.system"),
        global_("numpy", "core.os.system"),
        global_("numpy._core.numeric", "_frombuffer.__globals__"),
    ):
        with pytest.raises(skiff.UntrustedFileError):
            skiff.load(pickled(opcodes), trusted=[f"{here}.*"])


def test_no_attack_is_loaded():
    attacks = [path for path in sorted((ROOT / "attacks").iterdir()) if path.name not in ("make.py", "README.md", "index.json", ".gitattributes")]
    assert len(attacks) > 300
    ran = []
    watching = True

    def watch(event, arguments):
        if watching and event.split(".")[0] in ("os", "subprocess", "exec", "import", "socket", "shutil", "ctypes", "code"):
            if event != "import" and event not in ("os.listdir", "os.scandir"):
                ran.append((event, arguments))

    sys.addaudithook(watch)
    try:
        for path in attacks:
            modules = set(sys.modules)
            with pytest.raises(skiff.SkiffError):
                skiff.load(path)
            assert set(sys.modules) == modules, f"{path.name} had something imported"
    finally:
        watching = False
    assert not ran


def test_a_file_cannot_trust_itself(tmp_path):
    # Neither beside the object, nor in the metadata.
    skiff.dump({"trusted": [f"{__name__}.Thing"], "thing": Thing(3)}, tmp_path / "m.skiff")
    with pytest.raises(skiff.UntrustedFileError):
        skiff.load(tmp_path / "m.skiff")


# Damage.


def test_trees_that_lie_are_not_made():
    rows, labels = table()
    tree = DecisionTreeClassifier().fit(rows, labels)
    members = AdaBoostClassifier(tree, n_estimators=2).fit(rows, labels)
    for model in (tree, RandomForestClassifier(3).fit(rows, labels), members, [tree], {"a": {"b": tree}}):
        assert skiff.load(dumped(model)) is not None
        lies = dumped(model).replace(*child_of(model))
        # Nobody's word makes numbers better.
        for trusted in ([], ["sklearn.*", "sklearn.tree._tree.Tree"]):
            with pytest.raises(skiff.DamagedFileError, match="no node 1099511627776") as refused:
                skiff.load(lies, trusted=trusted)
            assert refused.value.help is None or "trusted" not in refused.value.help


def dumped(model):
    out = io.BytesIO()
    skiff.dump(model, out, format="pickle")
    return out.getvalue()


def child_of(model):
    """The bytes of a node whose left child is 1, and the same with a child that no tree has."""
    while not hasattr(model, "tree_"):
        model = getattr(model, "estimators_", None) or (model if isinstance(model, list) else list(model.values()))
        model = model[-1]
    node = model.tree_.__getstate__()["nodes"][0].tobytes()
    assert node[:8] == struct.pack("<q", 1)
    return node, struct.pack("<q", 1 << 40) + node[8:]


# Versions.


def caught(path):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        skiff.load(path, migrate=False)
    return [warning for warning in found if issubclass(warning.category, InconsistentVersionWarning)]


def test_another_version_is_told_once():
    pipelines = [path for path in models("pipeline", version="1.5.2") if loads(path)]
    assert pipelines
    for path in pipelines:
        (warning,) = caught(path)
        assert warning.message.original_sklearn_version == "1.5.2"
        assert warning.message.current_sklearn_version == sklearn.__version__
        assert warning.filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        with pytest.raises(InconsistentVersionWarning):
            skiff.load(pipelines[0], migrate=False)


def loads(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            skiff.load(path, migrate=False)
        except skiff.NotSupportedError:
            return False
    return True


def test_another_version_is_told_for_what_lies_within(tmp_path):
    rows, labels = table()
    inner = DecisionTreeClassifier().fit(rows, labels)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, labels)
    skiff.dump([Thing(model), inner], tmp_path / "m.pkl", protocol=2)
    content = (tmp_path / "m.pkl").read_bytes()
    version = sklearn.__version__.encode()
    assert len(version) == 5
    (tmp_path / "m.pkl").write_bytes(content.replace(version, b"1.8.9"))
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        skiff.load(tmp_path / "m.pkl", trusted=[Thing], migrate=False)
    assert [type(warning.message) for warning in found] == [InconsistentVersionWarning]
    (tmp_path / "m.pkl").write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        skiff.load(tmp_path / "m.pkl", trusted=[Thing])


def test_classes_of_another_version_are_named():
    refused = [path for path in models("linear_model", version="1.5.2") if not loads(path)]
    assert refused
    for path in refused:
        with pytest.raises(skiff.NotSupportedError) as error:
            skiff.load(path, migrate=False)
        assert "1.5.2" in str(error.value) and sklearn.__version__ in str(error.value)
        assert "`sklearn." in str(error.value)


# Threads and processes.


def test_loading_needs_no_scikit_learn_for_arrays(tmp_path):
    skiff.dump({"a": np.arange(5000)}, tmp_path / "m.skiff")
    script = "import sys, skiff; skiff.load(sys.argv[1]); assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", script, tmp_path / "m.skiff"], check=True)


def test_limits(tmp_path):
    skiff.dump(list(range(5000)), tmp_path / "m.pkl")
    with pytest.raises(skiff.LimitExceededError):
        skiff.load(tmp_path / "m.pkl", limits=skiff.Limits(nodes=100))


def test_errors_are_pickled(tmp_path):
    with pytest.raises(skiff.UntrustedFileError) as refused:
        skiff.load(pickled(global_("os", "system")))
    again = pickle.loads(pickle.dumps(refused.value))
    assert type(again) is skiff.UntrustedFileError and json.dumps([again.code, again.help])


#: What Python 2.7 pickled of `GaussianNB` and `CountVectorizer` of scikit-learn 0.20, whose modules kept their names: byte
#: strings for the elements of arrays and for text.
PYTHON_2 = pathlib.Path(__file__).parent / "data" / "python2"


@pytest.mark.parametrize("name", sorted(path.name for path in PYTHON_2.iterdir()))
@pytest.mark.filterwarnings("ignore")
def test_files_of_python_2_are_loaded(name):
    path = PYTHON_2 / name
    loaded = skiff.load(path, migrate=False)
    with open(path, "rb") as file:
        expected = pickle.load(file, encoding="latin1") if path.suffix == ".pkl" else joblib.load(path)
    assert loaded.__dict__.keys() == expected.__dict__.keys()
    for key, value in expected.__dict__.items():
        found = loaded.__dict__[key]
        assert type(found) is type(value), key
        np.testing.assert_array_equal(found, value, err_msg=key)
