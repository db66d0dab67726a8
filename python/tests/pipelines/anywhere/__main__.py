"""Draws models with the installed scikit-learn and records what they answer; or asks models what others answered.

``python anywhere draw OUT --seed S --first N --count N`` writes ``OUT/<number>/`` for each estimator that could be fitted:
the model, ``case.json`` and ``case.npz`` with rows and answers. ``python anywhere ask OUT MODEL ANSWERS`` loads the file
named MODEL of each case by joblib, asks the same, and writes ``<ANSWERS>.json`` and ``<ANSWERS>.npz`` next to it.

Any Python from 2.7 on, with numpy, scipy, pandas, joblib and scikit-learn.
"""

from __future__ import print_function

import argparse
import io
import json
import os
import pickle
import random
import signal
import sys
import types
import warnings

import numpy as np
import pandas as pd
import scipy.sparse
import sklearn

try:
    import joblib
except ImportError:
    from sklearn.externals import joblib

import estimators
import exchange
import tables
from rounding import jittered

METHODS = [
    "predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "score_samples", "apply", "decision_path",
    "staged_predict", "kneighbors", "inverse_transform", "get_feature_names", "get_feature_names_out", "get_support", "score",
]
#: Seconds that a fit and its questions may take.
LONGEST = 6
SPACE = dict(estimators.CLASSES, np=np, pd=pd, scipy=scipy)


def main():
    parser = argparse.ArgumentParser(prog="anywhere", description=__doc__)
    parser.add_argument("what", choices=["draw", "ask"])
    parser.add_argument("out")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--depth", type=int, default=2)
    parser.add_argument("--only", help="cases, by their numbers with commas between")
    parser.add_argument("--jitter", type=int, help="moves each number of the rows by a rounding error")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, too_long)
    if arguments.what == "draw":
        for number in range(arguments.first, arguments.first + arguments.count):
            trial(arguments, number)
    else:
        numbers = arguments.only.split(",") if arguments.only else sorted(os.listdir(arguments.out), key=int)
        for number in numbers:
            again(os.path.join(arguments.out, number), arguments)


def too_long(*_):
    raise KeyboardInterrupt


def trial(arguments, number):
    chance = random.Random(arguments.seed * 1000003 + number)
    draw = estimators.Draw(chance)
    kind = draw.choice(["classifier", "regressor", "transformer", "other"])
    targets = {"regressor": ["number", "number", "numbers"]}.get(kind, ["two", "three", "numbered", "bools", "labels"])
    rows, target, seed = draw.choice(sorted(tables.ROWS)), draw.choice(targets), chance.randrange(1000)
    source = draw.estimator(kind, arguments.depth)
    if rows == "frame":
        source = draw.of_frame(source)
    elif rows == "missing" and draw.chance(0.8):
        source = draw.of_missing(source)
    elif rows == "words" and draw.chance(0.8):
        source = draw.of_words(source)
    elif rows == "texts":
        source = draw.of_texts(None if kind == "transformer" and draw.chance(0.5) else source)
    how = draw.choice(["pickle", "pickle", "joblib", "joblib", "zlib"])
    protocol = draw.choice([0, 2, pickle.HIGHEST_PROTOCOL])
    names = sorted(tables.questions(rows))
    names = [names[at] for at in chance.sample(range(len(names)), 4)]
    space = dict(SPACE)
    lines = tables.lines(rows, target, seed)
    signal.alarm(LONGEST)
    try:
        exec("\n".join(lines), space)
        model = eval(source, space)
        np.random.seed(0)
        with np.errstate(all="ignore"):
            model.fit(space["X"], space["y"])
        document, arrays = questioned(model, space, rows, names)
    except (Exception, KeyboardInterrupt):  # Most of what is drawn cannot be fitted, for every reason there is.
        return
    finally:
        signal.alarm(0)
    if document is None:
        return
    folder = os.path.join(arguments.out, str(number))
    os.makedirs(folder)
    document.update(source=source, lines=lines, rows=rows, target=target, sklearn=sklearn.__version__, python=list(sys.version_info[:3]))
    document["model"] = "model.joblib" if how != "pickle" else "model.pkl"
    path = os.path.join(folder, document["model"])
    if how == "pickle":
        with open(path, "wb") as out:
            pickle.dump(model, out, protocol=protocol)
    else:
        joblib.dump(model, path, compress=3 if how == "zlib" else 0)
    write(os.path.join(folder, "case"), document, arrays)


def questioned(model, space, rows, names):
    """A document with the questions and answers, and its arrays; none where nothing is answered."""
    model = pickle.loads(pickle.dumps(model, protocol=2))
    arrays, given, calls, answers = {}, {}, [], 0
    questions = dict(tables.questions(rows), rows="Q")
    for name in ["rows"] + names:
        given[name] = eval(questions[name], space)
    transformed = {}
    for method in METHODS:
        if not has(model, method):
            continue
        if method.startswith("get_"):
            asked = [("", ())]
        elif method == "score":
            asked = [("score", (space["X"], space["y"]))]
        elif method == "inverse_transform":
            asked = [("transformed " + name, (one,)) for name, one in transformed.items()]
        else:
            asked = [(name, (given[name],)) for name in ["rows"] + names]
        for name, values in asked:
            answer = ask(model, method, values)
            if method == "transform" and not isinstance(answer, Exception):
                transformed[name] = answer
            answers += not isinstance(answer, Exception)
            call = {"method": method, "rows": name, "answer": exchange.encode(answer, arrays)}
            call["given"] = [exchange.encode(one, arrays) for one in values]
            calls.append(call)
    return ({"calls": calls, "uses": []}, arrays) if answers else (None, None)


def has(model, method):
    try:
        return hasattr(model, method)
    except Exception:  # Properties raise what they like.
        return False


def ask(model, method, values):
    """What a method returns, or what it raises. Rows are copied: some methods write into what they get."""
    np.random.seed(0)
    values = [value.copy() if hasattr(value, "copy") and not isinstance(value, list) else value for value in values]
    with np.errstate(all="ignore"):
        try:
            answer = getattr(model, method)(*values)
            return list(answer) if isinstance(answer, types.GeneratorType) else answer
        except Exception as error:
            return error


def again(folder, arguments):
    """Asks the model in another file what the case was asked."""
    name, out = arguments.names
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return
    with io.open(os.path.join(folder, "case.json"), encoding="utf-8") as text:
        document = json.load(text)
    given = np.load(os.path.join(folder, "case.npz"))
    arrays, found = {}, {"calls": [], "uses": [], "warns": []}
    signal.alarm(20)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if path.endswith(".pkl"):
                with open(path, "rb") as file:
                    model = pickle.load(file)
            else:
                model = joblib.load(path)
        caught = [one for one in caught if one.category.__name__ != "ResourceWarning"]
        found["warns"] = ["%s: %s" % (one.category.__name__, one.message) for one in caught]
        chance = None if arguments.jitter is None else np.random.RandomState(arguments.jitter)
        for call in document["calls"]:
            values = [exchange.decode(one, given) for one in call["given"]]
            if chance is not None and values and not hasattr(values[0], "iloc"):
                values[0] = jittered(values[0], chance)
            answer = ask(model, call["method"], values) if has(model, call["method"]) else None
            found["calls"].append(exchange.encode(answer, arrays) if has(model, call["method"]) else {"absent": True})
        found["uses"] = used(model)
    except (Exception, KeyboardInterrupt) as error:
        found["fails"] = "%s: %s" % (type(error).__name__, error)
    finally:
        signal.alarm(0)
    write(os.path.join(folder, out), found, arrays)


def used(model):
    """What any estimator has to stand, and does not."""
    import sklearn.base

    def reset():
        model.set_params(**model.get_params(deep=False))

    failed = []
    uses = [
        ("get_params", lambda: model.get_params()),
        ("set_params", reset),
        ("clone", lambda: sklearn.base.clone(model)),
        ("repr", lambda: repr(model)),
    ]
    for name, use in uses:
        try:
            use()
        except Exception as error:
            failed.append("%s: %s: %s" % (name, type(error).__name__, str(error).split("\n")[0]))
    return failed


def write(path, document, arrays):
    with io.open(path + ".json", "w", encoding="utf-8") as text:
        text.write(exchange.text(json.dumps(document)))
    np.savez(path + ".npz", **arrays)


if __name__ == "__main__":
    main()
