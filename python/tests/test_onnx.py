"""Every recorded case of the newest scikit-learn that `skiff export` writes as ONNX: onnxruntime answers as scikit-learn
did, from the file alone."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import COMMAND, ROOT

sys.path.insert(0, str(ROOT / "fixtures"))

from generate import archive  # noqa: E402

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

NEWEST = "1.9.1"
OF_OTHER_PACKAGES = {"lightgbm", "xgboost"}
FAMILIES = sorted({module for version, module, _ in archive.archives() if version == NEWEST} - OF_OTHER_PACKAGES)

#: Nothing but trees and their sums is computed: every bit counts.
EXACT = {
    "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor",
    "ExtraTreesClassifier", "ExtraTreesRegressor", "RandomForestClassifier", "RandomForestRegressor",
}  # fmt: skip
#: Where onnxruntime's answer differs: the beginning of the call's name, and why.
EXCEPTIONS = {
    "svm/svc_zero_scores_": "decision values are 0 but for the order of their sums, and decide the votes",
    "svm/one_class_svm_linear score_samples": "a sum of products that cancels",
    "ensemble/gradient_boosting_binary staged_predict(one)": "scikit-learn returns a label without dimensions",
    "ensemble/gradient_boosting_exponential staged_predict(one)": "scikit-learn returns a label without dimensions",
}


def test_the_command_writes_valid_files(skiff):
    path, out = ROOT / "examples" / "iris-svc.joblib", skiff.folder / "iris.onnx"
    skiff.run("export", path, out)
    model = onnx.load(out)
    onnx.checker.check_model(model, full_check=True)
    assert {output.name for output in model.graph.output} >= {"predict", "decision_function"}
    assert skiff.fails("export", path, out).startswith("error[file-exists]")
    assert skiff.fails("export", path, skiff.folder / "iris.pmml").startswith("error[usage]")
    assert skiff.fails("export", path, skiff.folder / "b.onnx", "--method", "predict_proba,predict")


@pytest.mark.parametrize("family", FAMILIES)
def test_onnxruntime_answers_as_scikit_learn(family, tmp_path):
    failures, pairs = [], set()
    for name, files in archive.cases([f"{NEWEST}/{family}/"]):
        case = json.loads(files["case.json"])
        (tmp_path / "arrays.npz").write_bytes(files["arrays.npz"])
        arrays = np.load(tmp_path / "arrays.npz", allow_pickle=False)
        path = tmp_path / archive.model(files)
        path.write_bytes(files[archive.model(files)])
        estimator = case["estimator"].rsplit(".")[-1]
        sessions = {}
        for call in case["calls"]:
            at, method = call.get("at"), call["method"]
            if "answer" not in call or call.get("params") or "input" not in call:
                continue
            if (at, method) not in sessions:
                sessions[at, method] = session(path, tmp_path / "model.onnx", at, method)
            ready = sessions[at, method]
            given = ready and feed(ready, case["inputs"][call["input"]], arrays)
            if not given:
                continue
            what = f"{family}/{name.split('/')[-1]} {method}({call['input']})"
            try:
                found = ready.run(None, given)
                exact = estimator in EXACT and "log" not in method
                # Models that were fitted to float32 compute in it here and there.
                share = 0 if exact else 1e-5 if "float32" in what else 1e-9
                difference = compare(call["answer"], arrays, found, share)
            except Exception as error:  # Whatever the runtime raises is a failure of the file.
                difference = f"{type(error).__name__}: {error}"
            if difference and not what.startswith(tuple(EXCEPTIONS)):
                failures.append(f"{what}: {difference}")
            pairs.add((estimator, method))
    if os.environ.get("SKIFF_ONNX_PAIRS"):
        with open(os.environ["SKIFF_ONNX_PAIRS"], "a") as out:
            out.writelines(f"{estimator} {method}\n" for estimator, method in sorted(pairs))
    assert not failures, "\n".join(failures[:50])


def session(path, out, at, method):
    """onnxruntime on one method of the model; none where that is not exported."""
    command = [COMMAND, "export", path, out, "--force", "--method", method, *(["--at", at] if at else [])]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode:
        assert done.stderr.startswith("error[") and "panicked" not in done.stderr, done.stderr
        return None
    onnx.checker.check_model(onnx.load(out), full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(out.read_bytes(), options, providers=["CPUExecutionProvider"])


def feed(ready, given, arrays):
    """The session's inputs for a recorded table; none where the table is of another kind."""
    inputs = ready.get_inputs()
    if given["kind"] == "dense":
        rows = arrays[given["array"]]
        if rows.dtype != np.float64 or rows.ndim != 2 or [one.name for one in inputs] != ["X"]:
            return None
        return {"X": np.ascontiguousarray(rows)} if rows.shape[1] == inputs[0].shape[1] and len(rows) else None
    if given["kind"] != "frame":
        return None
    columns = {column["name"]: column for column in given["columns"]}
    fed = {}
    if [one.name for one in inputs] == ["X"] and "X" not in columns:
        if any(column["dtype"] not in ("float64", "int64", "bool") for column in columns.values()):
            return None
        fed["X"] = np.column_stack([numbers(column) for column in columns.values()])
        return fed if fed["X"].shape[1] == inputs[0].shape[1] else None
    for one in inputs:
        column = columns.get(one.name)
        if column is None:
            return None
        if one.type == "tensor(string)":
            if not all(isinstance(value, str) for value in column["values"]):
                return None
            fed[one.name] = np.array(column["values"], object)[:, None]
        elif column["dtype"] in ("float64", "int64", "bool"):
            fed[one.name] = numbers(column)[:, None]
        else:
            return None
    return fed


def numbers(column):
    return np.array([scalar(value) for value in column["values"]], np.float64)


def scalar(value):
    """A JSON value of a recorded case."""
    if isinstance(value, dict):
        return float(value["float"])
    return np.nan if value is None else value


def compare(answer, arrays, found, share):
    """What differs first; nothing where all is as recorded."""
    expected = flatten(answer, arrays)
    if len(expected) == 1 and len(found) > 1:
        found = [np.concatenate([np.asarray(one, object) for one in found], axis=1)]
    if len(expected) != len(found):
        return f"expected {len(expected)} arrays, found {len(found)}"
    for want, have in zip(expected, found, strict=True):
        want, have = np.asarray(want), np.asarray(have)
        if want.shape != have.shape:
            return f"expected shape {want.shape}, found {have.shape}"
        if want.dtype.kind in "OUST" or have.dtype.kind in "OU":
            if any(not same(a, b) for a, b in zip(want.ravel(), have.ravel(), strict=True)):
                return f"expected {want.ravel()[:5]}, found {have.ravel()[:5]}"
        elif want.dtype.kind in "biu":
            if not np.array_equal(want.astype(np.int64), have):
                return f"expected {want.ravel()[:5]}, found {have.ravel()[:5]}"
        else:
            finite = np.abs(want[np.isfinite(want)])
            least = 1e-5 if share and want.dtype == np.float32 else share
            # Sums that cancel are judged by what they are sums of.
            slack = least * np.maximum(np.abs(want), max(1e-3 * (finite.max() if finite.size else 0), 1e-6))
            with np.errstate(invalid="ignore"):
                near = (np.abs(want - have) <= slack) | (want == have) | (np.isnan(want) & np.isnan(have))
            if not near.all():
                at = np.flatnonzero(~near.ravel())[0]
                return f"{(~near).sum()} of {near.size}: expected {want.ravel()[at]!r}, found {have.ravel()[at]!r}"
    return None


def same(a, b):
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    return a == b or (np.isnan(a) and np.isnan(b)) or abs(a - b) <= 1e-9 * abs(a)


def flatten(answer, arrays):
    """The arrays of a recorded answer."""
    kind = answer["kind"]
    if kind == "dense":
        return [arrays[answer["array"]]]
    if kind == "csr":
        shape, part = answer["shape"], {key: arrays[answer[key]] for key in ("data", "indices", "indptr")}
        dense = np.zeros(shape, part["data"].dtype)
        for row in range(shape[0]):
            held = slice(part["indptr"][row], part["indptr"][row + 1])
            np.add.at(dense[row], part["indices"][held], part["data"][held])
        return [dense]
    if kind == "objects":
        return [np.array([scalar(value) for value in answer["values"]], object).reshape(answer["shape"])]
    if kind == "frame":
        columns = [np.array([scalar(value) for value in column["values"]], object) for column in answer["columns"]]
        whole = np.column_stack(columns)
        numeric = all(column["dtype"].startswith(("float", "int", "bool")) for column in answer["columns"])
        return [whole.astype(np.float64) if numeric else whole]
    if kind == "list":
        return [array for item in answer["items"] for array in flatten(item, arrays)]
    return []
