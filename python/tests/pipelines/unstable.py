"""Copies of estimators that round otherwise within."""

import pickle

import numpy as np
import scipy.sparse
from sklearn.base import BaseEstimator
from sklearn.kernel_approximation import Nystroem

#: What estimators ask of those within them.
METHODS = ["transform", "predict", "predict_proba", "decision_function"]


def rounded_otherwise(estimator, chance):
    """A copy in which the numbers that go from one estimator within to another are off by rounding errors.

    They are errors of sums: of the size of the greatest number, also next to numbers that are nearly zero.
    """
    copy = pickle.loads(pickle.dumps(estimator))
    for inner in within(copy):
        for name in METHODS:
            if hasattr(inner, name):
                inner.__dict__[name] = moved(getattr(inner, name), chance)
        if isinstance(inner, Nystroem) and hasattr(inner, "normalization_"):
            # The inverse root of a kernel that is nearly singular has numbers of a million, which cancel in the product.
            inner.normalization_ = near(inner.normalization_, chance)
    return copy


def moved(method, chance):
    def asked(*arguments, **options):
        answer = method(*arguments, **options)
        if scipy.sparse.issparse(answer) and answer.dtype.kind == "f":
            answer = answer.copy()
            answer.data = near(answer.data, chance)
        elif isinstance(answer, np.ndarray) and answer.dtype.kind == "f":
            answer = near(answer, chance)
        return answer

    return asked


def near(numbers, chance):
    finite = np.abs(numbers[np.isfinite(numbers)])
    step = finite.max(initial=0.0) * np.finfo(numbers.dtype).eps
    return (numbers + chance.choice([-2, -1, 1, 2], size=numbers.shape) * step).astype(numbers.dtype)


def within(estimator):
    """The estimators that one holds, at any depth."""
    seen, queue, found = {id(estimator)}, [estimator], []
    while queue:
        held = queue.pop()
        if isinstance(held, BaseEstimator):
            found.append(held)
            parts = vars(held).values()
        elif isinstance(held, dict):
            parts = held.values()
        elif isinstance(held, (list, tuple)) or (isinstance(held, np.ndarray) and held.dtype == object):
            parts = np.ravel(held) if isinstance(held, np.ndarray) else held
        else:
            parts = vars(held).values() if type(held).__module__.startswith("sklearn.") and hasattr(held, "__dict__") else ()
        for part in parts:
            if id(part) not in seen:
                seen.add(id(part))
                queue.append(part)
    return found[1:]
