"""Programs that ask exported code in its own language, row by row.

A request is a line: ``call``, the key of a method, and the arguments after tabs: ``D1.0,2.0`` a row of numbers, ``d1.0`` a number, ``s…`` a text.
An answer is a line of results after tabs: ``1`` or ``[`` for one element or a list, a letter for the type, and the elements
after commas. Texts are in base64 or, after ``H``, in hexadecimal digits.
"""

import base64
import collections
import functools
import itertools
import pathlib
import subprocess

KEYS = itertools.count()
#: The programs of one method that may run at a time.
MOST_PROGRAMS = 40
PROGRAMS = collections.deque()
HERE = pathlib.Path(__file__).resolve().parent


class Refused(Exception):
    """A row that the code refuses."""


class Host:
    """A running program."""

    def __init__(self, command, folder=None):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, text=True, encoding="utf-8")

    def ask(self, *words):
        self.process.stdin.write("\t".join(words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().rstrip("\n").split("\t")
        if answer[0] == "refused":
            raise Refused("refused: by the code")
        assert answer[0] and answer[0] != "failed", base64.b64decode(answer[1] if len(answer) > 1 else "").decode()[:2000]
        return answer

    def load(self, *words):
        """The key of a method of a file."""
        key = str(next(KEYS))
        self.ask("load", key, *map(str, words))
        return key

    def call(self, key, arguments):
        """The results of a row."""
        return [results(word) for word in self.ask("call", key, *map(given, arguments))]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@functools.cache
def running(*command):
    """A program that is started once."""
    return Host(list(command))


def java():
    return running("java", "-XX:TieredStopAtLevel=1", str(HERE / "Host.java"))


def node():
    return running("node", "--no-warnings", str(HERE / "host.mjs"))


def rust(source, method, parameters, several, folder):
    """A program of an exported module; ``parameters`` are the types of its parameters."""
    arguments = []
    for at, kind in enumerate(parameters):
        word = f"words[{at}]"
        if kind.startswith("&["):
            length = kind[:-1].split("; ")[1]
            row = f'{word}[1..].split(\',\').map(|number| number.parse().expect("a number"))'
            arguments.append(f"&<[f64; {length}]>::try_from({row}.collect::<Vec<f64>>()).expect(\"a row\")")
        elif "str" in kind:
            arguments.append(f"&text_of({word})")
        else:
            arguments.append(f'{word}[1..].parse::<f64>().expect("a number") as {kind}')
    shown = "answer.shown()"
    if several:
        shown = 'vec![' + ", ".join(f"answer.{at}.shown()" for at in range(several)) + '].join("\\t")'
    call = f"model::{method}({', '.join(arguments)}).map(|answer| {shown})"
    main = folder / "main.rs"
    main.write_text((HERE / "host.rs").read_text().replace("CALL", call))
    assert source == folder / "model.rs"
    alone = folder / "alone.rs"
    alone.write_text("#![no_std]\nmod model;\n")
    flags = ["rustc", "--edition=2021"]
    checked = [*flags, "--crate-type=lib", "--emit=metadata", "-Dwarnings", alone, "-o", folder / "alone.rmeta"]
    program = folder / f"asked{next(KEYS)}"
    built = [*flags, "-Copt-level=0", "-Cdebuginfo=0", "-Awarnings", main, "-o", program]
    return compiled([checked, built], program)


def go(source, method, parameters, results, folder):
    """A program of an exported package; ``parameters`` are the types of its parameters, ``results`` the number of its
    results."""
    package = folder / "go"
    (package / "model").mkdir(parents=True, exist_ok=True)
    source.replace(package / "model" / "model.go")
    arguments = []
    for at, kind in enumerate(parameters):
        if kind.startswith("*["):
            arguments.append(f"({kind})(rowOf(words[{at}]))")
        elif kind == "string":
            arguments.append(f"textOf(words[{at}])")
        else:
            arguments.append(f"{kind}(numberOf(words[{at}][1:]))")
    names = [f"out{at}" for at in range(results)]
    shown = ' + "\\t" + '.join(f"shown({name})" for name in names)
    call = f"{', '.join(names)}, err := model.{method}({', '.join(arguments)})\n"
    call += f'if err != nil {{\nfmt.Println("refused\\t" + err.Error())\n}} else {{\nfmt.Println({shown})\n}}'
    (package / "go.mod").write_text("module asked\n\ngo 1.21\n")
    (package / "main.go").write_text((HERE / "host.go").read_text().replace("CALL", call))
    program = folder / f"asked{next(KEYS)}"
    return compiled([["go", "build", "-o", program, "."]], program, package)


def compiled(commands, program, folder=None):
    """A program that these commands make."""
    for command in commands:
        done = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[:2000]
    if len(PROGRAMS) == MOST_PROGRAMS:
        PROGRAMS.popleft().close()
    PROGRAMS.append(Host([str(program)]))
    program.unlink()
    return PROGRAMS[-1]


def given(value):
    if isinstance(value, list):
        return "D" + ",".join(map(number, value))
    if isinstance(value, bytes):
        return "H" + value.hex()
    return "s" + base64.b64encode(value.encode()).decode() if isinstance(value, str) else "d" + number(value)


def number(value):
    return repr(float(value)).replace("nan", "NaN").replace("inf", "Infinity")


def results(word):
    is_list, letter, rest = word[0] == "[", word[1], word[2:]
    texts = rest.split(",") if rest or letter in "SH" else []
    of = {
        "S": lambda text: base64.b64decode(text).decode(),
        "H": lambda text: bytes.fromhex(text).decode(),
        "b": lambda text: text == "true",
        "l": int,
        "i": int,
        "d": float,
        "f": float,
    }[letter]
    values = [of(text) for text in texts]
    return values if is_list else values[0]
