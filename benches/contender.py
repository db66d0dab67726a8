"""One contender of the benchmarks of predictions: `python benches/contender.py NAME WORKLOAD THREADS`.

It opens the workload's model, prints what that took, and then measures what the lines on stdin ask for, so that a script
can let contenders take turns, and a busy machine affects all of them equally. `skiff-bench` is the same for skiff without
Python. Each answer is a line of JSON.

| line | what is done | answer |
|---|---|---|
| `answer` | the first rows are predicted, and compared with what scikit-learn saved of them | `answers` |
| `row` | one row at a time, another one each time | median and 99th percentile of wall time, in seconds |
| `rows N` | the first N rows at once, often enough to be measured | CPU and wall time of a call, in seconds |
"""

import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

# A measurement of single rows, and of few rows, goes on for so long, in seconds.
ENOUGH = 0.1
# A treelite model that takes longer to compile, in seconds, is left out.
COMPILE = 60
# How many rows are compared.
COMPARED = 1_000
FOLDER = Path(__file__).resolve().parent.parent / "target" / "bench"

warnings.filterwarnings("ignore")


def original(folder, method, threads):
    """The package that fitted the model: scikit-learn, LightGBM, XGBoost or CatBoost."""
    import joblib

    model = joblib.load(folder / "model.joblib")
    if "n_jobs" in model.get_params(deep=False):
        model.set_params(n_jobs=threads)
    return getattr(model, method)


def skiff_wheel(folder, method, threads):
    """skiff, from Python."""
    import skiff

    return getattr(skiff.open(folder / "model.joblib"), method)


def onnx(folder, method, threads, float_type):
    """onnxruntime, with the model that skl2onnx makes."""
    import onnxruntime

    path = folder / f"{float_type}.onnx"
    if not path.exists():
        import joblib
        from skl2onnx import to_onnx
        from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType

        model = joblib.load(folder / "model.joblib")
        tensor = {"float32": FloatTensorType, "float64": DoubleTensorType, "text": StringTensorType}[float_type]
        width = 1 if float_type == "text" else model.n_features_in_
        options = {"zipmap": False} if hasattr(model, "predict_proba") else None
        options = options and {id(model): options}
        converted = to_onnx(model, initial_types=[("x", tensor([None, width]))], options=options)
        path.write_bytes(converted.SerializeToString())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    outputs = [output.name for output in session.get_outputs()]
    wanted = [outputs[1] if method == "predict_proba" else outputs[0]]
    return lambda x: session.run(wanted, {"x": x})[0]


def treelite_model(folder, method):
    import joblib
    import treelite

    model = joblib.load(folder / "model.joblib")
    package = type(model).__module__.split(".")[0]
    if package == "lightgbm":
        return treelite.frontend.from_lightgbm(model.booster_)
    if package == "xgboost":
        return treelite.frontend.from_xgboost(model.get_booster())
    if package != "sklearn":
        raise NotImplementedError(f"treelite does not read models of {package}")
    return treelite.sklearn.import_model(model)


def gtil(folder, method, threads):
    """treelite's interpreter."""
    import treelite

    model = treelite_model(folder, method)
    return lambda x: classes(treelite.gtil.predict(model, x, nthread=threads), method)


def tl2cgen(folder, method, threads):
    """treelite's model, as C and compiled."""
    import tl2cgen

    library = folder / "tl2cgen.so"
    failed = folder / "tl2cgen.failed"
    if failed.exists():
        raise TimeoutError(failed.read_text())
    if not library.exists():
        code = (
            "import sys; sys.path.insert(0, sys.argv[1]); import contender, tl2cgen, pathlib\n"
            "model = contender.treelite_model(pathlib.Path(sys.argv[2]), sys.argv[3])\n"
            "tl2cgen.export_lib(model, toolchain='gcc', libpath=sys.argv[4], params={'parallel_comp': 8})\n"
        )
        command = [sys.executable, "-c", code, Path(__file__).parent, folder, method, folder / "making.so"]
        group = subprocess.Popen([str(part) for part in command], start_new_session=True, stdout=subprocess.DEVNULL)
        try:
            if group.wait(COMPILE) != 0:
                raise NotImplementedError("tl2cgen does not compile it")
        except (subprocess.TimeoutExpired, NotImplementedError) as error:
            failed.write_text(f"not compiled within {COMPILE} s" if group.poll() is None else str(error))
            raise
        finally:
            if group.poll() is None:
                os.killpg(group.pid, 9)
        (folder / "making.so").rename(library)
    predictor = tl2cgen.Predictor(library, nthread=threads)
    return lambda x: classes(predictor.predict(tl2cgen.DMatrix(x)), method)


def classes(output, method):
    """treelite's (rows, targets, classes) as scikit-learn's shape."""
    import numpy as np

    output = output[:, 0, :]
    if method != "predict_proba":
        return output[:, 0]
    return np.hstack([1 - output, output]) if output.shape[1] == 1 else output


def one_dal(folder, method, threads):
    """scikit-learn-intelex: fitted anew with the same parameters on the same rows, since it takes no models."""
    import importlib

    import joblib
    from sklearnex import patch_sklearn

    if not (folder / "fit.joblib").exists():
        raise NotImplementedError("scikit-learn-intelex has none of its own")
    ours = joblib.load(folder / "model.joblib")
    patch_sklearn(verbose=False)

    def anew(estimator):
        if type(estimator).__name__ == "Pipeline":
            return type(estimator)([(name, anew(step)) for name, step in estimator.steps])
        module = importlib.import_module(".".join(type(estimator).__module__.split(".")[:2]))
        return getattr(module, type(estimator).__name__)(**estimator.get_params())

    model = anew(ours).fit(*joblib.load(folder / "fit.joblib"))
    if "n_jobs" in model.get_params():
        model.set_params(n_jobs=threads)
    return getattr(model, method)


CONTENDERS = {
    "skiff": skiff_wheel,
    "original": original,
    "onnxruntime float64": lambda *arguments: onnx(*arguments, "float64"),
    "onnxruntime float32": lambda *arguments: onnx(*arguments, "float32"),
    "onnxruntime": lambda *arguments: onnx(*arguments, "text"),
    "treelite GTIL": gtil,
    "tl2cgen": tl2cgen,
    "oneDAL": one_dal,
}


def main():
    name, workload, threads = sys.argv[1:]
    threads = int(threads)
    folder = FOLDER / workload
    method = (folder / "method").read_text()
    # Threads of the packages: those of OpenMP and of BLAS are limited by the environment.
    make = CONTENDERS[name]
    say = sys.stdout
    # Packages print; the answers go where nothing else does.
    sys.stdout = sys.stderr
    started = time.perf_counter()
    try:
        predict = make(folder, method, threads)
        loaded = time.perf_counter() - started
        rows = read_rows(folder, name)
        predict(rows[:2])
    except Exception as error:  # noqa: BLE001 (whatever a package raises is its answer)
        reason = str(error).strip().splitlines() or [""]
        print(json.dumps({"refused": f"{type(error).__name__}: {reason[0][:200]}"}), file=say, flush=True)
        return
    print(json.dumps({"load": loaded}), file=say, flush=True)
    following = 0
    for line in sys.stdin:
        what, *count = line.split()
        if what == "answer":
            result = {"answers": compare(folder, predict(rows[:COMPARED]), name)}
        elif what == "row":
            result, following = single_rows(predict, rows, following)
        else:
            result = several(predict, rows[: int(count[0])])
        print(json.dumps(result), file=say, flush=True)


def read_rows(folder, name):
    import numpy as np

    if (folder / "rows.npy").exists():
        rows = np.load(folder / "rows.npy")
        # A rival of another type gets its rows in that type, outside of what is measured.
        return rows.astype(np.float32) if name.endswith("float32") else rows
    if (folder / "rows.txt").exists():
        rows = (folder / "rows.txt").read_text(encoding="utf-8").splitlines()
        return np.array(rows, dtype=object).reshape(-1, 1) if name.startswith("onnx") else rows
    import pandas

    return pandas.read_csv(folder / "rows.csv")


def compare(folder, found, name):
    """What part of the answers differs from scikit-learn's, and by how much."""
    import numpy as np

    path = folder / "expected.npy"
    found = np.asarray(found.toarray() if hasattr(found, "toarray") else found)
    if name == "original":
        np.save(path, found)
        return "–"
    expected = np.load(path)
    if found.shape != expected.shape and found.size == expected.size:
        found = found.reshape(expected.shape)
    if found.shape != expected.shape:
        return f"shape {found.shape}, not {expected.shape}"
    differ = (found != expected).reshape(len(expected), -1).any(axis=1)
    if not differ.any():
        return "the same"
    if expected.dtype.kind != "f":
        return f"{differ.mean():.1%} other labels"
    return f"within {np.abs(found - expected).max() / max(1.0, np.abs(expected).max()):.0e}"


def single_rows(predict, rows, following):
    times, started = [], time.perf_counter()
    while not times or time.perf_counter() - started < ENOUGH:
        row = rows[following : following + 1]
        before = time.perf_counter()
        predict(row)
        times.append(time.perf_counter() - before)
        following = (following + 1) % len(rows)
    times.sort()
    return {"p50": statistics.median(times), "p99": times[len(times) * 99 // 100]}, following


def several(predict, rows):
    calls, started, cpu = 0, time.perf_counter(), time.process_time()
    while calls == 0 or time.perf_counter() - started < ENOUGH:
        predict(rows)
        calls += 1
    return {"cpu": (time.process_time() - cpu) / calls, "wall": (time.perf_counter() - started) / calls}


if __name__ == "__main__":
    main()
