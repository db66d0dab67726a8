"""Recorded cases as source code of `skiff export`, compiled and run: for `test_source.py`, and as a program that asks all of
them: LANGUAGE COMMAND [FAMILY...]."""

import collections
import ctypes
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx_cases

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


class Refused(Exception):
    """A row that the code refuses."""


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


LANGUAGES = {"c": c, "python": python}


def main():
    language, command, *families = sys.argv[1:]
    calls, failures = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for family in families or onnx_cases.families():
            cases = onnx_cases.outcomes(command, family, pathlib.Path(folder), LANGUAGES[language])
            for call, _, _, _, differs in cases:
                calls += 1
                if differs:
                    known = onnx_cases.is_known(call)
                    print(f"{'known' if known else 'DIFFERS'} {call.name}: {differs}", flush=True)
                    failures += [] if known else [call.name]
            print(f"{family}: {calls} calls so far", flush=True)
    sys.exit(f"{len(failures)} of {calls} calls differ" if failures else 0)


if __name__ == "__main__":
    main()
