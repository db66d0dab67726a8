"""Every recorded model of the installed scikit-learn, dumped and loaded, is equal in every attribute."""

import io
import json
import pickle

import joblib
import numpy as np
import pytest
from recorded import MADE_ANEW_BY_SKOPS, by_skops, each_family, load, models
from same import same

import skiff

#: The functions that recorded models hold.
TRUSTED = ["generate.*"]

#: Each model is written in the first two ways, and in one of the others.
ALWAYS = [{"format": "skiff"}, {"format": "joblib"}]
IN_TURN = [
    {"format": "pickle", "protocol": 2},
    {"format": "pickle", "protocol": 3},
    {"format": "pickle"},
    {"format": "pickle", "protocol": 5},
    {"format": "joblib", "compress": 3},
    {"format": "joblib", "compress": ("xz", 1)},
    {"format": "joblib", "compress": "lz4"},
    {"format": "skiff", "compress": True},
]


@each_family
def test_models_come_back(family):
    for number, path in enumerate(models(family)):
        model = load(path)
        same(skiff.load(path, trusted=TRUSTED), model, f"{path.parent.name}:")
        for options in [*ALWAYS, IN_TURN[number % len(IN_TURN)]]:
            # To memory: bringing thousands of files to the disk takes longer than all the rest.
            out = io.BytesIO()
            skiff.dump(model, out, **options)
            name = f"{path.parent.name}, {options}"
            same(skiff.load(out.getvalue(), trusted=TRUSTED), model, f"{name}:")
            if options["format"] == "skiff":
                same_answers(path, out.getvalue())
            else:
                loads = joblib.load if options["format"] == "joblib" else pickle.load
                same(loads(io.BytesIO(out.getvalue())), model, f"{name}, in Python:")


#: What skops has no place for, as `skiff.dump` says of each.
NOT_IN_SKOPS = {"birch", "birch_all", "birch_frame", "birch_lattice", "birch_tenths", "birch_tenths_float32", "cousin_SGDRegressor_sparsify", "grid_steps", "grid_svc", "grid_tree", "random_distributions"}


@each_family
def test_models_come_back_out_of_skops(family):
    for path in models(family):
        model, out = load(path), io.BytesIO()
        if path.parent.name in NOT_IN_SKOPS:
            with pytest.raises(skiff.NotSupportedError, match="skops cannot hold"):
                skiff.dump(model, out, format="skops")
            continue
        skiff.dump(model, out, format="skops")
        pair = skiff.load(out.getvalue(), trusted=TRUSTED), model
        same(*(map(by_skops, pair) if path.parent.name in MADE_ANEW_BY_SKOPS else pair), f"{path.parent.name}, skops:")


def same_answers(path, dumped):
    """What was dumped answers as the recorded file does: what that one answers is for the tests in Rust to say."""
    case = json.loads(path.with_name("case.json").read_text())
    arrays = np.load(path.with_name("arrays.npz"))
    for call in case["calls"]:
        given = case["inputs"].get(call.get("input"), {})
        if "answer" not in call or given.get("kind") != "dense":
            continue
        rows, at = arrays[given["array"]], call.get("at")
        answers = []
        for source in (path, dumped):
            try:
                answers.append(getattr(skiff.open(source, at=at), call["method"])(rows, **call.get("params", {})))
            except (skiff.SkiffError, AttributeError, TypeError) as error:
                answers.append((type(error), str(error).split(" (")[0]))
        same(*answers, f"{path.parent.name}.{call['method']}:")
