"""Recorded models of `fixtures/cases` as seeds: of the scikit-learn at hand with their own rows, of others as they are."""

import io
import itertools
import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "fixtures"))

from generate import archive  # noqa: E402

#: How many of the version at hand, and of every other one.
OWN, OTHERS = 150, 40
LARGEST = 40_000


def recorded(version):
    """Name, kind, bytes, rows (a recipe or None) and whether this scikit-learn wrote it."""
    for other, cases in itertools.groupby(archive.cases(), lambda case: case[0].split("/")[0]):
        cases = list(cases)
        wanted = OWN if other == version else OTHERS
        for name, files in cases[:: max(1, len(cases) // wanted)]:
            model = archive.model(files)
            data = files[model]
            kind = kind_of(data, model)
            if kind is not None and len(data) <= LARGEST:
                yield f"{other}-{name.split('/')[-1]}", kind, data, rows(files), other == version


def kind_of(data, name):
    if name == "model.pkl":
        return "pickle" if data[:1] in (b"\x80", b"c", b"(") else None
    if name != "model.joblib":
        return None
    return "joblib" if data[:1] == b"\x80" else "joblib-zlib" if data[:1] == b"x" else None


def rows(files):
    """The first input of a case that can be written as a recipe."""
    import numpy as np

    case = json.loads(files["case.json"])
    for name, recipe in case["inputs"].items():
        if recipe["kind"] == "dense" and recipe.get("array"):
            array = np.load(io.BytesIO(files["arrays.npz"]))[recipe["array"]]
            if array.ndim == 2 and array.size < 400 and array.dtype.kind == "f":
                return {"kind": "dense", "rows": array.astype(float).tolist()}
        if recipe["kind"] in ("text", "dicts") and len(recipe["values"]) < 20:
            return {"kind": "text", "rows": recipe["values"]}
        if recipe["kind"] == "frame" and all("values" in column for column in recipe["columns"]):
            return {"kind": "frame", "columns": {column["name"]: column["values"] for column in recipe["columns"]}}
    return None
