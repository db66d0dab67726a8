"""Digests of training data, each defined by `docs/passport.md` so that they can be computed independently."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, Iterable, Mapping

import numpy as np

from skiff._columns import Column, scalar, simplified

#: How much of a file or an array is hashed at once.
_PIECE = 1 << 22


def of_file(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's bytes."""
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            sha.update(piece)
    return sha.hexdigest()


def of_folder(path: str | os.PathLike[str]) -> tuple[str, int, int]:
    """SHA-256 of the output of ``sha256sum`` for each file in a folder; the numbers of files and bytes.

    One line for each file: its digest, two spaces, its path from the folder with slashes; in the order of the paths'
    bytes.
    """
    lines, size = [], 0
    for folder, _, names in os.walk(path):
        for name in names:
            full = os.path.join(folder, name)
            relative = os.path.relpath(full, path).replace(os.sep, "/")
            size += os.path.getsize(full)
            lines.append((os.fsencode(relative), of_file(full)))
    sha = hashlib.sha256()
    for place, digest in sorted(lines):
        sha.update(digest.encode() + b"  " + place + b"\n")
    return sha.hexdigest(), len(lines), size


def of_array(array: Any) -> str:
    """SHA-256 of a head line, ``{"dtype": "<f8", "shape": [150, 4]}``, and of the elements in C order, little-endian.

    Text and objects are one line of JSON for each element; their dtype is ``values``.
    """
    array = np.asarray(array)
    sha = hashlib.sha256()
    if array.dtype.kind not in "biufcmM":
        values = simplified(array)
        _head(sha, {"dtype": "values", "shape": list(values.shape)})
        _lines(sha, values.ravel().tolist())
        return sha.hexdigest()
    dtype = array.dtype.newbyteorder("<")
    _head(sha, {"dtype": dtype.str, "shape": list(array.shape)})
    # In pieces: the array may be in another order, and a copy may not fit in memory.
    rows = max(1, _PIECE // max(1, array[:1].nbytes)) if array.ndim else 1
    for start in range(0, len(array) if array.ndim else 1, rows):
        piece = array[start : start + rows] if array.ndim else array
        sha.update(piece.astype(dtype).tobytes())
    return sha.hexdigest()


def of_frame(columns: Iterable[Column]) -> str:
    """SHA-256 of a line for each column: ``{"name": "age", "sha256": …}``, the digest being the column's as an array."""
    sha = hashlib.sha256()
    for column in columns:
        _head(sha, {"name": column.name, "sha256": of_array(column.values)})
    return sha.hexdigest()


def of_sparse(matrix: Any) -> str:
    """SHA-256 of a line with the digests of ``data``, ``indices`` and ``indptr`` (both ``int64``) and the shape.

    The matrix is taken as compressed rows, columns ascending, duplicates added up, stored zeros kept.
    """
    csr = matrix.tocsr()
    if not csr.has_canonical_format:
        csr = csr.copy()
        csr.sum_duplicates()
    stored = int(csr.indptr[-1])
    sha = hashlib.sha256()
    _head(
        sha,
        {
            "data": of_array(csr.data[:stored]),
            "indices": of_array(csr.indices[:stored].astype(np.int64)),
            "indptr": of_array(csr.indptr.astype(np.int64)),
            "shape": [int(length) for length in csr.shape],
        },
    )
    return sha.hexdigest()


def of_list(values: Iterable[Any]) -> str:
    """SHA-256 of a line of JSON for each item: documents, mappings."""
    sha = hashlib.sha256()
    _lines(sha, values)
    return sha.hexdigest()


def _head(sha: Any, facts: Mapping[str, Any]) -> None:
    sha.update(json.dumps(facts, sort_keys=True).encode() + b"\n")


def _lines(sha: Any, values: Iterable[Any]) -> None:
    for value in values:
        # What JSON cannot represent is written as its `repr`.
        sha.update(json.dumps(scalar(value), sort_keys=True, default=repr).encode() + b"\n")
