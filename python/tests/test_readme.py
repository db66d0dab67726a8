"""The Python and the commands in the README run, and answer what it says there."""

import ast
import os
import pathlib
import re
import shlex
import subprocess
import sys

import numpy as np
from conftest import COMMAND

ROOT = pathlib.Path(__file__).resolve().parents[2]


def blocks(language="python"):
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


def test_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    assert blocks()
    said = 0
    for block in blocks():
        names = {}
        lines = block.splitlines()
        for statement in ast.parse(block).body:
            if not isinstance(statement, ast.Expr):
                exec(compile(ast.Module([statement], []), "README.md", "exec"), names)
                continue
            answer = eval(compile(ast.Expression(statement.value), "README.md", "eval"), names)
            comment = lines[statement.end_lineno - 1].partition("#")[2].strip()
            if comment.startswith("array("):
                assert repr(answer) == comment
                assert isinstance(answer, np.ndarray)
                said += 1
    assert said


def test_the_commands_answer_what_is_shown():
    shown = [block.splitlines() for block in blocks("console")]
    assert shown
    for command, *expected in shown:
        assert command.startswith("$ skiff ")
        words = shlex.split(command.removeprefix("$ skiff "))
        lines = subprocess.run([COMMAND, *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
        if expected[-1] == "…":
            expected.pop()
            lines = lines[: len(expected)]
        assert lines == expected


def test_every_command_and_option_in_the_list_exists():
    for line in "".join(blocks("text")).splitlines():
        words = line.partition("#")[0].split()
        assert words[0] == "skiff"
        text = subprocess.run([COMMAND, words[1], "--help"], capture_output=True, text=True, check=True).stdout
        for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", line.partition("#")[0]):
            assert option in text, (words[1], option)


TRAIN = """
import pathlib, skiff
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
c = pathlib.Path("c.txt")
value = int(c.read_text()) + 1 if c.exists() else 1
c.write_text(str(value))
pathlib.Path("iris.csv").write_text("rows")
skiff.dump(LogisticRegression(C=value).fit(*load_iris(return_X_y=True)), "iris.skiff", data="iris.csv", source=__file__)
"""


def test_the_life_of_a_model(tmp_path):
    (block,) = [block for block in blocks("sh") if "skiff registry" in block]
    (tmp_path / "train.py").write_text(TRAIN)
    path = [str(COMMAND.parent), str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]
    # The server is asked for its address, and ended.
    serve = "serve() { command skiff serve \"$@\" --http 127.0.0.1:0 > listening & until [ -s listening ]; do kill -0 $!; sleep 0.05; done; kill $!; wait $!; }"
    script = f"set -e\n{serve}\n" + block.replace("skiff serve ", "serve ")
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": os.pathsep.join(path), "SKIFF_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "listening").read_text().startswith("listening on http://")
    assert 'estimator.parameters.C: 1 -> 2' in done.stdout
    *_, first, second, third = done.stdout.splitlines()
    assert "- -> 1" in first and "1 -> 2" in second and "2 -> 1" in third and "(rollback)" in third
