"""Models drawn and fitted by other versions of scikit-learn: skiff answers as they did, and so do they once converted.

`cargo xtask pipelines --version VERSION`; the README next to this says more.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE / "anywhere")]

import exchange  # noqa: E402
import numpy as np  # noqa: E402
import scipy.sparse  # noqa: E402
from agreement import Tolerance, ask, at, disagreement_of, first_line  # noqa: E402
from rounding import distance  # noqa: E402

import skiff  # noqa: E402

ROOT = HERE.parents[2]
NEWEST = "1.9.1"
#: For which versions models of the newest one are converted.
BACK = ["1.5.2", "1.0.2", "0.24.2", "0.20.4"]
#: How many estimators are drawn at a time.
ROUND = 60
#: Answers of other versions of scipy and BLAS differ in the last digits.
DOUBLE, SINGLE = Tolerance(1e-8, 1.0), Tolerance(1e-4, 1.0)
#: Which of several neighbors as far away is met first hangs on the processor, and on the version of numpy.
CHOOSE_AMONG_EQUALS = re.compile(r"(KNeighbors|LocalOutlierFactor|Isomap|LabelPropagation|LabelSpreading|KNNImputer|LocallyLinear)")
OF_TIES = {"ties", "counts", "words", "frame", "sparse", "texts"}
#: What newer versions answer otherwise whatever the state: before which one, which methods.
OTHERWISE = [
    # Selected features by an estimator's weights, and what regressors predict: these methods are gone.
    ([0, 19], {"transform", "decision_function"}),
    # Of several targets it weighs each by its variance.
    ([0, 23], {"score"}),
]
#: Warnings about a class itself.
DEPRECATED = "Class PassiveAggressive"
#: A word for a number, which no old version minds as long as it does not need the number.
ODD = ", found the string"
#: What skiff refuses where scikit-learn answered, and why nobody misses it.
REFUSED = {
    "of integers of this dtype is not supported": "functions of bools and of 8-bit integers are float16 in numpy",
    "rounding errors": "the answer hangs on them",
}


def main(arguments):
    parser = argparse.ArgumentParser(prog="pipelines --version", description=__doc__)
    parser.add_argument("--version", required=True, help="the scikit-learn that draws and fits, such as 0.20.4")
    parser.add_argument("--for", dest="targets", action="append", help="what to convert for; the newest one, or of it some older ones")
    parser.add_argument("--python", action="append", default=[], help="VERSION=PATH: its Python, if not in target/oracles")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to try")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="where the random numbers begin")
    parser.add_argument("--only", type=int, help="one estimator, by its number")
    parser.add_argument("--depth", type=int, default=2, help="how deep estimators are nested at most")
    parser.add_argument("--keep", help="a folder for the models that disagree, as `<number>` each")
    arguments = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    targets = arguments.targets or (BACK if arguments.version == NEWEST else [NEWEST])
    pythons = dict(one.split("=", 1) for one in arguments.python)
    run = Run(arguments, [target for target in targets if target != "none"], pythons)
    begun, first = time.monotonic(), arguments.only or 0
    while True:
        run.round(first)
        first += ROUND
        if arguments.only is not None or time.monotonic() - begun > arguments.seconds:
            break
    counts = ", ".join(f"{count} {what}" for what, count in sorted(run.counts.items()))
    print(f"{arguments.version}, seed {arguments.seed}: {counts}, {run.shown} disagreements, {time.monotonic() - begun:.0f} s")
    for why, count in run.refusals.most_common(12):
        print(f"  refused {count} times: {why}")
    return 1 if run.shown else 0


class Case:
    """What a version recorded of one model."""

    def __init__(self, folder):
        self.folder, self.number = folder, folder.name
        self.document = json.loads((folder / "case.json").read_text(encoding="utf-8"))
        self.arrays = np.load(folder / "case.npz")
        self.model = folder / self.document["model"]
        self.calls = self.document["calls"]

    def given(self, call):
        return [exchange.decode(one, self.arrays) for one in call["given"]]

    def answer(self, call):
        return exchange.decode(call["answer"], self.arrays)

    @property
    def has_ties(self):
        return CHOOSE_AMONG_EQUALS.search(self.document["source"]) and self.document["rows"] in OF_TIES


class Run:
    def __init__(self, arguments, targets, pythons):
        self.arguments, self.targets, self.pythons = arguments, targets, pythons
        self.counts, self.refusals, self.shown = collections.Counter(), collections.Counter(), 0

    def anywhere(self, version, *arguments):
        """Runs `anywhere` with another scikit-learn."""
        python = self.pythons.get(version) or ROOT / "target/oracles" / version / "bin/python"
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [python, "-B", "-W", "ignore", HERE / "anywhere", *arguments]
        subprocess.run([*map(str, command)], check=True, env=environment, stderr=subprocess.DEVNULL)

    def round(self, first):
        """Draws some estimators and shows what disagrees."""
        arguments = self.arguments
        with tempfile.TemporaryDirectory(prefix="skiff-versions-") as folder:
            out = pathlib.Path(folder)
            count = 1 if arguments.only is not None else ROUND
            drawn = ["--seed", arguments.seed, "--first", first, "--count", count, "--depth", arguments.depth]
            self.anywhere(arguments.version, "draw", out, *drawn)
            cases = [Case(path) for path in sorted(out.iterdir(), key=lambda path: int(path.name))]
            self.counts["models"] += len(cases)
            found = [(case, *what) for case in cases for what in self.opened(case)]
            for target in self.targets:
                converted = [case for case in cases if self.converted(case, target)]
                if converted:
                    self.anywhere(target, "ask", out, f"{target}.joblib", target)
                found += [(case, *what) for case in converted for what in self.loaded(case, target)]
            found = self.stable(found, out)
            for case, where, call, what in found:
                self.show(case, where, call, what)
                if arguments.keep:
                    kept = pathlib.Path(arguments.keep, f"{arguments.version}-{arguments.seed}-{case.number}")
                    if not kept.exists():
                        subprocess.run(["cp", "-r", case.folder, kept], check=True)

    def opened(self, case):
        """Where skiff answers otherwise: of each method the first call, and what differs."""
        try:
            model = skiff.open(case.model)
        except skiff.SkiffError as error:
            self.counts["do not open"] += 1
            if ODD in str(error):
                return []
            return [("skiff", None, f"does not open: {without_path(error)}")]
        found, done = [], set()
        for call in case.calls:
            method, theirs = call["method"], case.answer(call)
            # Which class had names for its columns differs from version to version.
            if method in done or method.startswith("get_feature") and isinstance(theirs, Exception):
                continue
            if is_only_code(case, call):
                continue
            if not hasattr(model, method):
                if not isinstance(theirs, Exception):
                    found.append(("skiff", call, "no such method"))
                    done.add(method)
                continue
            self.counts["questions"] += 1
            ours = ask(model, method, *case.given(call))
            if isinstance(ours, Exception) and any(what in str(ours) for what in REFUSED):
                continue
            what = self.differs(case, call, ours, theirs)
            if what:
                found.append(("skiff", call, what))
                done.add(method)
        return found

    def differs(self, case, call, ours, theirs):
        is_single = case.document["rows"] == "single" or call["rows"] == "float32"
        tolerance = SINGLE if is_single else DOUBLE
        what = disagreement_of(call["method"])(alike(ours), alike(theirs), tolerance)
        # Scores are differences from 1.
        if what and call["method"] == "score" and distance(ours, theirs) <= tolerance.share:
            return None
        return what

    def converted(self, case, target):
        """Whether a model can be had for another version; what is refused is counted."""
        self.counts["converted"] += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                skiff.convert(case.model, case.folder / f"{target}.joblib", for_=f"scikit-learn=={target}")
        except (skiff.SkiffError, ValueError) as error:
            self.counts["refused"] += 1
            self.refusals[f"{target}: {without_path(error)}"] += 1
            return False
        return True

    def loaded(self, case, target):
        """What the other version answers otherwise, or makes of the model."""
        found = json.loads((case.folder / f"{target}.json").read_text(encoding="utf-8"))
        if "fails" in found:
            return [(target, None, f"does not load: {found['fails']}")]
        arrays = np.load(case.folder / f"{target}.npz")
        told = [(target, None, f"warns: {what}") for what in found["warns"] if DEPRECATED not in what]
        told += [(target, None, what) for what in found["uses"]]
        done = set()
        for call, answer in zip(case.calls, found["calls"]):
            theirs = case.answer(call)
            if isinstance(theirs, Exception) or call["method"] in done or call["method"] == "get_feature_names":
                continue
            if is_only_code(case, call):
                continue
            is_newer = number(target) > number(case.document["sklearn"])
            # Which class had names for its columns differs from version to version.
            if not is_newer and call["method"].startswith("get_feature"):
                continue
            if is_newer and self.is_known(case, call) or "absent" in answer and not is_newer:
                continue
            if "absent" in answer:
                what = "no such method"
            else:
                what = other_values(exchange.decode(answer, arrays), theirs, case.document["rows"] == "single")
            if what:
                told.append((target, call, what))
                done.add(call["method"])
        return told

    def is_known(self, case, call):
        """Whether newer versions do otherwise whatever the state, which `docs/migrations.md` says."""
        version, method = number(case.document["sklearn"]), call["method"]
        if any(version < before and method in methods for before, methods in OTHERWISE):
            return True
        # Python 2 makes other small letters, which a note says.
        if case.document["python"][0] == 2 and case.document["rows"] == "texts":
            return True
        # Of integers it keeps distances as integers since 1.7, which a note says.
        is_whole = call["rows"] == "integers" or case.document["rows"] == "counts"
        return is_whole and version < [1, 7] and "GaussianMixture(" in case.document["source"]

    def stable(self, found, out):
        """Without what hangs on rounding errors, by which the version's own answers move as far."""
        names = sorted({case.number for case, _, call, _ in found if call is not None}, key=int)
        if not names:
            return found
        for jitter in range(3):
            for name in {case.model.name for case, *_ in found}:
                some = [number for number in names if (out / number / name).exists()]
                if some:
                    options = ["--jitter", jitter, "--only", ",".join(some)]
                    self.anywhere(self.arguments.version, "ask", out, name, f"jitter{jitter}", *options)
        return [one for one in found if one[2] is None or not self.is_tie(*one)]

    def is_tie(self, case, where, call, what):
        if case.has_ties or "raises" in call["answer"]:
            self.counts["passed over for ties"] += bool(case.has_ties)
            return bool(case.has_ties)
        if where == "skiff":
            ours = ask(skiff.open(case.model), call["method"], *case.given(call))
        else:
            found = json.loads((case.folder / f"{where}.json").read_text(encoding="utf-8"))
            arrays = np.load(case.folder / f"{where}.npz")
            answer = found["calls"][case.calls.index(call)]
            ours = None if "absent" in answer else exchange.decode(answer, arrays)
        theirs = case.answer(call)
        apart = distance(ours, theirs)
        for jitter in range(3):
            moved = json.loads((case.folder / f"jitter{jitter}.json").read_text(encoding="utf-8"))
            if "fails" in moved:
                continue
            arrays = np.load(case.folder / f"jitter{jitter}.npz")
            answer = moved["calls"][case.calls.index(call)]
            if "absent" not in answer and apart <= 10 * distance(exchange.decode(answer, arrays), theirs):
                self.counts["passed over for ties"] += 1
                return True
        return False

    def show(self, case, where, call, what):
        self.shown += 1
        document, arguments = case.document, self.arguments
        asked = "" if call is None else f"{call['method']}({call['rows']}): "
        name = "skiff" if where == "skiff" else f"converted for {where}"
        print(f"# {name}: {asked}{what}")
        print(f"# cargo xtask pipelines --version {arguments.version} --seed {arguments.seed} --only {case.number}")
        print("\n".join(document["lines"]))
        print(f"{document['source']}.fit(X, y)\n", flush=True)


def is_only_code(case, call):
    """Whether it is about the codes of an only row, whose dimension scikit-learn squeezes away since 1.6."""
    return call["rows"].endswith("one") and "SparsePCA(" in case.document["source"]


def alike(answer):
    """An answer of any version as those are that are compared: bytes of Python 2 are text."""
    if isinstance(answer, (str, exchange.Unknown)):
        return str(answer)
    if isinstance(answer, np.ndarray) and answer.dtype.kind in "SU":
        return answer.astype(object)
    return answer


def other_values(ours, theirs, single=False):
    """How an answer differs from another version's: by values, whatever their dtype."""
    if isinstance(ours, Exception):
        return f"an answer, found {ours}"
    if isinstance(theirs, (list, tuple)):
        if not isinstance(ours, (list, tuple, np.ndarray)) or len(ours) != len(theirs):
            return f"{len(theirs)} answers, found {type(ours).__name__}"
        return next(filter(None, (other_values(*pair, single) for pair in zip(ours, theirs))), None)
    if isinstance(theirs, exchange.Unknown):
        return None
    ours, theirs = (one.toarray() if scipy.sparse.issparse(one) else np.asarray(one) for one in (ours, theirs))
    if ours.shape != theirs.shape:
        return f"the shape {theirs.shape}, found {ours.shape}"
    if all(one.dtype.kind in "fiub" for one in (ours, theirs)):
        single = single or any(one.dtype == np.float32 for one in (ours, theirs))
        share = SINGLE.share if single else DOUBLE.share
        ours, theirs = ours.astype(float), theirs.astype(float)
        greatest = np.abs(theirs[np.isfinite(theirs)]).max(initial=0.0)
        with np.errstate(all="ignore"):
            same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs)) | (np.abs(ours - theirs) <= share * max(greatest, 1e-3))
            # Newer versions have the logarithm of what older ones round to 0.
            same |= (theirs == -np.inf) & (ours < -700)
    else:
        pairs = zip(ours.ravel().tolist(), theirs.ravel().tolist())
        same = np.array([one == other or (one != one and other != other) for one, other in pairs], dtype=bool).reshape(ours.shape)
    unequal = np.argwhere(~same)
    return at(ours, theirs, unequal) if len(unequal) else None


def without_path(error):
    return re.sub(r"\(/\S*?(, |\))", lambda found: "(" if found.group(1) == ", " else "", first_line(error))


def number(version):
    return [int(part) for part in re.findall(r"\d+", version)[:2]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
