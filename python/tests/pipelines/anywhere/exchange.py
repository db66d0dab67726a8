"""Values as JSON and arrays, which any Python from 2.7 on and any numpy reads as any other wrote them.

What is no number, text, array, sparse matrix, DataFrame or a list of these is written as its type's name.
"""

import base64
import sys

import numpy as np
import pandas as pd
import scipy.sparse

PYTHON_2 = sys.version_info[0] == 2
TEXT = type(u"")
WHOLE = (int, type(2**70))


class Raised(Exception):
    """What a call raised elsewhere: the exception's name and what it said."""


class Unknown(object):
    """A value of a type that is not exchanged."""

    def __init__(self, name):
        self.name = name


def encode(value, arrays):
    """A JSON value; what is in arrays is added to the dict `arrays`."""
    if isinstance(value, Exception):
        return {"raises": type(value).__name__, "said": text(str(value).split("\n")[0][:200])}
    if scipy.sparse.issparse(value):
        matrix = value.tocoo() if value.format not in ("csr", "csc", "coo") else value
        names = ("row", "col", "data") if matrix.format == "coo" else ("data", "indices", "indptr")
        parts = [put(getattr(matrix, name), arrays) for name in names]
        return {"sparse": matrix.format, "parts": parts, "shape": [int(size) for size in matrix.shape]}
    if isinstance(value, pd.DataFrame):
        columns = [[encode(name, arrays), str(value.dtypes.iloc[at])] for at, name in enumerate(value.columns)]
        values = [encode(np.asarray(value.iloc[:, at]), arrays) for at in range(value.shape[1])]
        return {"frame": columns, "values": values, "index": encode(np.asarray(value.index), arrays)}
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return {"objects": [encode(item, arrays) for item in value.ravel()], "shape": list(value.shape)}
        return {"array": put(value, arrays)}
    if isinstance(value, np.generic):
        return {"scalar": put(np.asarray(value), arrays)}
    if isinstance(value, (list, tuple)):
        return {"list" if isinstance(value, list) else "tuple": [encode(item, arrays) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(key, arrays), encode(value[key], arrays)] for key in value]}
    if value is None or isinstance(value, bool):
        return {"is": value}
    if isinstance(value, WHOLE):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, TEXT) or PYTHON_2 and isinstance(value, str):
        return {"text": text(value)}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    return {"unknown": type(value).__name__}


def text(value):
    return value if isinstance(value, TEXT) else value.decode("utf-8", "replace")


def put(array, arrays):
    name = "a%d" % len(arrays)
    # Bytes are what Python 2 has for text.
    arrays[name] = np.char.decode(array, "utf-8") if PYTHON_2 and array.dtype.kind == "S" else np.asarray(array)
    return name


def decode(value, arrays):
    if "raises" in value:
        return Raised("%s: %s" % (value["raises"], value["said"]))
    if "sparse" in value:
        parts = [arrays[name] for name in value["parts"]]
        shape = tuple(value["shape"])
        if value["sparse"] == "coo":
            return scipy.sparse.coo_matrix((parts[2], (parts[0], parts[1])), shape=shape)
        make = scipy.sparse.csr_matrix if value["sparse"] == "csr" else scipy.sparse.csc_matrix
        return make(tuple(parts), shape=shape)
    if "frame" in value:
        names = [decode(name, arrays) for name, _ in value["frame"]]
        index = decode(value["index"], arrays)
        columns = [pd.Series(decode(each, arrays), index=index) for each in value["values"]]
        columns = [
            column.astype("category") if dtype == "category" else column.astype(object) if dtype == "object" else column
            for column, (_, dtype) in zip(columns, value["frame"])
        ]
        frame = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=index)
        frame.columns = names
        return frame
    if "array" in value:
        return arrays[value["array"]]
    if "scalar" in value:
        return arrays[value["scalar"]][()]
    if "objects" in value:
        array = np.empty(len(value["objects"]), dtype=object)
        for place, item in enumerate(value["objects"]):
            array[place] = decode(item, arrays)
        return array.reshape(value["shape"])
    if "list" in value:
        return [decode(item, arrays) for item in value["list"]]
    if "tuple" in value:
        return tuple(decode(item, arrays) for item in value["tuple"])
    if "dict" in value:
        return dict((decode(key, arrays), decode(item, arrays)) for key, item in value["dict"])
    if "is" in value:
        return value["is"]
    if "int" in value:
        return int(value["int"])
    if "float" in value:
        return float(value["float"])
    if "text" in value:
        return value["text"]
    if "bytes" in value:
        return base64.b64decode(value["bytes"])
    return Unknown(value["unknown"])
