"""Draws estimators nested in each other, fits them and asks skiff and scikit-learn the same: `python python/tests/pipelines --help`."""

import argparse
import collections
import io
import pathlib
import pickle
import random
import sys
import time
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE / "anywhere")]

import joblib  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import scipy.sparse  # noqa: E402
import skops.io  # noqa: E402
from agreement import EXACT, Tolerance, ask, disagreement, disagreement_of, first_line  # noqa: E402
from attributes import compare_estimators  # noqa: E402
from data import ROWS, Data  # noqa: E402
from draw import Draw, smaller  # noqa: E402
from estimators import CLASSES  # noqa: E402
from exceptions import ANSWERS, METHODS as ABSENT  # noqa: E402
from rounding import distance, jittered  # noqa: E402
from unstable import rounded_otherwise  # noqa: E402

import skiff  # noqa: E402

METHODS = [
    "predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "score_samples", "apply", "decision_path",
    "staged_predict", "kneighbors", "inverse_transform", "get_feature_names_out", "get_support", "score",
]
#: Estimators within each other add up their rounding errors.
DOUBLE, SINGLE = Tolerance(1e-8, 1.0), Tolerance(1e-4, 1.0)
#: Rows that are as far away, of which numpy chooses by the instructions that the processor has, are frequent in these data,
#: and behind transformers of few values.
TIES = {"counts", "frame", "sparse"}
CHOOSE_AMONG_EQUALS = {
    "Isomap", "KNNImputer", "KNeighborsClassifier", "KNeighborsRegressor", "KNeighborsTransformer", "LabelPropagation",
    "LabelSpreading", "LocalOutlierFactor", "LocallyLinearEmbedding", "NearestNeighbors",
}
FEW_VALUES = {"Binarizer", "KBinsDiscretizer", "MissingIndicator", "RandomTreesEmbedding", "StackingClassifier", "StackingRegressor", "VotingRegressor"}
#: Metrics that have few distances: those of booleans, and among rows of one column the angles.
FEW_DISTANCES = ("yule", "dice", "jaccard", "rogerstanimoto", "russellrao", "sokalsneath", "sokalmichener", "matching", "hamming")
ANGLES = ("cosine", "correlation")
#: What skiff refuses by name where scikit-learn answers: part of the message, and why nobody misses the answer.
REFUSED = {
    "`pyfunc` by brute force": "a metric of trees, which have the function: here is none",
    "constant extrapolation of splines of degree 0": "most rows beyond the knots raise a ValueError, others are zeros",
    "with radius=None": "no row has neighbors: the comparison is with NaN",
    "of integers of this dtype is not supported": "functions of bools and of 8-bit integers are float16 in numpy",
    "has no method `get_feature_names_out`": "columns of numbers, of which scikit-learn makes names of None",
    "of a sparse matrix is not supported": "`np.square` of a square one is a product of matrices, most other functions raise",
    "sparse splines of missing values": "scikit-learn clears NaN in the columns of the first feature only",
}
#: What scikit-learn stumbles over by itself: part of the message, and where it comes from.
CRASHES = {
    "buffer source array is read-only": "memory that pandas gives out, which Cython functions without `const` refuse",
    "'coo_matrix' object is not subscriptable": "what the chains of multioutput make of sparse rows, of which they fit on another form",
}
#: What a fit may not take longer than, in seconds of the processor; those that do are passed over.
LONGEST = 3.0


def has_few_distances(node):
    """Whether many rows are equally far from each other, whatever the data."""
    metrics = FEW_DISTANCES + ANGLES * any(name.startswith("Bagging") for name in node.names())
    return bool(node.names() & FEW_VALUES) or any(f"'{metric}'" in node.source() for metric in metrics)


def main():
    if any(argument.partition("=")[0] == "--version" for argument in sys.argv[1:]):
        import versions

        return versions.main(sys.argv[1:])
    parser = argparse.ArgumentParser(prog="pipelines", description=__doc__, epilog="--version VERSION --help: of another scikit-learn")
    parser.add_argument("--seconds", type=float, default=120.0, help="how long to try")
    parser.add_argument("--count", type=int, help="how many estimators to draw at most")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="where the random numbers begin")
    parser.add_argument("--only", type=int, help="one estimator, by its number")
    parser.add_argument("--depth", type=int, default=3, help="how deep estimators are nested at most")
    parser.add_argument("--most", type=int, default=20, help="how many disagreements to show at most")
    parser.add_argument("--export", help="export to these targets instead, such as onnx,c,python,pmml, and ask the files")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    run = Run(arguments.seed, arguments.depth)
    if arguments.export:
        run = ExportRun(arguments.seed, arguments.depth, arguments.export.split(","))
    begun, number = time.monotonic(), arguments.only or 0
    while time.monotonic() - begun < arguments.seconds:
        run.trial(number)
        number += 1
        if arguments.only is not None or number == arguments.count or len(run.shown) >= arguments.most:
            break
    print(
        f"seed {arguments.seed}: {run.fitted} of {number} estimators were fitted, {run.asked} questions, "
        f"{len(run.shown)} disagreements, {run.ties} passed over for ties, {run.refused} refused{run.more()}, {time.monotonic() - begun:.0f} s"
    )
    return 1 if run.shown else 0


class Run:
    options = ""

    def __init__(self, seed, depth):
        self.seed, self.depth = seed, depth
        self.fitted = self.asked = self.ties = self.refused = 0
        self.shown = {}

    def trial(self, number):
        """Draws one estimator, and shows where the two disagree."""
        chance = random.Random(self.seed * 1_000_003 + number)
        draw = Draw(chance)
        kind = chance.choice(["classifier", "regressor", "transformer", "other"])
        targets = {"regressor": ["number", "number", "numbers"]}.get(kind, ["two", "three", "three", "labels"])
        data = Data(chance.choice(sorted(ROWS)), chance.choice(targets), chance.randrange(1000))
        node = draw.estimator(kind, self.depth)
        if data.kind == "frame":
            node = draw.of_frame(node, ["a", "b", "c"], ["word"])
        elif data.kind == "missing" and chance.random() < 0.8:
            node = draw.of_missing(node)
        # Weights of DataFrames are refused.
        container = "pandas" if chance.random() < 0.1 and "transformer_weights" not in node.source() else None
        names = chance.sample(sorted(data.questions()), 4)
        found = self.differs(node, data, names, container, counts=True)
        if found and not is_known(node, found[0]) and not is_of_objects(data, found):
            node, found = self.minimal(node, data, names, container, found)
            key = found[0], found[2].split(",")[0][:60]
            if key not in self.shown:
                self.shown[key] = number
                print(script(node, data, container, found, f"{self.options} --seed {self.seed} --only {number}".strip()), flush=True)

    def more(self):
        """What else was counted."""
        return " by name"

    def minimal(self, node, data, names, container, found):
        """The simplest estimator that disagrees in the same method."""
        begun, progress = time.monotonic(), True
        while progress and time.monotonic() - begun < 60:
            progress = False
            for simpler in smaller(node):
                other = self.differs(simpler, data, names, container)
                if other and other[0] == found[0] and not is_known(simpler, other[0]):
                    node, found, progress = simpler, other, True
                    break
        return node, found

    def fit(self, node, data, container, counts):
        """The fitted estimator and the names that there are then; `None` where it cannot be fitted."""
        space = {**CLASSES, "np": np, "pd": pd, "scipy": scipy}
        try:
            exec("\n".join(data.lines()), space)
            theirs = eval(node.source(), space)
            if container:
                theirs.set_output(transform=container)
            begun = time.process_time()
            np.random.seed(0)
            with np.errstate(all="ignore"):
                theirs.fit(space["X"], space["y"])
            if time.process_time() - begun > LONGEST:
                return None
        except Exception:  # Most of what is drawn cannot be fitted, for every reason there is.
            return None
        if not is_finite(theirs):
            return None
        self.fitted += counts
        return theirs, space

    def differs(self, node, data, names, container, counts=False):
        """The method, the rows and the difference where the two disagree first; `None` where they do not."""
        done = self.fit(node, data, container, counts)
        if done is None:
            return None
        theirs, space = done
        content = pickle.dumps(theirs)
        theirs = pickle.loads(content)
        try:
            ours = skiff.open(content)
        except skiff.SkiffError as error:
            # Some fits leave what answers nothing.
            if self.is_refused(error):
                return None
            answers = [ask(theirs, method, space["Q"]) for method in METHODS[:6]]
            return ("open", "", first_line(error)) if not all(isinstance(one, Exception) for one in answers) else None
        tolerance = SINGLE if data.kind == "single" else DOUBLE
        for method in METHODS:
            if not hasattr(theirs, method):
                continue
            for name in ["rows", *names]:
                if name in passed_over(node, container):
                    continue
                rows = eval(data.questions()[name], space)
                if method.startswith("get_"):
                    given = ()
                elif method == "score":
                    given = (space["X"], space["y"])
                elif method == "inverse_transform":
                    transformed = ask(theirs, "transform", rows)
                    if isinstance(transformed, Exception):
                        continue
                    # Some go wrong over a DataFrame of their own.
                    given = (transformed.to_numpy() if hasattr(transformed, "iloc") else transformed,)
                else:
                    given = (rows,)
                self.asked += counts
                answers = ask(ours, method, *given), ask(theirs, method, *given)
                if isinstance(answers[0], Exception) and "rounding errors" in str(answers[0]):
                    self.ties += 1
                    return None
                if not isinstance(answers[1], Exception) and self.is_refused(answers[0]):
                    return None
                if isinstance(answers[1], Exception) and any(crash in str(answers[1]) for crash in CRASHES):
                    continue
                what = disagreement_of(method)(*answers, SINGLE if name == "float32" else tolerance)
                # Scores are differences from 1.
                if what and method == "score" and distance(*answers) <= tolerance.share:
                    what = None
                has_ties = data.kind in TIES or has_few_distances(node) or name in ("integers", "bytes", "unsigned", "bools", "missing")
                if what and has_ties and node.names() & CHOOSE_AMONG_EQUALS:
                    self.ties += 1
                    return None
                if what and self.is_unstable(theirs, method, given, answers, tolerance):
                    self.ties += 1
                    return None
                if what:
                    return method, data.questions()[name], what
                if not given or method == "score":
                    break
        return self.formats(theirs, ours, space["Q"]) or self.attributes(theirs, ours, space["Q"])

    def is_refused(self, answer):
        """Whether skiff's answer is one of the refusals that are known."""
        refused = isinstance(answer, Exception) and any(what in str(answer) for what in REFUSED)
        self.refused += refused
        return refused

    def is_unstable(self, theirs, method, given, answers, tolerance):
        """Whether scikit-learn's own answers move about as far, once the rows or what is computed within move by rounding errors."""
        # Several arrays, and arrays of another dtype, are never excused.
        if any(isinstance(answer, (Exception, list, tuple)) for answer in answers):
            return False
        if len({str(answer.dtype if hasattr(answer, "dtype") else np.asarray(answer).dtype) for answer in answers}) > 1:
            return False
        chance = np.random.RandomState(0)
        apart = distance(*answers)
        rows = given[0] if given else None
        rows = np.array(rows) if isinstance(rows, list) else rows
        if getattr(getattr(rows, "dtype", None), "kind", "") in tuple("fiu"):
            single = str(getattr(answers[1], "dtype", "")) == "float32"
            moved = [ask(theirs, method, jittered(rows, chance, single), *given[1:]) for _ in range(16)]
            # Numbers that are the ends of the range of the fit are beyond it.
            if np.asarray(rows).dtype.kind == "f" and any(isinstance(other, Exception) for other in moved):
                return True
            if any(apart <= 10 * distance(other, answers[1]) for other in moved):
                return True
        moved = (ask(rounded_otherwise(theirs, chance), method, *given) for _ in range(16))
        return any(apart <= 10 * distance(other, answers[1]) for other in moved)

    def formats(self, theirs, ours, rows):
        """What a file of another format answers otherwise."""
        contents = {}
        for name, dump in [("joblib", joblib.dump), ("skops", skops.io.dump), ("skiff", skiff.dump)]:
            out = io.BytesIO()
            try:
                dump(theirs, out) if name != "skiff" else skiff.dump(theirs, out, format="skiff")
            except Exception as error:
                if name == "skops":  # It has no place for some things.
                    continue
                return "dump", name, first_line(error)
            contents[name] = out.getvalue()
        for name, content in contents.items():
            try:
                other = skiff.open(content)
            except skiff.SkiffError as error:
                return "open", name, first_line(error)
            for method in METHODS[:5]:
                if hasattr(ours, method):
                    answers = ask(other, method, rows), ask(ours, method, rows)
                    what = disagreement(*answers, EXACT)
                    if what:
                        return method, f"Q of a file of {name}", what
        return None

    def answers(self, theirs, what, rows):
        """Whether a method that is absent answers in scikit-learn; of estimators within, who knows."""
        name = what[1:].partition("(")[0]
        return "." not in name and not isinstance(ask(theirs, name, rows), Exception)

    def attributes(self, theirs, ours, rows):
        found = []
        compare_estimators(ours, theirs, "", found)
        # A method of an estimator of others may be there and raise.
        found = [what for what in found if not what.endswith("(): absent") or self.answers(theirs, what, rows)]
        return ("attributes", "", found[0]) if found else None


class ExportRun(Run):
    """Exports what is drawn, and asks the files."""

    def __init__(self, seed, depth, targets):
        from exports import Exports

        super().__init__(seed, depth)
        self.exports, self.options = Exports(targets), f"--export {','.join(targets)}"

    def more(self):
        counts = ", ".join(f"{count} to {target}" for target, count in self.exports.exported.items())
        return f" rows, methods exported: {counts}"

    def differs(self, node, data, names, container, counts=False):
        done = self.fit(node, data, container, counts)
        if done is None:
            return None
        theirs, space = done
        content = pickle.dumps(theirs)
        before = self.exports.asked, self.exports.refused, dict(self.exports.exported)
        found = self.exports.differs(content, pickle.loads(content), data, space, passed_over(node, container))
        if counts:
            self.asked, self.refused, self.ties = self.exports.asked, self.exports.refused, self.exports.ties
        else:
            self.exports.asked, self.exports.refused, self.exports.exported = before
        return found


def passed_over(node, container):
    """The rows that are not asked about."""
    # Of lists, each column transformer makes an array of objects for itself.
    lists = {"list"} if "ColumnTransformer" in node.names() - {node.name} else set()
    # Sparse columns that are passed through cannot be in a DataFrame, wherever that would be.
    # What counts rows, and asks nothing else of them, takes none as well.
    none = {"none"} if node.names() & {"DummyClassifier", "DummyRegressor"} else set()
    # scikit-learn's own crash: it divides by the number of rows.
    none |= {"none"} if node.names() & {"KNeighborsClassifier", "RadiusNeighborsClassifier"} else set()
    # It answers lists, where `apply` of scikit-learn does not.
    lists |= {"list"} if "GradientBoostingRegressor" in node.names() else set()
    # Of an only row they make an array of one dimension, which most that follows refuses.
    none |= {"one"} if node.names() & {"MiniBatchSparsePCA", "SparsePCA"} else set()
    # scikit-learn takes the numbers of one order for those of another.
    orders = {"by columns"} if node.names() & {"NMF", "MiniBatchNMF"} and "beta_loss" in node.source() else set()
    # Weights of objects, as of DataFrames, are refused.
    objects = {"list", "objects", "frame"} if "transformer_weights" in node.source() else set()
    return lists | none | orders | objects | ({"sparse", "by columns"} if container else set())


def is_known(node, method):
    """Whether an estimator within is known to differ in this method."""
    known = {(name, method) for name, method, _ in ANSWERS} | ABSENT.keys()
    return any((name, method) in known for name in node.names())


def is_of_objects(data, found):
    """Whether numbers that are selected out of a table of objects, as one of bools and numbers is, are objects in numpy only."""
    return data.kind == "frame" and found[0] == "transform" and found[2].startswith("object (") and ", found float64 (" in found[2]


def is_finite(estimator):
    """Whether the fit went well: NaN as a coefficient is nobody's model."""
    numbers = [value for value in vars(estimator).values() if isinstance(value, np.ndarray) and value.dtype.kind == "f"]
    return all(np.isfinite(value).all() or np.isnan(value).any() for value in numbers)


def script(node, data, container, found, how):
    """What shows the disagreement, to run as it is."""
    method, rows, what = found
    modules = collections.defaultdict(list)
    for name in sorted(node.names()):
        modules[CLASSES[name].__module__.split("._")[0]].append(name)
    imports = [f"from {module} import {', '.join(names)}" for module, names in sorted(modules.items())]
    made = f"theirs = {node.source()}" + (f".set_output(transform={container!r})" if container else "")
    target, _, exported = method.partition(" ")
    if exported:
        methods = "" if exported == "all" else f", methods=[{exported!r}]"
        export = f"skiff.export(pickle.dumps(theirs), {f'model.{target}'!r}{methods}, target={target!r})"
        asked = [f"print(theirs.{exported}({rows}))"] if rows else []
        lines = [f"# {target}: {what}", f"# Found by: cargo xtask pipelines {how}"]
        lines += ["import io, pickle, numpy as np, pandas as pd, scipy.sparse, skiff", *imports, "", *data.lines(), made]
        return "\n".join([*lines, "theirs.fit(X, y)", export, *asked, ""])
    call = "" if rows in ("", "joblib", "skops") else f"{method}({rows})"
    lines = [
        f"# {what}",
        f"# Found by: cargo xtask pipelines {how}",
        "import io, pickle, numpy as np, pandas as pd, scipy.sparse, skiff",
        *imports,
        "",
        *data.lines(),
        made,
        "theirs.fit(X, y)",
        "ours = skiff.open(pickle.dumps(theirs))",
        *([f"print(theirs.{call})", f"print(ours.{call})"] if call and " of a file" not in call else []),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
