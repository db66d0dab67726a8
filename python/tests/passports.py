"""Models of iris that are dumped with a passport."""

import json

from sklearn.datasets import load_iris
from sklearn.svm import SVC

import skiff

X, Y = load_iris(return_X_y=True)
FRAME, LABELS = load_iris(return_X_y=True, as_frame=True)


def passport_of(path, model=None, **told):
    skiff.dump(SVC().fit(X, Y) if model is None else model, path, **told)
    found = skiff.inspect(path)["passport"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found
