"""`same` itself: it distinguishes what Python can distinguish."""

import copy

import numpy as np
import pytest
from same import same
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC


def forest(seed):
    rows = np.random.default_rng(7).normal(size=(60, 4))
    return RandomForestClassifier(5, random_state=seed).fit(rows, rows[:, 0] > 0)


def test_copies_are_the_same():
    array = np.zeros((2, 3))
    for value in [[array, array], forest(0)]:
        same(value, copy.deepcopy(value))


def test_arrays_are_distinguished():
    array = np.zeros((2, 3))
    for other in [np.asfortranarray(array), array.astype(np.float32), -array, array[:1], array.view(np.matrix)]:
        with pytest.raises(AssertionError):
            same(array, other)


def test_values_and_sharing_are_distinguished():
    array = np.zeros((2, 3))
    for a, b in [
        ([array, array], [array, array.copy()]),
        ([array, array.copy()], [array, array]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (SVC(), SVC(C=2.0)),
        (1, True),
        (forest(0), forest(1)),
    ]:
        with pytest.raises(AssertionError):
            same(a, b)
