"""Recorded cases as ONNX files of `skiff export`, asked by onnxruntime: for `test_onnx.py`, and as a program for
`cargo xtask peers onnx`, which asks all of them and writes `docs/onnx.md`.

The newest onnxruntime, an old one and files that skl2onnx converts are asked in an environment each: with ``--record`` what was
found is kept, and what other environments recorded is put in the page with ``--old`` and ``--converted``."""

import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "fixtures"))

from generate import archive  # noqa: E402

NEWEST = "1.9.1"

#: Nothing but trees and their sums is computed: every bit counts.
EXACT = {
    "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor",
    "ExtraTreesClassifier", "ExtraTreesRegressor", "RandomForestClassifier", "RandomForestRegressor",
}  # fmt: skip
#: Where onnxruntime's answer differs: calls by their names, and why.
EXCEPTIONS = {
    r"svm/one_class_svm_linear score_samples": "a sum of products that cancels",
    r"cluster/bisecting_k_means_far transform": "distances far from the origin, which are what a subtraction leaves",
    r"decomposition/(mini_batch_)?sparse_pca.* transform\(one\)": "scikit-learn returns one row without its first dimension",
    r"ensemble/gradient_boosting_(binary|exponential) staged_predict\(one\)": (
        "scikit-learn returns a label without dimensions"
    ),
    r"(cluster|neighbors)/\S*_tenths\S* (predict|kneighbors|radius_neighbors)": "points at almost the same distance, of which rounding takes one",
    r"float32_far_origin/.*32\)": "rows of float32 far from the origin, which scikit-learn subtracts in float32",
    r"discriminant_analysis/lda_float32_binary predict_proba\(float32\)": "scikit-learn computes in float32",
    r"neighbors/lof_float32 decision_function\(float32\)": "scikit-learn computes in float32",
}
#: Where the answers of older versions differ, which the newest one and skiff do not repeat.
EXCEPTIONS_OF_OLDER = {
    r"0.21.3/impute/iterative_indicator transform\(nothing\)": "0.21 drops the columns that show what is missing where everything is",
    r"1.[34].2/naive_bayes/bernoulli_alpha_tiny predict_(joint_)?log_proba": "the logarithm of 1 less a probability close to 1, in which two versions of numpy's `exp` differ in the last place",
}

#: The class of the estimator, the method, and what the call is named in messages.
Call = collections.namedtuple("Call", "estimator method name")


def is_known(call):
    """Whether the answer differs for a reason that is known."""
    name = re.sub(r"^\d[^/]*/", "", call.name)
    of_older = any(re.match(pattern, call.name) for pattern in EXCEPTIONS_OF_OLDER)
    return of_older or any(re.match(pattern, name) for pattern in EXCEPTIONS)


def families():
    """The modules that have recorded cases."""
    return sorted({module for version, module, _ in archive.archives() if version == NEWEST})


#: The versions before the newest, of which files are exported as they are.
OLDER = sorted(
    {version for version, _, _ in archive.archives()} - {NEWEST},
    key=lambda version: ([int(part) for part in re.findall(r"\d+", version)[:3]], version),
)


def spread(version, count):
    """So many cases of a version, at the same distance from each other in the order of their names."""
    cases = [*archive.cases([f"{version}/"])]
    return cases[:: max(1, len(cases) // count)]


def outcomes(command, family, folder, opened=None):
    """:func:`outcomes_of` the cases of a family of the newest scikit-learn."""
    return outcomes_of(command, archive.cases([f"{NEWEST}/{family}/"]), folder, opened)


def outcomes_of(command, cases, folder, opened=None):
    """Each call of cases that is exported and whose table the file takes: the call, how many rows were refused and how many
    there are, the greatest relative difference, and what differs. ``opened`` makes a session of a model, as :func:`session`
    does; if it has a number ``together``, so many are opened before they are asked."""
    opened = opened or session
    questions, count = [], 0
    for name, files in cases:
        case = json.loads(files["case.json"])
        (folder / "arrays.npz").write_bytes(files["arrays.npz"])
        with np.load(folder / "arrays.npz", allow_pickle=False) as stored:
            arrays = dict(stored)
        path = folder / archive.model(files)
        path.write_bytes(files[archive.model(files)])
        sessions = {}
        for call in case["calls"]:
            at, method = call.get("at"), call["method"]
            if "answer" not in call or call.get("params") or "input" not in call:
                continue
            if (at, method) not in sessions:
                sessions[at, method] = opened(command, path, folder, at, method)
            given = sessions[at, method] and feed(sessions[at, method], case["inputs"][call["input"]], arrays)
            if not given:
                continue
            what = f"{name.removeprefix(NEWEST + '/')} {method}({call['input']})"
            asked = Call(case["estimator"].rsplit(".")[-1], method, what)
            questions.append((asked, sessions[at, method], given, call["answer"], arrays))
        count += len(sessions)
        if count >= getattr(opened, "together", 1):
            yield from answers(questions)
            questions, count = [], 0
    yield from answers(questions)


def answers(questions):
    for asked, ready, given, answer, arrays in questions:
        yield asked, *outcome(ready, given, asked, answer, arrays)


def outcome(ready, given, call, answer, arrays):
    rows = len(next(iter(given.values())))
    exact = call.estimator in EXACT and "log" not in call.method
    # What was fitted to float32, or is asked in it, scikit-learn computes in it here and there.
    is_single = "float32" in call.name or any(values.dtype == np.float32 for values in given.values())
    share = 0 if exact else 1e-5 if is_single else 1e-9
    given = {name: values.astype(np.float64) if values.dtype.kind == "f" else values for name, values in given.items()}
    try:
        found, refused = run(ready, given, rows)
        if found is None:
            return refused, rows, 0.0, None
        kept = np.array([row not in refused for row in range(rows)])
        greatest, differs = compare(flatten(answer, arrays), found, share, kept, getattr(ready, "is_flat", False))
    except Exception as error:  # Whatever the runtime raises is a failure of the file.
        return set(), rows, np.inf, f"{type(error).__name__}: {str(error)[:300]}"
    return refused, rows, greatest, differs


def run(ready, given, rows):
    """The outputs for all rows but those that the file refuses, which are asked one by one then; and these."""
    try:
        return ready.run(None, given), set()
    except Exception as error:
        if "refused: " not in str(error):
            raise
    refused, parts = set(), []
    for row in range(rows):
        try:
            parts.append(ready.run(None, {name: values[row : row + 1] for name, values in given.items()}))
        except Exception as error:
            if "refused: " not in str(error):
                raise
            refused.add(row)
    return [np.concatenate(part) for part in zip(*parts, strict=True)] if parts else None, refused


def exported(command, path, out, at, method):
    """Whether one method of the model could be exported, or some method at all where none is named."""
    methods = ["--method", method] if method else []
    arguments = [command, "export", path, out, "--force", *methods, *(["--at", at] if at else [])]
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True)
    if done.returncode:
        assert done.stderr.startswith("error[") and "panicked" not in done.stderr, done.stderr
    return done.returncode == 0


def session(command, path, folder, at, method):
    """onnxruntime on one method of the model; none where that is not exported."""
    out = folder / "model.onnx"
    if not exported(command, path, out, at, method):
        return None
    model = onnx.load(out)
    onnx.checker.check_model(model, full_check=True)
    names = {node.name for node in model.graph.node}
    assert "" not in names and len(names) == len(model.graph.node), "two nodes of one name"
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(out.read_bytes(), options, providers=["CPUExecutionProvider"])


#: The operators that an old onnxruntime has not, one for each file that it does not load.
NOT_LOADED = []


def old_session(command, path, folder, at, method):
    """onnxruntime on one method of the model; none where it has no operator of the file for float64."""
    try:
        return session(command, path, folder, at, method)
    except Exception as error:
        missing = re.search(r"Could not find an implementation for (\w+)", str(error))
        if not missing:
            raise
        NOT_LOADED.append(missing[1])
        return None


def feed(ready, given, arrays):
    """The session's inputs for a recorded table; none where the table is of another kind."""
    inputs = ready.get_inputs()
    if given["kind"] == "dense":
        rows = arrays[given["array"]]
        if rows.dtype not in (np.float64, np.float32) or rows.ndim != 2 or [one.name for one in inputs] != ["X"]:
            return None
        rows = np.ascontiguousarray(rows)
        return {"X": rows} if rows.shape[1] == inputs[0].shape[1] and len(rows) else None
    if given["kind"] != "frame":
        return None
    columns = {column["name"]: column for column in given["columns"]}
    fed = {}
    if [one.name for one in inputs] == ["X"] and "X" not in columns:
        names = json.loads(ready.get_modelmeta().custom_metadata_map.get("feature_names_in_", "null"))
        if names not in (None, list(columns)):
            return None
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


def compare(expected, found, share, kept, is_flat):
    """The greatest difference of numbers, relative to their size, and what differs first, in the rows that are kept.
    ``is_flat`` says that more than two dimensions are two."""
    if len(expected) == 1 and len(found) > 1:
        is_numeric = all(np.asarray(one).dtype.kind in "biuf" for one in found)
        found = [np.concatenate([np.asarray(one, np.float64 if is_numeric else object) for one in found], axis=1)]
    if len(expected) != len(found):
        return np.inf, f"expected {len(expected)} arrays, found {len(found)}"
    greatest, differs = 0.0, None
    for want, have in zip(expected, found, strict=True):
        want, have = np.asarray(want), np.asarray(have)
        if not kept.all():
            want = want[kept]
        if is_flat and want.ndim > 2:
            want = want.reshape(len(want), -1)
        if want.shape != have.shape:
            return np.inf, f"expected shape {want.shape}, found {have.shape}"
        if want.dtype.kind in "OUST" or have.dtype.kind in "OU":
            unequal = np.array([not same(a, b) for a, b in zip(want.ravel(), have.ravel(), strict=True)], bool)
            if unequal.any():
                return np.inf, first(want, have, unequal)
        elif want.dtype.kind in "biu":
            unequal = (want.astype(np.int64) != have).ravel()
            if unequal.any():
                return np.inf, first(want, have, unequal)
        else:
            finite = np.abs(want[np.isfinite(want)])
            least = 1e-5 if share and want.dtype == np.float32 else share
            # Sums that cancel are judged by what they are sums of.
            size = np.maximum(np.abs(want), max(1e-3 * (finite.max() if finite.size else 0), 1e-6))
            with np.errstate(invalid="ignore"):
                equal = (want == have) | (np.isnan(want) & np.isnan(have))
                apart = np.where(equal, 0.0, np.abs(want - have) / size)
            apart = np.where(np.isnan(apart), np.inf, apart)
            if not want.size:
                continue
            greatest = max(greatest, float(apart.max()))
            far = ~(apart <= least)
            if far.any() and differs is None:
                differs = first(want, have, far.ravel())
    return greatest, differs


def first(want, have, unequal):
    """How many elements differ, and the first of them."""
    at = np.flatnonzero(unequal)[0]
    return f"{unequal.sum()} of {unequal.size}: expected {want.ravel()[at]!r}, found {have.ravel()[at]!r}"


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


class Older:
    """What became of the recorded cases of older versions."""

    def __init__(self):
        self.cases, self.methods, self.calls, self.differ, self.greatest = set(), set(), 0, 0, 0.0
        self.failures = []

    def add(self, call, greatest, differs):
        self.cases.add(call.name.split(" ")[0])
        self.methods.add((call.estimator, call.method))
        self.calls += 1
        if differs:
            self.differ += 1
            known = is_known(call)
            print(f"{'known' if known else 'DIFFERS'} {call.name}: {differs}", flush=True)
            self.failures += [] if known else [call.name]
        elif "32" not in call.name:
            self.greatest = max(self.greatest, greatest)

    def line(self):
        return (
            f"{len(self.cases):,} cases of {len(OLDER)} older versions ({OLDER[0]} to {OLDER[-1]}), exported from their files as they"
            f" are: {self.calls:,} calls of {len(self.methods)} methods, of which {self.differ} differ, the others by"
            f" {self.greatest:.1e} at most."
        )


def older(command, opened=None):
    """All recorded cases of older versions."""
    found = Older()
    with tempfile.TemporaryDirectory() as folder:
        for version in OLDER:
            cases = archive.cases([f"{version}/"])
            for call, _, _, greatest, differs in outcomes_of(command, cases, pathlib.Path(folder), opened):
                found.add(call, greatest, differs)
            print(f"{version}: {found.calls} calls so far", flush=True)
    return found


class Tally:
    """What became of the calls of one method of an estimator."""

    def __init__(self, calls=0, rows=0, refused=0, differ=0, greatest=0.0):
        self.calls, self.rows, self.refused, self.differ, self.greatest = calls, rows, refused, differ, greatest


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", type=pathlib.Path)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("families", nargs="*", help="all where none are named, and only then is the page written")
    parser.add_argument("--record", type=pathlib.Path, help="write what was found to this file instead of the page")
    parser.add_argument("--older", action="store_true", help="pass over files that this onnxruntime does not load")
    parser.add_argument("--convert", action="store_true", help="ask files that skl2onnx converts")
    parser.add_argument("--old", type=pathlib.Path, help="what an old onnxruntime recorded")
    parser.add_argument("--converted", type=pathlib.Path, help="what was recorded of skl2onnx")
    arguments = parser.parse_args()
    opened = old_session if arguments.older else None
    if arguments.convert:
        from converted import session as opened
    tallies, failures = collections.defaultdict(Tally), []
    with tempfile.TemporaryDirectory() as folder:
        for family in arguments.families or families():
            found = outcomes(arguments.command, family, pathlib.Path(folder), opened)
            for call, refused, rows, greatest, differs in found:
                tally = tallies[call.estimator, call.method]
                tally.calls += 1
                tally.rows += rows
                tally.refused += len(refused)
                if differs:
                    tally.differ += 1
                    known = arguments.convert or is_known(call)
                    if not arguments.convert:
                        print(f"{'known' if known else 'DIFFERS'} {call.name}: {differs}", flush=True)
                    failures += [] if known else [call.name]
                else:
                    tally.greatest = max(tally.greatest, greatest)
            print(f"{family}: {sum(tally.calls for tally in tallies.values())} calls so far", flush=True)
    if arguments.record:
        record(arguments.record, tallies)
    else:
        old, converted = recorded(arguments.old), recorded(arguments.converted)
        of_older = Older() if arguments.families else older(arguments.command)
        failures += of_older.failures
        table = page(tallies, old, converted, of_older)
        if not arguments.families:
            arguments.page.write_text(table)
        print(table.split("\n\n| estimator")[0])
    sys.exit(f"{len(failures)} calls differ" if failures else 0)


#: What was found by another environment, and the versions of its packages.
Recorded = collections.namedtuple("Recorded", "versions tallies not_loaded")


def record(path, tallies):
    names = ("onnxruntime", "skl2onnx")
    versions = {name: module.__version__ for name in names if (module := sys.modules.get(name))}
    found = [[*key, vars(tally)] for key, tally in tallies.items()]
    missing = dict(collections.Counter(NOT_LOADED))
    path.write_text(json.dumps({"versions": versions, "found": found, "not_loaded": missing}))


def recorded(path):
    if path is None:
        return Recorded({}, {}, {})
    content = json.loads(path.read_text())
    tallies = {(one, method): Tally(**tally) for one, method, tally in content["found"]}
    return Recorded(content["versions"], tallies, content["not_loaded"])


def page(tallies, old, converted, of_older):
    done = {key: tally for key, tally in tallies.items() if tally.calls > tally.differ}
    estimators = {estimator for estimator, method in done if method in ("predict", "transform")}
    known = "\n".join(f"- `{name}`: {why}" for name, why in EXCEPTIONS.items())
    known_of_older = "\n".join(f"- `{name}`: {why}" for name, why in EXCEPTIONS_OF_OLDER.items())
    lines = [
        "# ONNX files in onnxruntime",
        "",
        f"`cargo xtask peers onnx` exports the recorded cases of scikit-learn {NEWEST}, checks each file with `onnx.checker`"
        f" and shape inference, runs it, and compares with what scikit-learn returned: onnx {onnx.__version__}, onnxruntime"
        f" {onnxruntime.__version__}, float64, one thread.",
        "",
        f"{total(tallies, 'calls')} calls of {len({estimator for estimator, _ in tallies})} estimators ({len(estimators)} with"
        f" `predict` or `transform`), {total(tallies, 'rows')} rows, of which {total(tallies, 'refused')} are refused by the"
        f" file; {total(tallies, 'differ')} calls differ:",
        "",
        known,
        "",
        "Labels are identical. The greatest difference is relative to the number, or to a thousandth of the greatest one"
        " in the answer; 0 is every bit. Models fitted to float32 are compared to 10⁻⁵.",
        "",
        of_older.line() + " Besides those above:",
        "",
        known_of_older,
        "",
        *of_old(old),
        *of_converted(converted, tallies),
        "| estimator | method | calls | rows | refused | differ | greatest difference | differ in the oldest | skl2onnx: calls"
        " | differ | greatest difference |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for key, tally in sorted(tallies.items()):
        estimator, method = key
        before, other = old.tallies.get(key), converted.tallies.get(key)
        others = [f"{other.calls}", f"{other.differ}", number(other)] if other else ["–", "–", "–"]
        lines.append(
            f"| `{estimator}` | `{method}` | {tally.calls} | {tally.rows:,} | {tally.refused:,} | {tally.differ} |"
            f" {number(tally)} | {before.differ if before else '–'} | {' | '.join(others)} |"
        )
    return "\n".join(lines) + "\n"


def number(tally):
    """The greatest difference, where some call agrees."""
    if tally.calls == tally.differ:
        return "–"
    return f"{tally.greatest:.1e}" if tally.greatest else "0"


def total(tallies, field):
    return f"{sum(getattr(tally, field) for tally in tallies.values()):,}"


def of_old(old):
    if not old.tallies:
        return []
    return [
        f"onnxruntime {old.versions['onnxruntime']}, the oldest that runs `TreeEnsemble` of ai.onnx.ml 5, is asked the same:"
        f" {total(old.tallies, 'calls')} calls, of which {total(old.tallies, 'differ')} differ."
        + "".join(
            f" {count} files are not loaded there, which has no `{name}` of float64."
            for name, count in sorted(old.not_loaded.items())
        ),
        "",
    ]


def of_converted(converted, tallies):
    if not converted.tallies:
        return []
    every = {key for key in converted.tallies if key in tallies}
    equal = sum(1 for key in every if not converted.tallies[key].differ)
    ours = sum(1 for key in every if not tallies[key].differ)
    return [
        f"skl2onnx {converted.versions['skl2onnx']} converts the same models, where it can, for inputs of float64, and its files"
        f" are asked about the same tables of numbers: {total(converted.tallies, 'calls')} calls of"
        f" {len({estimator for estimator, _ in converted.tallies})} estimators, of which {total(converted.tallies, 'differ')}"
        f" differ by the same measure. Of the {len(every)} methods that both export, {equal} agree with scikit-learn in all"
        f" calls; of skiff's, {ours}.",
        "",
    ]


if __name__ == "__main__":
    main()
