"""Recorded cases as source code of `skiff export`, compiled and run: for `test_source.py`, and as a program that asks all of
them: LANGUAGE COMMAND [FAMILY...]."""

import collections
import ctypes
import functools
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import databases
import numpy as np
import onnx_cases
from hosts import hosts
from hosts.hosts import Refused

Input = collections.namedtuple("Input", "name type shape")

#: The types of C, with those of ctypes and numpy.
TYPES = {
    "double": (ctypes.c_double, np.float64),
    "float": (ctypes.c_float, np.float32),
    "int64_t": (ctypes.c_int64, np.int64),
    "bool": (ctypes.c_bool, np.bool_),
    "const char *": (ctypes.c_char_p, object),
}
NUMBERS = itertools.count()


class Code:
    """A compiled method, asked row by row; with the few methods of a session of onnxruntime that are needed."""

    #: Whether an answer of more than two dimensions is a list.
    is_flat = True

    def __init__(self, inputs, names, call):
        self.inputs, self.names, self.call = inputs, names, call

    def get_inputs(self):
        return self.inputs

    def get_modelmeta(self):
        self.custom_metadata_map = {"feature_names_in_": self.names}
        return self

    def run(self, _, given):
        """The outputs for all rows."""
        rows = len(next(iter(given.values())))
        answers = [self.call([given[one.name][row] for one in self.inputs]) for row in range(rows)]
        return [np.array([np.asarray(one) for one in part]) for part in zip(*answers, strict=True)]


def features(text):
    """The names of the features, as metadata of ONNX has them."""
    found = re.search(r"features: (.*?)( \*/)?$", text, re.M)
    return json.dumps(re.findall(r"x\[\d+\] (.*?)(?=, x\[|$)", found[1])) if found else "null"


def c(command, path, folder, at, method):
    """The method, compiled by `cc`; none where it is not exported."""
    source, library = folder / "model.c", folder / f"model{next(NUMBERS)}.so"
    if not onnx_cases.exported(command, path, source, at, method):
        return None
    flags = ["-std=c99", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    done = subprocess.run(["cc", *flags, "-o", library, source, "-lm"], capture_output=True, text=True)
    assert done.returncode == 0, f"{path}: {done.stderr[:2000]}"
    text = source.read_text()
    function = getattr(ctypes.CDLL(library), method)
    library.unlink()
    parameters = re.search(rf"^int {method}\((.*)\) {{$", text, re.M)[1]
    columns = dict(re.findall(r"^/\* (column\d+): (.*) \*/$", text, re.M))
    inputs, outputs = [], []
    for parameter in parameters.split(", "):
        pattern = r"(const char \*|const double|\w+) ?(\*?)(\w+)(\[(\d+)\])?"
        dtype, pointer, name, _, length = re.fullmatch(pattern, parameter).groups()
        if name == "x":
            inputs.append(Input("X", "tensor(double)", (None, int(length))))
        elif name in columns:
            kind = "tensor(string)" if "char" in dtype else "tensor(double)"
            inputs.append(Input(columns[name], kind, (None, 1)))
        else:
            outputs.append((TYPES[dtype], bool(pointer), int(length or 1)))
    is_table = inputs[0].name == "X" and len(inputs) == 1

    def call(row):
        if is_table:
            arguments = [(ctypes.c_double * len(row[0]))(*row[0])]
        else:
            arguments = [ctypes.c_char_p(one[0].encode()) if isinstance(one[0], str) else ctypes.c_double(one[0]) for one in row]
        results = [(dtype[0] * length)() for dtype, _, length in outputs]
        if function(*arguments, *results):
            raise Refused("refused: by the code")
        answers = []
        for result, ((_, dtype), is_one, _) in zip(results, outputs, strict=True):
            values = [value.decode() if isinstance(value, bytes) else value for value in result]
            answers.append(np.array(values[0] if is_one else values, dtype))
        return answers

    return Code(inputs, features(text), call)


def python(command, path, folder, at, method):
    """The method, as a module of Python; none where it is not exported."""
    source = folder / "model.py"
    if not onnx_cases.exported(command, path, source, at, method):
        return None
    text, names = source.read_text(), {}
    exec(compile(text, str(source), "exec"), names)
    function = names[method]
    begin = re.search(rf"^def {method}\((.*)\):\n((    #.*\n|    x\d+ = \[column\d+\]\n)*)", text, re.M)
    if begin[1] == "x":
        inputs = [Input("X", "tensor(double)", (None, int(re.search(r"# (\d+) numbers", begin[2])[1])))]
    else:
        columns = re.findall(r"    # (.*)\n    x(\d+) =", begin[2])
        inputs = [Input(name, "unknown", (None, 1)) for name, _ in columns]
    several = ", " in re.search(r"return (.*)$", text[begin.start() :].split("\n\n")[0], re.M)[1]

    def call(row):
        arguments = [row[0].tolist()] if begin[1] == "x" else [one[0] for one in row]
        try:
            answer = function(*arguments)
        except ValueError as error:
            raise Refused(str(error)) from error
        return [np.asarray(one) for one in (answer if several else [answer])]

    return Code(inputs, features(text), call)


def asked(host, key, inputs, text, encoded=lambda text: text):
    """The method that a program asks."""

    def call(row):
        given = [row[0].tolist()] if inputs[0].name == "X" else [encoded(one[0]) for one in row]
        return [np.asarray(one) for one in host.call(key, given)]

    return Code(inputs, features(text), call)


def inputs_of(text, method, begin, comment):
    """The inputs of a function, from the comments in front of it."""
    start = re.search(begin.format(method), text, re.M).start()
    before = text[:start].rstrip("\n").split("\n\n")[-1] + "\n"
    table = re.search(rf"^ *{comment} x: (\d+) numbers$", before, re.M)
    if table:
        return [Input("X", "tensor(double)", (None, int(table[1])))]
    return [Input(name, "unknown", (None, 1)) for name in re.findall(rf"^ *{comment} `?column\d+`?: (.*)$", before, re.M)]


def javascript(command, path, folder, at, method):
    """The method, as a module of Node; none where it is not exported."""
    source = folder / "model.mjs"
    if not onnx_cases.exported(command, path, source, at, method):
        return None
    text = source.read_text()
    inputs = inputs_of(text, method, r"^export function {}\(", "//")
    several = "several" if re.search(r"^// Returns ", text, re.M) else "one"
    key = hosts.node().load(source, method, several)
    return asked(hosts.node(), key, inputs, text)


def java(command, path, folder, at, method):
    """The method, as a class; none where it is not exported."""
    source = folder / "Model.java"
    if not onnx_cases.exported(command, path, source, at, method):
        return None
    text = source.read_text()
    inputs = inputs_of(text, method, r"^    public static \S+ {}\(", "//")
    key = hosts.java().load(source, method)
    return asked(hosts.java(), key, inputs, text)


def rust(command, path, folder, at, method):
    """The method, as a module without the standard library; none where it is not exported."""
    host, key = hosts.together(hosts.Rust, folder), str(next(NUMBERS))
    source = host.source(key)
    if not onnx_cases.exported(command, path, source, at, method):
        return None
    text = source.read_text()
    found = re.search(rf"^pub fn {method}<'a>\((.*)\) -> Result<(.*), Refused> {{$", text, re.M)
    parameters = [parameter.split(": ", 1)[1] for parameter in found[1].split(", ")]
    if found[1].startswith("x: "):
        inputs = [Input("X", "tensor(double)", (None, int(found[1].split("; ")[1][:-1])))]
    else:
        inputs = inputs_of(text, method, r"^pub fn {}<", "///")
    several = re.search(rf"^/// Returns (.*)\.$", text, re.M)
    host.add(key, method, parameters, len(several[1].split(", ")) if several else 0)
    return asked(host, key, inputs, text, lambda one: one.encode() if isinstance(one, str) else one)


def go(command, path, folder, at, method):
    """The method, as a package of Go; none where it is not exported."""
    host, key = hosts.together(hosts.Go, folder), str(next(NUMBERS))
    source = host.source(key)
    if not onnx_cases.exported(command, path, source, at, method):
        return None
    text, name = source.read_text(), "".join(word.capitalize() for word in method.split("_"))
    found = re.search(rf"^func {name}\((.*)\) \((.*), err error\) {{$", text, re.M)
    parameters = [parameter.split(" ", 1)[1] for parameter in found[1].split(", ")]
    if found[1].startswith("x "):
        inputs = [Input("X", "tensor(double)", (None, int(re.search(r"\d+", parameters[0])[0])))]
    else:
        inputs = inputs_of(text, name, r"^func {}\(", "//")
    host.add(key, name, parameters, len(found[2].split(", ")))
    return asked(host, key, inputs, text, lambda one: one.encode() if isinstance(one, str) else one)


#: How many methods are opened before the first of them is asked: one program has them all.
go.together = rust.together = 150

LANGUAGES = {
    "c": c,
    "duckdb": functools.partial(databases.exported, databases.duckdb),
    "go": go,
    "java": java,
    "javascript": javascript,
    "postgres": functools.partial(databases.exported, databases.postgres),
    "python": python,
    "rust": rust,
}


class Tally:
    """What became of the calls in one language."""

    def __init__(self):
        self.estimators, self.methods, self.calls, self.rows, self.refused, self.differ = set(), set(), 0, 0, 0, 0
        self.trees, self.others = 0.0, 0.0

    def add(self, call, refused, rows, greatest, differs):
        self.estimators.add(call.estimator)
        self.methods.add((call.estimator, call.method))
        self.calls += 1
        self.rows += rows
        self.refused += len(refused)
        self.differ += bool(differs)
        # Models and rows of float32 are computed in float64 here.
        if not differs and "32" not in call.name:
            is_tree = call.estimator in onnx_cases.EXACT and "log" not in call.method
            self.trees, self.others = (max(self.trees, greatest), self.others) if is_tree else (self.trees, max(self.others, greatest))

    def line(self, language, tool):
        greatest = [f"{value:.1e}" if value else "0" for value in (self.trees, self.others)]
        counts = [len(self.estimators), len(self.methods), self.calls, self.rows, self.refused, self.differ]
        return " | ".join([f"| {language}", tool, *(f"{count:,}" for count in counts), *greatest]) + " |"


TOOLS = {
    "c": ["cc", "--version"],
    "duckdb": [sys.executable, "-c", "import duckdb; print('DuckDB', duckdb.__version__)"],
    "go": ["go", "version"],
    "java": ["java", "--version"],
    "javascript": ["node", "--version"],
    "postgres": ["psql", "--version"],
    "python": [sys.executable, "--version"],
    "rust": ["rustc", "--version"],
}


#: The language in which models of older versions are asked: it takes no compiler.
OF_OLDER = "python"
OF_OLDER_BEGINS = "In Python, "


def page(line, of_older):
    """The page of results with the line of one language, and those of other languages that it has; so with that of older
    versions, where ``of_older`` is none."""
    old = PAGE.read_text().splitlines() if PAGE.exists() else []
    of_older = [f"{OF_OLDER_BEGINS}{of_older.line()}"] if of_older else [one for one in old if one.startswith(OF_OLDER_BEGINS)]
    lines = {line.split(" | ")[0]: line for line in [*(one for one in old if re.match(r"\| [a-z]", one)), line]}
    known = [f"- `{name}`: {why}" for name, why in onnx_cases.EXCEPTIONS.items()]
    return "\n".join([
        "# Source code in its languages",
        "",
        f"`cargo xtask peers LANGUAGE` exports each method of the recorded cases of scikit-learn {onnx_cases.NEWEST}, compiles"
        " it and asks it about each recorded row, values exactly on thresholds and next to them among these. Labels are"
        " identical. The greatest difference is relative to the number, or to a thousandth of the greatest one in the answer;"
        " 0 is every bit. Models, rows and answers of float32 are compared to 10⁻⁵; only the last ones are counted there.",
        "",
        "These calls differ:",
        "",
        *known,
        *(f"- `{name}`: {why}" for name, why in onnx_cases.EXCEPTIONS_OF_OLDER.items()),
        "- in PostgreSQL: products that are too small or too large for a number are errors there (data far from the origin)",
        "",
        *of_older,
        "",
        "| language | tool | estimators | methods | calls | rows | refused | differ | greatest difference of trees | of others |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(lines[key] for key in sorted(lines) if key != "| language"),
        "",
    ])


PAGE = onnx_cases.ROOT / "docs" / "source.md"


def main():
    language, command, *families = sys.argv[1:]
    tally, failures = Tally(), []
    with tempfile.TemporaryDirectory() as folder:
        for family in families or onnx_cases.families():
            cases = onnx_cases.outcomes(command, family, pathlib.Path(folder), LANGUAGES[language])
            for call, refused, rows, greatest, differs in cases:
                tally.add(call, refused, rows, greatest, differs)
                if differs:
                    known = onnx_cases.is_known(call) or "NumericValueOutOfRange" in differs
                    print(f"{'known' if known else 'DIFFERS'} {call.name}: {differs}", flush=True)
                    failures += [] if known else [call.name]
            print(f"{family}: {tally.calls} calls so far", flush=True)
    tool = subprocess.run(TOOLS[language], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    line = tally.line(language, tool)
    print(line)
    if not families:
        of_older = onnx_cases.older(command, LANGUAGES[language]) if language == OF_OLDER else None
        failures += of_older.failures if of_older else []
        PAGE.write_text(page(line, of_older))
        if language == "duckdb":
            # Queries hold less than programs: `skiff supported --target sql` lists what they do.
            methods = collections.defaultdict(list)
            for estimator, method in sorted(tally.methods):
                methods[estimator].append(method)
            lines = [f"{estimator} {' '.join(own)}\n" for estimator, own in methods.items()]
            (onnx_cases.ROOT / "crates/skiff-export/data/sql.txt").write_text("".join(lines))
    sys.exit(f"{len(failures)} of {tally.calls} calls differ" if failures else 0)


if __name__ == "__main__":
    main()
