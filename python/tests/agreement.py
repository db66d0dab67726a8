"""Whether skiff and scikit-learn answer the same: values, dtypes, shapes, and the kind of what they raise."""

import types
import warnings
from typing import NamedTuple

import numpy as np
import scipy.sparse
import skiff



class Tolerance(NamedTuple):
    """How far numbers may be apart: by this share of the expected one, or of this part of the answer's greatest."""

    share: float
    part: float


#: As the recorded cases are judged.
DOUBLE = Tolerance(1e-10, 1e-3)
#: Eight units in the last place of the greatest number: what sums that cancel are sums of.
SINGLE = Tolerance(1e-5, 0.1)
EXACT = Tolerance(0.0, 0.0)


def ask(model, method, *arguments, **params):
    """What a method returns, or the exception that it raises. Rows are copied: some methods write into what they get."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            answer = getattr(model, method)(*map(copy_of, arguments), **params)
            return list(answer) if isinstance(answer, types.GeneratorType) or method.startswith("staged_") else answer
        except Exception as error:
            return error


def copy_of(value):
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    return value.copy() if scipy.sparse.issparse(value) or hasattr(value, "iloc") else value


def disagreement(ours, theirs, tolerance=DOUBLE):
    """How an answer or exception differs from scikit-learn's, in words; `None` where it does not."""
    if isinstance(theirs, Exception):
        return of_exceptions(ours, theirs)
    if isinstance(ours, Exception):
        return f"an answer, found {type(ours).__name__}: {first_line(ours)}"
    if isinstance(theirs, (list, tuple)):
        if type(ours) is not type(theirs) or len(ours) != len(theirs):
            return f"a {type(theirs).__name__} of {len(theirs)}, found {type(ours).__name__} {np.shape(ours)}"
        for index, pair in enumerate(zip(ours, theirs)):
            what = disagreement(*pair, tolerance)
            if what:
                return f"[{index}]: {what}"
        return None
    if isinstance(theirs, (float, np.float64)) and isinstance(ours, float):
        return of_numbers(np.asarray(ours), np.asarray(theirs), tolerance)
    if type(ours) is not type(theirs):
        return f"{type(theirs).__name__}, found {type(ours).__name__}"
    if scipy.sparse.issparse(theirs):
        return of_forms(ours, theirs) or of_numbers(*elements(ours, theirs), tolerance)
    if hasattr(theirs, "iloc"):
        return of_frames(ours, theirs, tolerance)
    if isinstance(theirs, np.ndarray):
        return of_arrays(ours, theirs, tolerance)
    if isinstance(theirs, np.floating):
        return of_numbers(np.asarray(ours), np.asarray(theirs), tolerance)
    return None if ours == theirs else f"{theirs!r}, found {ours!r}"


def disagreement_of(method):
    """What tells how answers of a method differ."""
    return of_neighbors_or_exceptions if method == "kneighbors" else disagreement


def of_neighbors_or_exceptions(ours, theirs, tolerance=DOUBLE):
    is_pair = isinstance(ours, tuple) and isinstance(theirs, tuple)
    return of_neighbors(ours, theirs, tolerance) if is_pair else disagreement(ours, theirs, tolerance)


def of_exceptions(ours, theirs):
    """Whatever scikit-learn raises, skiff raises something of its own, or what Python users expect: no crash."""
    raised = f"{type(theirs).__name__} ({first_line(theirs)})"
    if not isinstance(ours, Exception):
        return f"{raised}, found {describe(ours)}"
    if isinstance(ours, (skiff.SkiffError, AttributeError, TypeError, ValueError, type(theirs))):
        return None
    return f"{raised}, found {type(ours).__name__} ({first_line(ours)})"


def of_forms(ours, theirs):
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return f"{theirs.dtype} {theirs.shape}, found {ours.dtype} {ours.shape}"
    return None


def of_neighbors(ours, theirs, tolerance):
    """`kneighbors`: among rows that are as far away, numpy chooses by the instructions that the processor has."""
    what = disagreement(ours[0], theirs[0], tolerance) or of_forms(ours[1], theirs[1])
    if what:
        return what
    for row, column in np.argwhere(ours[1] != theirs[1]):
        distances = theirs[0][row]
        near = np.abs(distances - distances[column]) <= 1e-6 * np.abs(distances).max()
        # The farthest may be as far as others that are not among them.
        if near.sum() < 2 and not near[-1]:
            return f"[1]: {theirs[1][row, column]} at [{row}, {column}], found {ours[1][row, column]}"
    return None


def of_arrays(ours, theirs, tolerance):
    if theirs.dtype.kind in "US" and ours.dtype.kind == theirs.dtype.kind and ours.shape == theirs.shape:
        return None if np.array_equal(ours, theirs) and ours.dtype == theirs.dtype else f"{theirs!r}, found {ours!r}"
    what = of_forms(ours, theirs)
    if what:
        return what
    if theirs.dtype == object:
        pairs = list(zip(ours.ravel(), theirs.ravel()))
        is_float = [all(isinstance(one, float) for one in pair) for pair in pairs]
        for index, pair in enumerate(pairs):
            what = None if is_float[index] else disagreement(*pair, tolerance)
            if what:
                return f"[{index}]: {what}"
        floats = np.array([pair for pair, known in zip(pairs, is_float) if known], dtype=np.float64).reshape(-1, 2)
        return of_numbers(floats[:, 0], floats[:, 1], tolerance)
    return of_numbers(ours, theirs, tolerance)


def of_numbers(ours, theirs, tolerance):
    share, part = max(tolerance, SINGLE) if theirs.dtype == np.float32 else tolerance
    if theirs.dtype.kind not in "fc":
        unequal = np.argwhere(ours != theirs)
        return at(ours, theirs, unequal) if len(unequal) else None
    with np.errstate(all="ignore"):
        greatest = np.abs(theirs[np.isfinite(theirs)]).max(initial=0.0)
        near = np.abs(ours - theirs) <= share * np.maximum(np.abs(theirs), part * greatest)
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs)) | (near & np.isfinite(theirs) & np.isfinite(ours))
    unequal = np.argwhere(~same)
    return at(ours, theirs, unequal) if len(unequal) else None


def at(ours, theirs, unequal):
    first = tuple(unequal[0])
    place = list(map(int, first))
    return f"{theirs[first]!r} at {place}, found {ours[first]!r} ({len(unequal)} of {theirs.size} differ)"


def elements(*matrices):
    """Of sparse matrices of one shape: the elements that one of them has at least, of each."""
    matrices = [matrix.tocsr() for matrix in matrices]
    places = sum(matrix != 0 for matrix in matrices).nonzero()
    return [np.asarray(matrix[places]).ravel() if len(places[0]) else np.empty(0, matrix.dtype) for matrix in matrices]


def of_frames(ours, theirs, tolerance):
    if list(ours.columns) != list(theirs.columns) or not ours.index.equals(theirs.index):
        return f"the columns {list(theirs.columns)}, found {list(ours.columns)}, or another index"
    dtypes = [[*map(str, frame.dtypes)] for frame in (ours, theirs)]
    if dtypes[0] != dtypes[1]:
        return f"columns of {dtypes[1]}, found {dtypes[0]}"
    if all(kind.startswith("float") for kind in dtypes[1]):
        return of_numbers(ours.to_numpy(), theirs.to_numpy(), tolerance)
    for name in theirs.columns:
        what = disagreement(*(frame[name].to_numpy() for frame in (ours, theirs)), tolerance)
        if what:
            return f"{name}: {what}"
    return None


def describe(value):
    return f"{type(value).__name__} {np.shape(value) if not scipy.sparse.issparse(value) else value.shape}"


def first_line(error):
    return (str(error).splitlines() or [""])[0][:160]
