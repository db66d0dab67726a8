"""The training data of a model, as recorded in the passport: location, size, digest."""

from __future__ import annotations

import os
import re
from typing import Any, Mapping
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import numpy as np

from skiff import _digest
from skiff._columns import columns, is_frame
from skiff._plain import plain

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
#: Query parameters of URLs that grant access: signatures of object stores, tokens, keys.
_SECRET = re.compile(r"sig|token|key|secret|credential|password|passwd|pwd|auth", re.IGNORECASE)
#: More names and dtypes than this are counted, not listed.
MOST_NAMES = 1_000


def reference(data: Any) -> dict[str, Any]:
    """The passport's entry for ``data=``.

    A path (of a file or a folder) or URI; an array, DataFrame, sparse matrix, or list of documents or mappings; a tuple
    ``(X, y)`` of such; or a mapping of what the user has to say, in which ``path``, ``X`` and ``y`` are looked at.
    """
    if isinstance(data, (str, os.PathLike)):
        return located(os.fspath(data))
    if isinstance(data, Mapping):
        said = {str(key): plain(value) for key, value in data.items() if key not in ("X", "y")}
        found: dict[str, Any] = {"kind": "described"}
        path = data.get("path", data.get("uri"))
        if isinstance(path, (str, os.PathLike)):
            found = located(os.fspath(path))
            said.pop("path", None)
            said.pop("uri", None)
        found.update({name: table(data[name]) for name in ("X", "y") if data.get(name) is not None})
        return {**found, **said}
    if isinstance(data, tuple) and len(data) == 2 and not all(isinstance(part, (int, float, str)) for part in data):
        x, y = data
        return {"kind": "pair", "X": table(x), "y": None if y is None else table(y)}
    return table(data)


def located(path: str | bytes) -> dict[str, Any]:
    """A file or a folder with its digest, or a URI without credentials."""
    text = os.fsdecode(path)
    if text.startswith("file://"):
        text = unquote(urlsplit(text).path)
    elif _SCHEME.match(text) and not os.path.exists(text) and not _is_drive(text):
        return {"kind": "uri", "uri": without_secrets(text)}
    if os.path.isdir(text):
        digest, files, size = _digest.of_folder(text)
        return {"kind": "folder", "path": text, "files": files, "size": size, "sha256": digest}
    # A wrong path is an error of the operating system.
    return {"kind": "file", "path": text, "size": os.path.getsize(text), "sha256": _digest.of_file(text)}


def without_secrets(uri: str) -> str:
    """``uri`` without a user's name and password, and without parameters that grant access."""
    try:
        parts = urlsplit(uri)
        query = [(name, value) for name, value in parse_qsl(parts.query, True) if not _SECRET.search(name)]
    except ValueError:
        return uri.split("?")[0].rsplit("@", 1)[-1]
    return urlunsplit((parts.scheme, parts.netloc.rsplit("@", 1)[-1], parts.path, urlencode(query), parts.fragment))


def table(x: Any) -> dict[str, Any]:
    """The size, the types and the digest of a table in memory."""
    if hasattr(x, "tocsr"):
        rows, cols = x.shape
        return {
            "kind": "sparse",
            "rows": int(rows),
            "columns": int(cols),
            "stored": int(x.nnz),
            "dtype": str(x.dtype),
            "sha256": _digest.of_sparse(x),
        }
    if is_frame(x):
        found = columns(x)
        return {
            "kind": "frame",
            "rows": len(found[0].values) if found else 0,
            "columns": len(found),
            "names": [column.name for column in found[:MOST_NAMES]],
            "dtypes": [column.dtype for column in found[:MOST_NAMES]],
            "sha256": _digest.of_frame(found),
        }
    if isinstance(x, (list, tuple)) and len(x) > 0 and isinstance(x[0], (str, bytes, Mapping)):
        kind = "mappings" if isinstance(x[0], Mapping) else "texts"
        return {"kind": kind, "rows": len(x), "sha256": _digest.of_list(x)}
    if isinstance(x, (bytes, bytearray)) or not (hasattr(x, "__array__") or isinstance(x, (list, tuple))):
        raise TypeError(f"expected a path, a URI, a table, or a mapping for the training data, not {type(x).__name__}")
    array = np.asarray(x)
    size = {"rows": int(array.shape[0]) if array.ndim else 1}
    if array.ndim > 1:
        size["columns"] = int(np.prod(array.shape[1:]))
    return {"kind": "array", **size, "dtype": str(array.dtype), "sha256": _digest.of_array(array)}


def _is_drive(path: str) -> bool:
    return len(path) > 2 and path[1] == ":" and path[2] in "\\/"
