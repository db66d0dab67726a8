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
#: The compiled programs that may run at a time.
MOST_PROGRAMS = 4
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


class Together:
    """Exported methods that are compiled as one program, when the first of them is asked: a compiler takes longer to start
    than to compile a method."""

    def __init__(self, folder):
        self.folder, self.waiting, self.programs = folder, {}, {}
        folder.mkdir()

    def add(self, key, call):
        """Keeps a method, whose source is at :meth:`source`, until it is compiled; ``call`` is the code that asks it."""
        self.waiting[key] = call

    def call(self, key, arguments):
        """The results of a row."""
        if key in self.waiting:
            program = self.compiled(self.waiting)
            self.programs.update(dict.fromkeys(self.waiting, program))
            self.waiting = {}
        return self.programs[key].call(key, arguments)

    def program(self, commands, path):
        """The program that these commands make."""
        for command in commands:
            done = subprocess.run(list(map(str, command)), cwd=self.folder, capture_output=True, text=True)
            assert done.returncode == 0, (done.stderr or done.stdout)[:2000]
        if len(PROGRAMS) == MOST_PROGRAMS:
            PROGRAMS.popleft().close()
        PROGRAMS.append(Host([str(path)]))
        path.unlink()
        return PROGRAMS[-1]


class Rust(Together):
    """Modules that are written without the standard library."""

    def source(self, key):
        return self.folder / f"m{key}.rs"

    def add(self, key, method, parameters, several):
        """``parameters`` are the types of its parameters, ``several`` the number of its results if they are a tuple."""
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
            shown = "vec![" + ", ".join(f"answer.{at}.shown()" for at in range(several)) + '].join("\\t")'
        call = f"m{key}::{method}({', '.join(arguments)}).map(|answer| {shown}).map_err(|m{key}::Refused(why)| why.into())"
        super().add(key, call)

    def compiled(self, calls):
        modules = "".join(f"mod m{key};\n" for key in calls)
        functions = "".join(
            f"\nfn asked{key}(words: &[&str]) -> Result<String, String> {{\n    {call}\n}}\n" for key, call in calls.items()
        )
        arms = "".join(f'\n            "{key}" => asked{key}(&words),' for key in calls)
        host = (HERE / "host.rs").read_text().replace("MODULES", modules).replace("FUNCTIONS", functions)
        (self.folder / "main.rs").write_text(host.replace("ARMS", arms))
        (self.folder / "alone.rs").write_text("#![no_std]\n" + modules)
        program = self.folder / f"asked{next(KEYS)}"
        flags = ["rustc", "--edition=2021"]
        checked = [*flags, "--crate-type=lib", "--emit=metadata", "-Dwarnings", "alone.rs", "-o", "alone.rmeta"]
        built = [*flags, "-Copt-level=0", "-Cdebuginfo=0", "-Awarnings", "main.rs", "-o", program]
        return self.program([checked, built], program)


class Go(Together):
    """Packages of a module."""

    def source(self, key):
        (self.folder / f"m{key}").mkdir()
        return self.folder / f"m{key}" / "model.go"

    def add(self, key, method, parameters, results):
        """``parameters`` are the types of its parameters, ``results`` the number of its results."""
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
        call = f"{', '.join(names)}, err := m{key}.{method}({', '.join(arguments)})\n"
        super().add(key, call + f"\t\tif err != nil {{\n\t\t\treturn refused(err)\n\t\t}}\n\t\treturn {shown}")

    def compiled(self, calls):
        (self.folder / "go.mod").write_text("module asked\n\ngo 1.21\n")
        packages = "\n\t".join(f'm{key} "asked/m{key}"' for key in calls)
        functions = "\n\t".join(
            f'"{key}": func(words []string) string {{\n\t\t{call}\n\t}},' for key, call in calls.items()
        )
        host = (HERE / "host.go").read_text().replace("PACKAGES", packages).replace("FUNCTIONS", functions)
        (self.folder / "main.go").write_text(host)
        program = self.folder / f"asked{next(KEYS)}"
        return self.program([["go", "build", "-o", program, "."]], program)


@functools.cache
def together(kind, folder):
    """What compiles the methods of a folder."""
    return kind(folder / kind.__name__.lower())


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
