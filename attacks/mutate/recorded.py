"""Recorded models of `fixtures/cases` as seeds: of the scikit-learn at hand with their own rows, of others as they are."""

import json
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CASES = os.path.join(ROOT, "fixtures", "cases")
#: How many of the version at hand, and of every other one.
OWN, OTHERS = 150, 40
LARGEST = 40_000


def recorded(version):
    """Name, kind, bytes, rows (a recipe or None) and whether this scikit-learn wrote it."""
    for other in sorted(os.listdir(CASES)):
        paths = []
        for module in sorted(os.listdir(os.path.join(CASES, other))):
            for name in sorted(os.listdir(os.path.join(CASES, other, module))):
                paths.append(os.path.join(CASES, other, module, name))
        wanted = OWN if other == version else OTHERS
        for path in paths[:: max(1, len(paths) // wanted)]:
            model = next((file for file in sorted(os.listdir(path)) if file in ("model.pkl", "model.joblib")), None)
            if model is None or os.path.getsize(os.path.join(path, model)) > LARGEST:
                continue
            with open(os.path.join(path, model), "rb") as file:
                data = file.read()
            kind = kind_of(data, model)
            if kind is not None:
                yield f"{other}-{os.path.basename(path)}", kind, data, rows(path), other == version


def kind_of(data, name):
    if name.endswith(".pkl"):
        return "pickle" if data[:1] in (b"\x80", b"c", b"(") else None
    return "joblib" if data[:1] == b"\x80" else "joblib-zlib" if data[:1] == b"x" else None


def rows(path):
    """The first input of a case that can be written as a recipe."""
    import numpy as np

    with open(os.path.join(path, "case.json")) as file:
        case = json.load(file)
    for name, recipe in case["inputs"].items():
        if recipe["kind"] == "dense" and recipe.get("array"):
            array = np.load(os.path.join(path, "arrays.npz"))[recipe["array"]]
            if array.ndim == 2 and array.size < 400 and array.dtype.kind == "f":
                return {"kind": "dense", "rows": array.astype(float).tolist()}
        if recipe["kind"] in ("text", "dicts") and len(recipe["values"]) < 20:
            return {"kind": "text", "rows": recipe["values"]}
        if recipe["kind"] == "frame" and all("values" in column for column in recipe["columns"]):
            return {"kind": "frame", "columns": {column["name"]: column["values"] for column in recipe["columns"]}}
    return None
