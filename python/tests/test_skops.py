"""`.skops` written by skiff: skops itself loads it, equal to what was written."""

import collections
import datetime
import decimal
import functools
import io
import operator
import pickle
import zipfile

import numpy as np
import pytest
import scipy.sparse
import skops.io
import sklearn
from recorded import MADE_ANEW_BY_SKOPS, by_skops, each_family, load, models
from same import same
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Bunch

import skiff

#: What skops does not bring back of its own files either, and what skiff says of it.
REFUSED = {
    **{name: "cannot represent a value that contains itself" for name in ("birch", "birch_all", "birch_frame", "birch_lattice", "birch_tenths", "birch_tenths_float32")},
    "cousin_SGDRegressor_sparsify": "a sparse array of 1 axes cannot be loaded",
    "random_distributions": "cannot represent a value that contains itself",
}


def written(value, folder):
    first, then = folder / "value.pkl", folder / "value.skops"
    first.write_bytes(pickle.dumps(value, protocol=5))
    skiff.convert(first, then)
    return then


def back(value, folder):
    """By way of a `.skops`: as skops loads it, and as pickle does once skiff has read it."""
    path = written(value, folder)
    skiff.convert(path, folder / "back.pkl")
    return load(path), load(folder / "back.pkl")


@each_family
def test_recorded_models(family, tmp_path):
    there, again = tmp_path / "there.skops", tmp_path / "again.joblib"
    for path in models(family):
        name = path.parent.name
        model = load(path)
        if name in REFUSED:
            with pytest.raises(skiff.NotSupportedError, match=REFUSED[name]):
                skiff.convert(path, there)
            with pytest.raises((ValueError, TypeError, RecursionError)):
                by_skops(model)
            continue
        skiff.convert(path, there)
        loaded = load(there)
        # scipy narrows the indices of a sparse matrix on loading, whoever wrote it.
        is_made_anew = name in MADE_ANEW_BY_SKOPS
        same(by_skops(model) if holds_sparse(model) or is_made_anew else model, loaded, f"{name}:")
        skiff.convert(there, again)
        read = by_skops(load(again)) if is_made_anew else load(again)
        same(sparse_as_scipy_loads_it(read) if holds_sparse(model) else read, loaded, f"{name}, read again:")


def holds_sparse(model):
    return any(scipy.sparse.issparse(value) for part in parts(model) for value in getattr(part, "__dict__", {}).values())


def parts(model):
    """The estimators of a recorded file, which holds one, or several by their names."""
    return model.values() if isinstance(model, collections.OrderedDict) else [model]


def sparse_as_scipy_loads_it(model):
    loaded = {}
    for part in parts(model):
        for name, value in getattr(part, "__dict__", {}).items():
            if scipy.sparse.issparse(value):
                if id(value) not in loaded:
                    stored = io.BytesIO()
                    scipy.sparse.save_npz(stored, value)
                    stored.seek(0)
                    loaded[id(value)] = scipy.sparse.load_npz(stored)
                setattr(part, name, loaded[id(value)])
    return model


@each_family
def test_from_kind_to_kind(family, tmp_path):
    kinds = ["1.skiff", "2.joblib", "3.skops", "4.skiff", "5.pkl"]
    for path in models(family)[::3]:
        if path.parent.name in REFUSED:
            continue
        here = path
        for kind in kinds:
            skiff.convert(here, tmp_path / kind)
            here = tmp_path / kind
        there = [by_skops(load(file)) if path.parent.name in MADE_ANEW_BY_SKOPS else load(file) for file in (path, here)]
        same(*map(sparse_as_scipy_loads_it, there), f"{path.parent.name}:")


Point = collections.namedtuple("Point", "x y")
SHARED = np.arange(3.0)
GENERATOR = np.random.default_rng(5)
GENERATOR.bit_generator.seed_seq.spawn(2)

VALUES = {
    "single": [None, True, False, 0, -1, 2**63, -(10**40), 0.1, -0.0, 5e-324, float("nan"), float("-inf"), 1e16],
    "text": ["", "größe 🛶", 'a "quote" \\ \n', "\ud800", "x" * 1000, "\x00\x7f"],
    "bytes": [b"", b"\x00\xff", bytearray(b"ab"), bytearray()],
    "containers": [(), (1, (2,)), [], [[]], {}, {1, 2}, frozenset({"a"}), set(), frozenset()],
    "shared": [SHARED, {"again": SHARED}, SHARED],
    "keys": [{1: "a", -2: "b"}, {2.5: 0, float("inf"): 1}, {"z": 1, "a": 2, "": 3}, {True: 1}, {np.int64(3): 1, np.str_("s"): 2}],
    "subclasses": [
        collections.OrderedDict([("b", 1), ("a", 2)]),
        collections.Counter("aab"),
        collections.defaultdict(list, {"a": [1]}),
        collections.deque([1, 2]),
        Bunch(a=1, b=SHARED),
        Point(1, [2]),
    ],
    "calls": [
        1 + 2j,
        range(3),
        datetime.date(2020, 1, 2),
        datetime.datetime(2020, 1, 2, 3, 4, tzinfo=datetime.timezone.utc),
        datetime.timedelta(1),
        decimal.Decimal("1.50"),
        slice(None, 3),
        slice("a", None),
        Ellipsis,
        type(None),
    ],
    "functions": [len, np.log1p, np.mean, sklearn.metrics.accuracy_score, int, np.float32, LogisticRegression],
    "partial": [functools.partial(np.clip, a_min=0)],
    "numbers": [
        *(np.dtype(code).type(1) for code in ["?", "i1", "u2", "i4", "u8", "f2", "f4", "f8", "g", "F", "D"]),
        np.str_("ü"),
        np.bytes_(b"a\x00b"),
        np.datetime64("2020-01-01", "ms"),
        np.datetime64("NaT"),
        np.timedelta64(5, "25s"),
        np.array([(1, 2.0)], dtype="i4,f8")[0],
    ],
    "arrays": [
        np.arange(6).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(3.5),
        np.zeros((0, 3)),
        np.array(["a", "üb"]),
        np.array([b"a", b"\xff"]),
        np.array(["2020-01-01", "NaT"], dtype="M8[D]"),
        np.array([(1, 2.0, (3, 4))], dtype=np.dtype([("a", "u1"), ("b", "f8"), ("c", "i2", (2,))], align=True)),
        np.matrix([[1.0, 2.0]]),
        np.zeros(2, dtype=[("größe", "f4")]),
        np.zeros(2, dtype="V5"),
    ],
    "objects": [
        np.array(["a", None, 1.5, SHARED, [1], {"a": 1}], dtype=object),
        np.array([["a", None], [1, np.float64(2)]], dtype=object),
        np.array([], dtype=object),
        np.empty((2, 0, 3)).astype("f4"),
    ],
    "dtypes": [np.dtype("f8"), np.dtype(">i2"), np.dtype(object), np.dtype("U7"), np.dtype([("a", "i4"), ("b", "O")][:1])],
    "masked": [np.ma.array([1.0, 2.0], mask=[0, 1]), np.ma.array([["a", None]], mask=[[1, 0]], dtype=object)],
    "random": [np.random.RandomState(3), GENERATOR, np.random.Generator(np.random.PCG64([1, 2**40]))],
    "generators": [np.random.Generator(bits(7)) for bits in [np.random.MT19937, np.random.Philox, np.random.SFC64]],
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name, tmp_path):
    value = VALUES[name]
    value = [collections.deque(value[3]) if isinstance(item, collections.deque) else item for item in value]
    for found in back(value, tmp_path):
        for place, (expected, read) in enumerate(zip(value, found, strict=True)):
            if isinstance(expected, functools.partial):
                assert (read.func, read.args, read.keywords) == (expected.func, expected.args, expected.keywords)
            elif isinstance(expected, np.random.Generator):
                assert expected.bit_generator.seed_seq.state == read.bit_generator.seed_seq.state
                assert (expected.bit_generator.seed_seq.pool == read.bit_generator.seed_seq.pool).all()
                assert repr(expected.bit_generator.state) == repr(read.bit_generator.state)
            elif isinstance(expected, np.ndarray) and expected.dtype.fields and expected.dtype.isalignedstruct:
                # `.npy` keeps where fields are, and not that this is as C would have it.
                assert expected.dtype.descr == read.dtype.descr and repr(expected.tolist()) == repr(read.tolist())
            elif isinstance(expected, np.ma.MaskedArray):
                same([expected.data, expected.mask], [read.data, read.mask])
            else:
                same(expected, read, f"{place}")


def test_byte_order(tmp_path):
    value = np.arange(3, dtype=">i4")
    loaded, read = back(value, tmp_path)
    same(value, loaded)
    # Below protocol 5 numpy turns what it loads from a pickle into this machine's order.
    same(pickle.loads(pickle.dumps(value, protocol=4)), read)


def test_what_is_shared_stays_shared(tmp_path):
    for found in back([*VALUES["shared"], VALUES["containers"]], tmp_path):
        assert found[0] is found[1]["again"] is found[2]


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "dia", "bsr"])
@pytest.mark.parametrize("suffix", ["matrix", "array"])
def test_sparse_matrices(kind, suffix, tmp_path):
    dense = np.array([[0, 1.5, 0, 0], [0, 0, 0, 0], [2, 0, 0, -3]])
    matrix = getattr(scipy.sparse, f"{kind}_{suffix}")(dense)
    for found in back({"twice": [matrix, matrix]}, tmp_path):
        one, two = found["twice"]
        assert one is two and type(one) is type(matrix)
        assert (one.toarray() == dense).all() and one.dtype == matrix.dtype and one.shape == matrix.shape
        assert (one @ np.eye(4) == dense).all() and "stored" in repr(one)


def test_methods_and_operators(tmp_path):
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    value = [model, model.predict, operator.itemgetter(1, "a"), operator.attrgetter("x.y"), operator.methodcaller("lower")]
    loaded, read = back(value, tmp_path)
    for found in loaded, read:
        assert found[1].__self__ is found[0] and found[1].__name__ == "predict"
        assert [repr(one) for one in found[2:]] == [repr(one) for one in value[2:]]


ITSELF = []
ITSELF.append({"deep": ITSELF})


class Slots:
    __slots__ = ("a",)


SLOTS = Slots()
SLOTS.a = 1

#: What skops would make something else of, or nothing, and what is said of it.
UNSAYABLE = {
    "none": ({"a": [{None: 1}]}, "`None` as a key"),
    "false": ({False: 1, True: 2}, "`False` as a key"),
    "alike": ({1: 1, "1": 2}, "both be \"1\""),
    "tuple": ({(1, 2): 1}, "a tuple as a key"),
    "bytes": ({b"a": 1}, "bytes as a key"),
    "itself": (ITSELF, "contains itself"),
    "slots": (SLOTS, "has slots"),
    "default": (collections.defaultdict(int, {1: 2}), "keys other than strings"),
    "deque": (collections.deque([1], maxlen=3), "created by a call and then changed"),
    "rows": (np.array([[[1], [2]]] * 2 + [[[3], [4]]], dtype=object)[:, :, 0:0], "empty array of objects"),
    "lists": ([np.array([None, None], dtype=object).reshape(1, 2)], None),
    "fill": (np.ma.array([1.0], mask=[1], fill_value=-1.0), "fill_value"),
    "function": (np.random.PCG64(1), "no loader"),
    "dtype": (np.dtype("(2,)f8"), "subarray"),
    "dotted": (datetime.datetime.fromisoformat, None),
    "lil": (scipy.sparse.lil_matrix((2, 2)), "format `lil`"),
    "strings": (np.array(["a"], dtype=np.dtypes.StringDType()), "variable-length"),
}


@pytest.mark.parametrize("name", UNSAYABLE)
def test_what_skops_cannot_say(name, tmp_path):
    value, said = UNSAYABLE[name]
    if said is None:
        for found in back(value, tmp_path):
            assert repr(found) == repr(value)
        return
    with pytest.raises(skiff.NotSupportedError, match=said):
        written(value, tmp_path)
    assert not (tmp_path / "value.skops").exists()


def test_rows_of_rows_are_refused(tmp_path):
    cells = np.empty((1, 2), dtype=object)
    cells[0, 0], cells[0, 1] = [1, 2], [3, 4]
    with pytest.raises(skiff.NotSupportedError, match="more than one axis") as caught:
        written({"cells": cells}, tmp_path)
    assert caught.value.model_path == "[\"cells\"][0]"


def test_the_place_is_told(tmp_path):
    model = LogisticRegression()
    model.extra = [{"deep": {None: 1}}]
    with pytest.raises(skiff.NotSupportedError) as caught:
        written({"model": model}, tmp_path)
    assert caught.value.model_path == "model.extra[0][\"deep\"]".replace("model.", "[\"model\"].", 1)


def test_deflated(tmp_path):
    first, stored, packed = tmp_path / "a.pkl", tmp_path / "a.skops", tmp_path / "b.skops"
    value = {"zeros": np.zeros(100_000), "text": "a" * 100_000}
    first.write_bytes(pickle.dumps(value))
    skiff.convert(first, stored)
    sizes = [stored.stat().st_size]
    for compress in [True, 1, 9, "deflate", ("deflate", 9)]:
        skiff.convert(first, packed, compress=compress)
        sizes.append(packed.stat().st_size)
        same(load(packed), value)
        with zipfile.ZipFile(packed) as archive:
            assert archive.testzip() is None
    assert max(sizes[1:]) < sizes[0] / 50 and sizes[1] == sizes[4] and sizes[3] == sizes[5]
    with zipfile.ZipFile(stored) as archive:
        assert archive.testzip() is None and {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_arrays_in_stored_files_are_aligned(tmp_path):
    path = written([np.arange(5.0), np.arange(3)], tmp_path)
    content = path.read_bytes()
    for array in (np.arange(5.0), np.arange(3)):
        assert content.find(array.tobytes()) % 64 == 0
