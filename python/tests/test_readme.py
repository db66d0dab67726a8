"""The Python in the README runs, and answers what it says there."""

import ast
import pathlib
import re

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]


def blocks():
    return re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


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
