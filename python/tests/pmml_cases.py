"""Recorded cases as PMML documents of `skiff export`, asked by the JPMML evaluator: COMMAND PAGE [FAMILY...].

Each document is validated against the schema of PMML 4.4 that the evaluator brings along."""

import argparse
import collections
import functools
import importlib.metadata
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

import jpmml_evaluator
import numpy as np
import onnx_cases
import pandas as pd
from jpmml_evaluator import make_evaluator
from lxml import etree
from onnx_cases import NEWEST, Call, archive, scalar

#: What a document holds.
METHODS = ("predict", "predict_proba", "decision_function")
#: What the output fields of a method are called, of a class or of all.
OUTPUTS = {"predict_proba": r"probability\(", "decision_function": r"decisionFunction(\(|$)"}
#: Where JPMML's answer differs: calls by their names, and why.
EXCEPTIONS = {
    r"neighbors/knn_(regressor_)?.*_grid predict": "points that are equally far, of which PMML takes the first",
    r"neighbors/knn_(regressor_)?auto predict.*\(large\)": "distances that are infinite",
    r"cluster/k_means.* predict\(large\)": "squares of distances that are infinite",
    r"lightgbm/lgbm_classifier_categories.*\(unknown\)": "whole parts of numbers beyond 32 bits, which JPMML refuses",
    r"(cluster|neighbors)/\S*_tenths\S* (predict|kneighbors|radius_neighbors)": "points at almost the same distance, of which rounding takes one",
    r"float32_far_origin/.*32\)": "rows of float32 far from the origin, which scikit-learn subtracts in float32",
    r"discriminant_analysis/lda_float32_binary predict_proba\(float32\)": "scikit-learn computes in float32",
    r"semi_supervised/label_(propagation|spreading)_(far|rbf) ": "a quotient of zeros, which JPMML refuses",
}
DATA = pathlib.Path("crates/skiff-export/data/pmml.txt")


@functools.cache
def schema():
    """The schema of PMML 4.4, out of the jar of the evaluator's classes."""
    [jar] = pathlib.Path(jpmml_evaluator.__file__).parent.rglob("pmml-model-[0-9]*.jar")
    with zipfile.ZipFile(jar) as archive, archive.open("pmml.xsd") as file:
        return etree.XMLSchema(etree.parse(file))


class Document:
    """A document in the evaluator."""

    def __init__(self, path):
        root = etree.parse(str(path)).getroot()
        schema().assertValid(root)
        self.evaluator = make_evaluator(str(path)).verify()
        self.inputs = [field.getName() for field in self.evaluator.getInputFields()]
        self.targets = [field.getName() for field in self.evaluator.getTargetFields()]
        self.elements = {etree.QName(one).localname for one in root.iter() if isinstance(one.tag, str)}

    def ask(self, frame, method):
        """The answers to one of `METHODS` of all rows."""
        found = self.evaluator.evaluateAll(frame)
        if found["errors"].notna().any() if "errors" in found else False:
            raise RuntimeError(str(found["errors"].dropna().iloc[0]))
        if method in OUTPUTS:
            names = [name for name in found.columns if re.match(OUTPUTS[method], name)]
            return found[names].to_numpy(np.float64) if names else None
        if "cluster" in found.columns:
            return found["cluster"].astype(np.int64).to_numpy()
        column = found[self.targets[0]]
        return column.to_numpy()


def families():
    return sorted({module for version, module, _ in archive.archives() if version == NEWEST})


def frame_of(document, given, arrays):
    """The table as the evaluator takes it; none where it is of another kind."""
    if given["kind"] == "dense":
        rows = arrays[given["array"]]
        if (
            rows.ndim != 2
            or rows.dtype not in (np.float64, np.float32)
            or not all(re.fullmatch(r"x\d+", name) for name in document.inputs)
        ):
            return None
        rows = rows.astype(np.float64)
        return pd.DataFrame({f"x{at + 1}": rows[:, at] for at in range(rows.shape[1])})
    if given["kind"] != "frame":
        return None
    columns = {}
    for at, column in enumerate(given["columns"]):
        name = column["name"] if column["name"] in document.inputs else f"x{at + 1}"
        values = [scalar(value) for value in column["values"]]
        if all(isinstance(value, (int, float, bool)) for value in values):
            values = [float(value) for value in values]
        columns[name] = pd.Series([None if isinstance(v, float) and np.isnan(v) else v for v in values], dtype=object)
    return pd.DataFrame(columns) if set(document.inputs) <= set(columns) else None


def exported(command, path, out, at):
    """The methods in the document, none where it is not exported, and what is refused."""
    arguments = [command, "export", path, out, "--force", *(["--at", at] if at else [])]
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True)
    assert "panicked" not in done.stderr, done.stderr
    if done.returncode:
        return (), done.stderr
    missing = re.findall(r"note: `(\w+)`", done.stderr)
    return [method for method in METHODS if method not in missing], done.stderr


def outcomes(command, family, folder):
    """Each call of a family's cases that is exported and whose table the document takes."""
    for name, files in archive.cases([f"{NEWEST}/{family}/"]):
        case = json.loads(files["case.json"])
        (folder / "arrays.npz").write_bytes(files["arrays.npz"])
        arrays = np.load(folder / "arrays.npz", allow_pickle=False)
        path = folder / archive.model(files)
        path.write_bytes(files[archive.model(files)])
        documents = {}
        for call in case["calls"]:
            at, method = call.get("at"), call["method"]
            if method not in METHODS or "answer" not in call or call.get("params") or "input" not in call:
                continue
            what = f"{family}/{name.split('/')[-1]} {method}({call['input']})"
            asked = Call(case["estimator"].rsplit(".")[-1], method, what)
            if at not in documents:
                methods, why = exported(command, path, folder / "model.pmml", at)
                try:
                    documents[at] = (Document(folder / "model.pmml") if methods else None), methods, why
                except Exception as error:
                    documents[at] = None, (), ""
                    yield asked, 0, 0.0, f"document: {type(error).__name__}: {str(error)[:300]}", ""
            document, methods, why = documents[at]
            if method not in methods:
                if why:
                    yield asked, 0, 0.0, None, why
                continue
            frame = frame_of(document, case["inputs"][call["input"]], arrays)
            if frame is None:
                continue
            given = case["inputs"][call["input"]]
            is_single = given["kind"] == "dense" and arrays[given["array"]].dtype == np.float32
            yield asked, len(frame), *compared(document, frame, is_single, asked, call["answer"], arrays), ""


def compared(document, frame, is_single, asked, answer, arrays):
    """The greatest relative difference, and what differs."""
    # What was fitted to float32, or is asked in it, scikit-learn computes in it here and there.
    share = 1e-5 if is_single or "float32" in asked.name else 1e-9
    try:
        found = document.ask(frame, asked.method)
    except Exception as error:
        return np.inf, f"{type(error).__name__}: {str(error)[:300]}"
    return compare(onnx_cases.flatten(answer, arrays), found, share)


def compare(want, found, share):
    """The greatest relative difference of what a document answers, and what differs."""
    if found is None:
        return np.inf, "no output fields"
    if len(want) == 1 and np.asarray(want[0]).dtype.kind in "OUSb":
        want = np.asarray(want[0]).ravel()
        have = np.asarray(found, object).ravel()
        differs = [at for at, (a, b) in enumerate(zip(want, have, strict=True)) if not onnx_cases.same(a, b)]
        shown = (
            f"{len(differs)} of {len(want)}: expected {want[differs[0]]!r}, found {have[differs[0]]!r}"
            if differs
            else None
        )
        return 0.0, shown
    have = np.asarray(found)
    have = (
        have.astype(np.float64 if np.asarray(want[0]).dtype.kind == "f" else np.int64) if have.dtype == object else have
    )
    # One column is a column or a list of numbers.
    if have.size == np.asarray(want[0]).size and 1 in (have.ndim, have.shape[-1]):
        have = have.reshape(np.asarray(want[0]).shape)
    return onnx_cases.compare(want, [have], share, np.ones(len(have), bool), False)


class Tally:
    """What became of the calls of one method of an estimator."""

    def __init__(self):
        self.calls, self.rows, self.greatest, self.differ = 0, 0, 0.0, 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", type=pathlib.Path)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("families", nargs="*", help="all where none are named, and only then is the page written")
    arguments = parser.parse_args()
    tallies, refused, failures = collections.defaultdict(Tally), collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        for family in arguments.families or families():
            for call, rows, greatest, differs, why in outcomes(arguments.command, family, pathlib.Path(folder)):
                if why:
                    reason = re.search(r"cannot be exported: (.*?); export", why)
                    refused[call.estimator, call.method, reason[1] if reason else why.splitlines()[0][:120]] += 1
                    continue
                tally = tallies[call.estimator, call.method]
                tally.calls += 1
                tally.rows += rows
                if differs:
                    tally.differ += 1
                    known = any(re.match(pattern, call.name) for pattern in EXCEPTIONS)
                    print(f"{'known' if known else 'DIFFERS'} {call.name}: {differs}", flush=True)
                    failures += [] if known else [call.name]
                else:
                    tally.greatest = max(tally.greatest, greatest)
            print(f"{family}: {sum(tally.calls for tally in tallies.values())} calls so far", flush=True)
    if os.environ.get("SKIFF_PMML_REFUSED"):
        for (estimator, method, why), count in sorted(refused.items()):
            print(f"refused {estimator}.{method} {count}: {why}")
    if not arguments.families:
        write(arguments.page, tallies, refused)
    total = sum(tally.calls for tally in tallies.values())
    print(f"{total} calls, {sum(tally.differ for tally in tallies.values())} differ, {sum(refused.values())} refused")
    sys.exit(f"{len(failures)} calls differ" if failures else 0)


BEGIN = "<!-- written by `cargo xtask peers pmml` from here on -->"


def write(page, tallies, refused):
    """The measured part of the page, and the list of estimators that `skiff supported --target pmml` prints."""
    done = {key: tally for key, tally in tallies.items() if tally.calls > tally.differ}
    methods = collections.defaultdict(list)
    for estimator, method in sorted(done):
        methods[estimator].append(method)
    DATA.write_text("".join(f"{estimator} {' '.join(own)}\n" for estimator, own in sorted(methods.items())))
    total = lambda field: sum(getattr(tally, field) for tally in tallies.values())  # noqa: E731
    version = importlib.metadata.version("jpmml_evaluator")
    lines = [
        BEGIN,
        "",
        f"Recorded cases of scikit-learn {NEWEST}, asked by `jpmml_evaluator` {version}: {total('calls'):,} calls of"
        f" {len({estimator for estimator, _ in tallies})} estimators, {total('rows'):,} rows;"
        f" {total('differ'):,} calls differ. {sum(refused.values()):,} calls are refused when exported."
        " All documents are valid against the schema of PMML 4.4 in JPMML's `pmml-model`.",
        "",
        *(f"- `{name}`: {why}" for name, why in EXCEPTIONS.items()),
        *([""] if EXCEPTIONS else []),
        "All other labels are identical. The greatest difference is relative to the number, or to a thousandth of the greatest one in"
        " the answer. Models fitted to float32 are compared to 10⁻⁵.",
        "",
        "| estimator | method | calls | rows | differ | greatest difference |",
        "|---|---|---|---|---|---|",
    ]
    for (estimator, method), tally in sorted(tallies.items()):
        greatest = f"{tally.greatest:.1e}" if tally.greatest else "0"
        lines.append(f"| `{estimator}` | `{method}` | {tally.calls} | {tally.rows:,} | {tally.differ} | {greatest} |")
    head = page.read_text().split(BEGIN)[0] if page.exists() else ""
    page.write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
