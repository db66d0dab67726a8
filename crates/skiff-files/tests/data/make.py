"""Writes the files that the tests of skiff-files read, and their values as reported by Python.

Run it with each Python and numpy whose files are wanted; each writes into a directory of its own, named after the
versions. Runs under Python 2.7 too. Needs numpy, scipy, pandas, scikit-learn and (from 0.21 on) joblib:

    python make.py
"""

from __future__ import print_function

import binascii
import io
import json
import os
import pickle
import re
import shutil
import struct
import sys
import time
import zipfile

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

try:
    import skops.io
except ImportError:
    skops = None

try:
    import joblib
except ImportError:
    from sklearn.externals import joblib

# gzip writes the time into its header.
time.time = lambda: 0.0

PYTHON_2 = sys.version_info[0] == 2
NUMPY = tuple(int(part) for part in np.__version__.split(".")[:2])
HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "py%d%d-numpy%d.%d" % (sys.version_info[:2] + NUMPY))
if PYTHON_2:
    text, integer = unicode, (int, long)  # noqa: F821
else:
    text, integer = str, (int,)


# What a value is, as the tests print it too.


def say(value):
    if value is None:
        return None
    if isinstance(value, np.generic):
        return say_array(np.asarray(value))["values"][0]
    if isinstance(value, bool):
        return ["bool", str(value)]
    if isinstance(value, integer):
        return ["int", str(value)]
    if isinstance(value, float):
        return say_float(value)
    if isinstance(value, complex):
        return ["complex", say_float(value.real)[1], say_float(value.imag)[1]]
    if isinstance(value, text):
        return ["str", value]
    if isinstance(value, bytes) and PYTHON_2 and all(ord(c) < 128 for c in value):
        return ["str", value.decode("ascii")]
    if isinstance(value, (bytes, bytearray)):
        return ["bytes", binascii.hexlify(value).decode()]
    if isinstance(value, tuple):
        return {"tuple": [say(item) for item in value]}
    if isinstance(value, list):
        return {"list": [say(item) for item in value]}
    if type(value) is dict:
        pairs = [[say(key), say(item)] for key, item in value.items()]
        return {"dict": sorted(pairs, key=lambda pair: json.dumps(pair[0]))}
    if isinstance(value, np.ma.MaskedArray):
        mask = np.broadcast_to(value.mask, value.shape)
        return {"data": say_array(value.data), "mask": say_array(np.array(mask))}
    if isinstance(value, np.ndarray):
        return say_array(np.asarray(value))
    if scipy.sparse.issparse(value):
        return {"sparse": value.format, "shape": list(value.shape), "dense": say(value.toarray().astype(float))["values"]}
    if isinstance(value, pd.DataFrame):
        return {"columns": [say(item) for item in value.columns], "index": [say(item) for item in value.index]}
    if isinstance(value, pd.CategoricalDtype if hasattr(pd, "CategoricalDtype") else ()):
        return {"categories": [say(item) for item in value.categories]}
    if isinstance(value, (pd.Index, pd.Series, pd.Categorical)):
        return {"pandas": [say(item) for item in value]}
    if isinstance(value, np.random.RandomState):
        return {"random": "Legacy"}
    if hasattr(np.random, "Generator") and isinstance(value, np.random.Generator):
        return {"random": "Generator"}
    state = value.__reduce_ex__(2)[2]
    path = "%s.%s" % (type(value).__module__, type(value).__name__)
    return {"object": path, "attributes": {name: say(item) for name, item in state.items()}}


def say_float(value):
    value = float(value)
    return ["float", "nan" if value != value else "%016x" % struct.unpack(">Q", struct.pack(">d", value))]


def say_array(array):
    dtype = array.dtype
    said = {"dtype": dtype.str, "shape": list(array.shape)}
    if type(dtype).__name__ == "StringDType":
        return {"dtype": "|O", "shape": list(array.shape), "values": [say(item) for item in array.ravel().tolist()]}
    if dtype.names is not None:
        said["fields"] = [[name, dtype[name].base.str, say_field(array[name], dtype[name])] for name in dtype.names]
        return said
    items = array.ravel(order="C")
    if dtype.kind in "Mm":
        steps = items.view("i8" if dtype.isnative else dtype.str[0] + "i8")
        said["values"] = [[dtype.kind, str(int(step)), np.datetime_data(dtype)[0]] for step in steps]
    elif dtype.kind == "c":
        said["values"] = [["complex", say_float(item.real)[1], say_float(item.imag)[1]] for item in items]
    elif dtype.kind == "f":
        said["values"] = [say_float(item) for item in items]
    elif dtype.kind == "S":
        said["values"] = [["bytes", binascii.hexlify(item).decode()] for item in items.tolist()]
    elif dtype.kind == "V":
        said["values"] = None
    else:
        said["values"] = [say(item) for item in items.tolist()]
    return said


def say_field(array, dtype):
    return None if dtype.shape or dtype.names or dtype.kind == "V" else say_array(np.array(array))["values"]


# The values.


def arrays():
    rng = np.random.RandomState(0)
    made = {}
    for code in "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 g c8 c16 >i2 >i8 >u4 >f2 >f4 >f8 >c16".split():
        dtype = np.dtype(code)
        if dtype.kind == "b":
            made[code] = np.array([True, False, True])
        elif dtype.kind in "iu":
            info = np.iinfo(dtype)
            made[code] = np.array([info.min, 0, 7, info.max], dtype=dtype)
        else:
            made[code] = np.array([0.1, -0.0, np.nan, np.inf, 6e-8, 60000.0], dtype=dtype)
    made["longdouble exact"] = np.array([1, 3], dtype="g") / 3
    for name in ["g", "longdouble exact"]:
        # Ten bytes of each count; what is in the others is chance.
        made[name].view("u1").reshape(-1, 16)[:, 10:] = 0
    made["U"] = np.array([u"a", u"\u00fcb\U0001f6f6", u""])
    if not PYTHON_2:
        # numpy 1.11 itself misreads such text.
        made[">U"] = np.array([u"a", u"\u00fcb", u""]).astype(">U3")
    made["S"] = np.array([b"a", b"bc\xff", b""])
    made["O"] = np.array([u"text", 3, 2.5, None, True, b"\xff\x00", (1, u"x"), 10**30], dtype=object)
    made["O square"] = np.array([[u"a", u"b", u"c"], [1, 2, 3]], dtype=object)
    made["O fortran"] = np.asfortranarray(np.array([[u"a", u"b", u"c"], [1, 2, 3]], dtype=object))
    made["M8[ns]"] = np.array(["2020-01-01T00:00:00.000000001", "NaT"], dtype="M8[ns]")
    made["M8[D]"] = np.array(["1969-12-31"], dtype="M8[D]")
    made["m8[25s]"] = np.array([1, -2], dtype="m8[25s]")
    made[">M8[us]"] = np.array([5], dtype="M8[us]").astype(">M8[us]")
    made["record"] = np.array([(1, 2.5, b"x"), (-3, 0.1, b"yz")], dtype=[("a", "<i4"), ("b", ">f8"), ("c", "S2")])
    made["aligned"] = np.zeros(2, dtype=np.dtype([("flag", "u1"), ("value", "f8"), ("inner", "i2", (2, 3))], align=True))
    made["nested"] = np.zeros((2, 2), dtype=[("outer", [("x", "f4"), ("y", "?")]), ("z", "i8")])
    made["record fortran"] = np.asfortranarray(np.arange(6).reshape(2, 3).astype([("n", "i8")]))
    made["V"] = np.zeros(2, dtype="V5")
    made["single"] = np.array(3.5)
    made["empty"] = np.zeros((0, 3))
    made["empty text"] = np.zeros((0,), dtype="U1")
    made["C"] = rng.rand(3, 4)
    made["F"] = np.asfortranarray(rng.rand(3, 4))
    made["F cube"] = np.asfortranarray(rng.rand(2, 3, 4).astype("f4"))
    made["K"] = rng.rand(2, 3, 4).transpose(1, 0, 2)
    made["K too"] = np.arange(24, dtype="i2").reshape(2, 3, 4).transpose(1, 2, 0)
    made["strided"] = np.arange(20.0).reshape(4, 5)[::2, ::-2]
    frozen = np.arange(3.0)
    frozen.setflags(write=False)
    made["frozen"] = frozen
    made["twice"] = [frozen, made["C"], made["C"]]
    made["matrix"] = np.matrix([[1.0, 2.0]])
    made["recarray"] = np.rec.array([(1, 2.0)])
    if hasattr(np.dtypes if NUMPY >= (2, 0) else np, "StringDType"):
        made["T"] = np.array(["a", "long enough not to lie in place", ""], dtype=np.dtypes.StringDType())
    return made


def scalars():
    made = [None, True, False, 0, -1, 255, 256, 65536, 2**31, -(2**31), 2**63, -(2**63) - 1, 10**40, -(10**40)]
    made += [0.1, float("nan"), float("-inf"), u"", u"\u00fc\U0001f6f6", b"\xff\x00\n", 1.5 - 2j, bytearray(b"ab")]
    for array in arrays().values():
        if isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype.kind not in "VO" and array.size:
            if type(array.dtype).__name__ != "StringDType":
                made += [array[0], array[-1]]
    return made


def sparse():
    dense = np.array([[0, 1.5, 0, 0], [0, 0, 0, 0], [2, 0, 0, -3], [0, 4, 0, 5]])
    made = {}
    for name in "csr csc coo dia bsr lil dok".split():
        made[name] = getattr(scipy.sparse, name + "_matrix")(dense)
        if hasattr(scipy.sparse, name + "_array"):
            made[name + " array"] = getattr(scipy.sparse, name + "_array")(dense)
    made["bsr wide"] = scipy.sparse.bsr_matrix(dense, blocksize=(2, 2))
    made["float32"] = scipy.sparse.csr_matrix(dense.astype("f4"))
    made["twice stored"] = scipy.sparse.coo_matrix(([1.0, 2.0], ([0, 0], [1, 1])), shape=(2, 3))
    made["nothing"] = scipy.sparse.csr_matrix((2, 3))
    made["no rows"] = scipy.sparse.csc_matrix((0, 3))
    return made


def frames():
    made = {"index": pd.Index([u"a", u"\u00fc", None], dtype=object, name=u"n"), "range": pd.RangeIndex(3, 9, 2)}
    made["integers"] = pd.Index([1, 5])
    made["names"] = pd.Index([u"x", u"y"])
    made["series"] = pd.Series([1.5, 2.5], index=[u"a", u"b"], name=u"s")
    made["text"] = pd.Series([u"q", u"r"])
    made["frame"] = pd.DataFrame({u"a": [1.0, 2.0], u"b": [u"x", u"y"]})
    made["categorical"] = pd.Categorical([u"low", u"high", u"low"], categories=[u"low", u"high"])
    if hasattr(pd, "CategoricalDtype"):
        made["dtype"] = pd.CategoricalDtype([u"x", u"y"])
    return made


def others():
    made = {"masked": np.ma.array([[1.0, 2.0], [3.0, 4.0]], mask=[[0, 1], [0, 0]])}
    if not PYTHON_2:
        # numpy 1.11 writes the objects' addresses.
        made["masked objects"] = np.ma.array([u"a", 2], mask=[True, False], dtype=object)
    made["random"] = np.random.RandomState(1)
    if hasattr(np.random, "default_rng"):
        made["generator"] = np.random.default_rng(1)
    return made


def model():
    points = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    scaler, tree = StandardScaler().fit(points), DecisionTreeClassifier(random_state=0).fit(points, [u"a", u"b", u"a"])
    # The names of the classes' modules in files, where Python says another: none here.
    return [scaler, tree.tree_]


# The files.


def write(name, content):
    with open(os.path.join(OUT, name), "wb") as out:
        out.write(content)


def expect(case, value):
    content = json.dumps(say(value), sort_keys=True, separators=(",", ":"))
    write(case + ".json", content.encode("ascii") + b"\n")


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.mkdir(OUT)
    for make in [arrays, scalars, sparse, frames, others, model]:
        case, value = make.__name__, make()
        expect(case, value)
        newest = NUMPY >= (2, 0)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            # The newest Python writes every protocol; the others those that differ from it.
            if newest or PYTHON_2 or protocol in (2, 4):
                write("%s.%d.pkl" % (case, protocol), pickle.dumps(value, protocol))
        if PYTHON_2 and case == "frames":
            continue
        joblib.dump(value, os.path.join(OUT, case + ".joblib"))
    codecs(arrays())
    npy(arrays())
    if pickle.HIGHEST_PROTOCOL >= 5 and NUMPY >= (2, 0):
        out_of_band()
        skops_files()


def codecs(value):
    small = {name: value[name] for name in ["C", "F", "O", "f4", "U", "frozen", "twice"]}
    expect("small", small)
    for codec in ["zlib", "gzip", "bz2", "xz", "lzma"] + ([] if PYTHON_2 else ["lz4"]):
        if PYTHON_2 and codec in ("xz", "lzma"):
            continue
        try:
            joblib.dump(small, os.path.join(OUT, "small.%s.joblib" % codec), compress=(codec, 3))
        except ValueError as error:
            print("%s: %s" % (codec, error))


def npy(value):
    for name in ["C", "F", "O", "?", ">f8", "U", "S", "M8[ns]", "record", "aligned", "nested", "single", "empty", "F cube"]:
        array = value[name]
        case = "npy_" + name.replace("?", "b").replace(">", "big_").replace("[ns]", "").replace(" ", "_")
        expect(case, array)
        np.save(os.path.join(OUT, case + ".npy"), array, allow_pickle=True)
    if PYTHON_2:
        # numpy 1.11 writes the time into such files.
        return
    named = {"a": value["C"], "b": value["U"], "o": value["O"]}
    expect("npz", named)
    np.savez(os.path.join(OUT, "npz.npz"), **named)
    np.savez_compressed(os.path.join(OUT, "npz.packed.npz"), **named)
    if hasattr(scipy.sparse, "save_npz"):
        scipy.sparse.save_npz(os.path.join(OUT, "matrix.npz"), scipy.sparse.csr_matrix(np.eye(3)))
    if NUMPY >= (2, 0):
        from numpy.lib import format

        array = np.array([(1.0, 2)], dtype=[(u"gr\u00f6\u00dfe", "f8"), ("b", "i4")])
        for version in [(2, 0), (3, 0)]:
            case = "npy_version_%d" % version[0]
            array = array if version == (3, 0) else np.arange(3)
            expect(case, array)
            with open(os.path.join(OUT, case + ".npy"), "wb") as out:
                format.write_array(out, array, version=version)


def out_of_band():
    value = {"a": np.arange(6.0).reshape(2, 3), "f": np.asfortranarray(np.arange(6).reshape(2, 3))}
    expect("buffers", value)
    buffers = []
    write("buffers.pkl", pickle.dumps(value, 5, buffer_callback=buffers.append))
    for index, buffer in enumerate(buffers):
        write("buffers.%d" % index, buffer.raw())


def skops_files():
    cases = {"arrays": arrays(), "scalars": scalars(), "sparse": sparse(), "others": others(), "model": model()}
    # What skops cannot store.
    del cases["arrays"]["T"]
    for name in ["lil", "dok", "lil array", "dok array"]:
        del cases["sparse"][name]
    # A copied longdouble ends in six bytes of chance.
    cases["scalars"] = [item for item in cases["scalars"] if type(item) not in (complex, np.longdouble)]
    cases["keys"] = [{1: u"int", 2: 0}, {2.5: u"float"}, {u"z\u00fc": u"other", u"a": float("nan")}]
    for case, value in cases.items():
        expect("skops_" + case, value)
        skops_file("skops_" + case, value)


def skops_file(case, value):
    """Dumps with skops, and puts numbers in the place of addresses."""
    time.time = lambda: 315700000.0
    stored = skops.io.dumps(value)
    names, files = {}, []
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        schema = archive.read("schema.json").decode()
        for number, found in enumerate(re.findall(r'"__id__": (\d+)|"file": "([-0-9a-f]+)\.', schema)):
            for name in found:
                names.setdefault(name, str(number))
        schema = re.sub(r"[-0-9a-f]{9,}", lambda match: names.get(match.group(), match.group()), schema)
        for info in archive.infolist():
            stem, ending = info.filename.rsplit(".", 1)
            if stem != "schema":
                files.append(("%s.%s" % (names[stem], ending), archive.read(info)))
    for ending, method in [("skops", zipfile.ZIP_STORED), ("packed.skops", zipfile.ZIP_DEFLATED)]:
        with zipfile.ZipFile(os.path.join(OUT, "%s.%s" % (case, ending)), "w", method) as archive:
            for name, content in sorted(files):
                archive.writestr(name, content)
            archive.writestr("schema.json", schema)


main()
