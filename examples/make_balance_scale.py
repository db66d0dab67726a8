"""Makes the balance-scale tree: ``python2.7 make_balance_scale.py``, run in this folder.

The versions are those of ``../fixtures/generate/requirements/0.17.1-py27.txt``: the file is what people
wrote in 2016, a pickle of Python 2 with its default protocol. The data is the balance-scale table: for
each left weight, left distance, right weight and right distance from 1 to 5, the scale tips to the left
(L), to the right (R) or is balanced (B).
"""

from __future__ import print_function

import io
import itertools
import json
import pickle

import numpy as np
from sklearn.tree import DecisionTreeClassifier

NAMES = ["left-weight", "left-distance", "right-weight", "right-distance"]


def tips(left_weight, left_distance, right_weight, right_distance):
    left, right = left_weight * left_distance, right_weight * right_distance
    return "L" if left > right else ("R" if left < right else "B")


def main():
    rows = list(itertools.product(range(1, 6), repeat=4))
    labels = [tips(*row) for row in rows]
    with io.open("balance-scale.csv", "wb") as out:
        out.write((",".join(NAMES + ["class"]) + "\n").encode("ascii"))
        for row, label in zip(rows, labels):
            out.write((",".join(map(str, row)) + "," + label + "\n").encode("ascii"))

    X = np.array(rows, dtype=float)
    # Shallow enough to be wrong at times, so that the probabilities are not all zero or one.
    model = DecisionTreeClassifier(max_depth=7, random_state=0).fit(X, np.array(labels))
    with io.open("balance-scale-tree.pkl", "wb") as out:
        pickle.dump(model, out)

    lines = []
    for method in ["predict", "predict_proba", "apply"]:
        answers = getattr(model, method)(X.astype(np.float32) if method == "apply" else X).tolist()
        lines.append(' "%s": [\n%s\n ]' % (method, ",\n".join("  " + json.dumps(row) for row in answers)))
    with io.open("balance-scale-tree.expected.json", "wb") as out:
        out.write(("{\n%s\n}\n" % ",\n".join(lines)).encode("ascii"))


main()
