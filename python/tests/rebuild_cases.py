"""Rebuilds models in fresh environments, with their own versions and with another scikit-learn: `cargo xtask peers rebuild`.

Called as ``rebuild_cases.py COMMAND PAGE``; the table of the page is written anew.
"""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WHEELS = ROOT / "target" / "wheels"
#: What the models are trained with, and what they are rebuilt with.
TRAINED, OTHER = "1.8.0", "1.9.1"
SCRIPT = """
import sys
import pandas as pd, skiff
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_digits
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

kind = sys.argv[1]
if kind == "forest":
    X, y = load_digits(return_X_y=True)
    model, data = RandomForestClassifier(50, random_state=0), (X, y)
elif kind == "boosting":
    X, y = load_diabetes(return_X_y=True)
    model, data = GradientBoostingRegressor(random_state=0), (X, y)
elif kind == "texts":
    X = open("messages.txt").read().splitlines()
    y = [len(text) > 40 for text in X]
    model, data = make_pipeline(TfidfVectorizer(), LogisticRegression()), "messages.txt"
else:
    table = pd.read_csv("passengers.csv").dropna()
    X, y = table.drop(columns="survived"), table["survived"].to_numpy(dtype=str)
    words = ["sex", "port", "rank"]
    columns = make_column_transformer((OneHotEncoder(), words), (StandardScaler(), ["age", "fare"]))
    model, data = make_pipeline(columns, SVC()), "passengers.csv"
skiff.dump(model.fit(X, y), kind + ".skiff", data=data, source=__file__, cv=(5, X, y), lock=True)
"""
KINDS = {
    "forest": "random forest, digits",
    "boosting": "gradient boosting, diabetes",
    "texts": "tf-idf and logistic regression, messages",
    "columns": "column transformer and SVC, passengers",
}


def run(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, **options)


def rebuilt(command, model, *words, script=(), **variables):
    """What `skiff rebuild` reports of a model, and its exit status."""
    words = [command, "rebuild", model, "--yes", "--force", "--wheel", WHEELS, "--format", "json", *words, "--", *script]
    environment = {**os.environ, **variables}
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True, env=environment)
    return done.returncode, json.loads(done.stdout) if done.stdout else None


def trained(folder):
    """Trains the models in an environment of their own."""
    home = folder / "environment"
    run(sys.executable, "-m", "venv", home)
    python = home / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--find-links", WHEELS]
    run(*install, f"scikit-learn=={TRAINED}", "pandas", "skiff-ml")
    (folder / "train.py").write_text(SCRIPT)
    for name in ("messages.txt", "passengers.csv"):
        (folder / name).write_bytes((ROOT / "examples" / name).read_bytes())
    for kind in KINDS:
        run(python, "train.py", kind, cwd=folder)
        yield kind, folder / f"{kind}.skiff"


def main(command, page):
    command, page = pathlib.Path(command).resolve(), pathlib.Path(page)
    lines = [
        f"{datetime.date.today():%Y-%m-%d}, Python {sys.version_info.major}.{sys.version_info.minor}; `examples/passengers.skiff` with the recorded one:",
        "",
        "| model | trained with | rebuilt with | to the last bit | values that differ | score: recorded | range | computed |",
        "|---|---|---|---|--:|--:|---|--:|",
    ]
    failed = False

    def line(name, old, new, answer, is_exact):
        nonlocal failed
        status, found = answer
        assert found is not None, f"{name} was not rebuilt"
        for score in found["scores"]:
            recorded, low, high, computed = (f"{score[key]:.4f}" for key in ("recorded", "low", "high", "computed"))
            same = "yes" if found["same"] else "no"
            line = f"| {name} | {old} | {new} | {same} | {found['values']['differing']} | {recorded} | {low} to {high} | {computed} |"
            print(line, flush=True)
            lines.append(line)
        failed |= status != 0 or not found["same_data"] or (is_exact and not found["same"])

    with tempfile.TemporaryDirectory() as folder:
        # `python3.11` is the one that trained.
        path = os.pathsep.join([str(pathlib.Path(folder) / "environment" / "bin"), os.environ["PATH"]])
        for kind, model in trained(pathlib.Path(folder)):
            line(KINDS[kind], TRAINED, TRAINED, rebuilt(command, model, script=[kind], PATH=path), True)
            other = rebuilt(command, model, "--with", f"scikit-learn=={OTHER}", script=[kind], PATH=path)
            line(KINDS[kind], TRAINED, OTHER, other, False)
        out = pathlib.Path(folder) / "passengers.skiff"
        for words, new in [((), "1.9.1"), (("--with", f"scikit-learn=={TRAINED}"), TRAINED)]:
            # If pyenv has several Pythons, this one is `python3.13`.
            options = {"script": ["passengers.skiff"], "PYENV_VERSION": "3.13.0"}
            answer = rebuilt(command, ROOT / "examples" / "passengers.skiff", "-o", out, *words, **options)
            line("`examples/passengers.skiff`", "1.9.1", new, answer, not words)
    block = "\n".join(["<!-- rebuild -->", "", *lines, "", "<!-- /rebuild -->"])
    page.write_text(re.sub("<!-- rebuild -->.*<!-- /rebuild -->", lambda _: block, page.read_text(), flags=re.DOTALL))
    return failed


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    sys.exit(main(*sys.argv[1:]))
