"""Drawn estimators as files of `skiff export`, asked about rows that scikit-learn answers."""

import itertools
import pathlib
import subprocess
import tempfile

import numpy as np
import onnx_cases
import scipy.sparse
import source_cases
from agreement import ask, first_line
from generate import case
from rounding import distance, jittered

COMMAND = onnx_cases.ROOT / "target" / "release" / "skiff"
METHODS = [
    "predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "score_samples", "apply",
    "staged_predict", "staged_predict_proba", "staged_decision_function", "kneighbors", "inverse_transform",
]
#: Ten times what recorded cases have: estimators within each other add up their rounding errors.
DOUBLE, SINGLE = 1e-8, 1e-4
#: Rows that a file takes: numbers, and DataFrames of the columns of the fit.
QUESTIONS = ["fitted", "rows", "one", "float32", "integers", "missing", "infinite", "unseen"]


class Exports:
    """The targets, and a folder for their files."""

    def __init__(self, targets):
        self.targets = targets
        self.folder = tempfile.TemporaryDirectory(prefix="skiff-exports-")
        self.exported = dict.fromkeys(targets, 0)
        self.asked = self.refused = self.ties = 0

    def differs(self, content, theirs, data, space, passed_over):
        """The target and method, the rows and the difference where a file disagrees first; `None` where none does."""
        folder = pathlib.Path(self.folder.name)
        path = folder / "model.pkl"
        path.write_bytes(content)
        for target, method in itertools.product(self.targets, [None, *METHODS]):
            if method and not hasattr(theirs, method):
                continue
            try:
                ready = (opened(target) if method else whole(target))(COMMAND, path, folder, None, method)
            except Exception as error:  # Whatever the target's own tool raises.
                return f"{target} {method or 'all'}", "", f"no valid file: {first_line(error)}"
            if ready is None or method is None:
                continue
            self.exported[target] += 1
            for name, rows in questions(data, theirs, method, space, passed_over):
                # What was fitted to float32 is float32 here and there.
                what = self.difference(ready, theirs, method, rows, SINGLE if data.kind == "single" else DOUBLE)
                if what:
                    return f"{target} {method}", name, what
        return None

    def difference(self, ready, theirs, method, rows, share):
        """How the file's answer differs from scikit-learn's; `None` where it does not, or one of them has none."""
        want = arrays_of(ask(theirs, method, rows))
        asked = None if want is None else self.ask(ready, method, rows)
        if asked is None:
            return None
        found, kept = asked
        if isinstance(found, Exception):
            return f"{type(found).__name__}: {first_line(found)}"
        if found is None:
            return None
        _, what = compare(ready, want, found, share, kept)
        if what and is_unstable(theirs, method, rows, [of_rows(values, kept) for values in want], found):
            self.ties += 1
            return None
        return what

    def ask(self, ready, method, rows):
        """The arrays of a file's answer, or what it raises, and which rows it does not refuse; `None` where it does not take
        the rows."""
        arrays = {}
        table = case.encode_input(arrays, "rows", rows)
        every = np.ones(len(rows), bool)
        if hasattr(ready, "evaluator"):
            frame = pmml().frame_of(ready, table, arrays)
            if frame is None:
                return None
            self.asked += 1
            try:
                return ready.ask(frame, method), every
            except Exception as error:
                if "returned invalid value" in str(error):  # A quotient of zeros, which JPMML refuses.
                    self.refused += len(rows)
                    return None
                return error, every
        given = onnx_cases.feed(ready, table, arrays)
        if not given:
            return None
        self.asked += 1
        try:
            found, refused = onnx_cases.run(ready, given, len(rows))
        except Exception as error:
            return error, every
        self.refused += len(refused)
        return found, np.array([row not in refused for row in range(len(rows))])


def questions(data, theirs, method, space, passed_over):
    """The rows to ask about, with their source, but those of some names."""
    for name in QUESTIONS:
        source = data.questions().get(name)
        # Missing values are no integers, and gradient boosting squeezes the dimension of an only row away.
        is_odd = (name == "integers" and data.kind == "missing") or (name == "one" and method == "staged_predict")
        if source is None or name in passed_over or is_odd:
            continue
        rows = of_numbers(eval(source, space))
        if method == "inverse_transform":
            rows = ask(theirs, "transform", rows)
            rows = rows.to_numpy() if hasattr(rows, "iloc") else of_numbers(rows)
        if not isinstance(rows, Exception) and len(rows):
            yield source, rows


def arrays_of(answer):
    """An answer as arrays; `None` of an exception."""
    arrays = {}
    if isinstance(answer, Exception):
        return None
    try:
        return onnx_cases.flatten(case.encode_answer(arrays, "answer", answer), arrays)
    except TypeError:  # Objects of no kind that files have.
        return None


def of_rows(values, kept):
    return values[kept] if np.shape(values)[:1] == kept.shape else values


def compare(ready, want, found, share, kept):
    if hasattr(ready, "evaluator"):
        return pmml().compare(want, found, share)
    return onnx_cases.compare(want, found, share, kept, getattr(ready, "is_flat", False))


def is_unstable(theirs, method, rows, want, found):
    """Whether scikit-learn's own answers move about as far, once the numbers of the rows move by rounding errors."""
    chance = np.random.RandomState(0)
    found = found if isinstance(found, list) else [found]
    # Files have arrays of two dimensions where scikit-learn has one.
    if len(want) != len(found) or any(np.size(one) != np.size(other) for one, other in zip(want, found, strict=True)):
        return False
    apart = distance(want, [np.reshape(other, np.shape(one)) for one, other in zip(want, found, strict=True)])
    moved = (arrays_of(ask(theirs, method, jittered(rows, chance))) for _ in range(4))
    return any(other is not None and apart <= 10 * distance(want, other) for other in moved)


def of_numbers(rows):
    """Rows as a file takes them: dense, and of float64."""
    rows = rows.toarray() if scipy.sparse.issparse(rows) else rows
    if hasattr(rows, "iloc"):
        return rows.astype({name: np.float64 for name in rows if rows[name].dtype == np.float32})
    return rows.astype(np.float64) if isinstance(rows, np.ndarray) and rows.dtype.kind in "iubf" else rows


def opened(target):
    if target == "onnx":
        return onnx_cases.session
    return document if target == "pmml" else source_cases.LANGUAGES[target]


def whole(target):
    """What makes a file of all methods, and raises where it is not valid."""
    return {"onnx": onnx_cases.session, "c": compiled, "python": interpreted}.get(target, lambda *_: None)


def compiled(command, path, folder, at, method):
    source = folder / "whole.c"
    if onnx_cases.exported(command, path, source, at, method):
        flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
        done = subprocess.run(["cc", *flags, source], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[:2000]


def interpreted(command, path, folder, at, method):
    source = folder / "whole.py"
    if onnx_cases.exported(command, path, source, at, method):
        exec(compile(source.read_text(), str(source), "exec"), {})


def document(command, path, folder, at, method):
    """A PMML document in the JPMML evaluator; none where the method is not in it."""
    methods, _ = pmml().exported(command, path, folder / "model.pmml", at)
    return pmml().Document(folder / "model.pmml") if method in methods else None


def pmml():
    """The evaluator of PMML, which needs Java and packages of its own."""
    import pmml_cases

    return pmml_cases
