"""Whether two objects are the same in everything that Python can tell: what the tests of files rest on."""

import struct
import types

import numpy as np
import pandas as pd
import scipy.sparse

OF_BUNCH = "_deprecated_key_to_warnings"
FUNCTIONS = types.FunctionType, types.BuiltinFunctionType


def same(a, b, path="", seen=None):
    """Fails where two values differ in type, dtype, order, bytes, or in which parts are one object."""
    seen = {} if seen is None else seen
    if not isinstance(a, (int, float, complex, str, bytes, bool, type(None), type)):
        # What was met before must be met again, and what was not must not.
        known = seen.get(("a", id(a))), seen.get(("b", id(b)))
        if known != (None, None):
            # Dtypes and functions are as Python likes them: the same value is enough.
            if not isinstance(a, np.dtype):
                assert known == (id(b), id(a)), f"{path} is shared in one and not in the other"
            return
        # Kept alive, so that no other object takes their place.
        seen["a", id(a)], seen["b", id(b)], seen["keep", id(a)] = id(b), id(a), (a, b)
    assert type(a) is type(b), f"{path}: {type(a)} and {type(b)}"
    if isinstance(a, np.ndarray):
        same_arrays(a, b, path, seen)
    elif isinstance(a, np.generic):
        assert a.dtype == b.dtype and a.tobytes() == b.tobytes(), path
    elif isinstance(a, float):
        assert struct.pack("d", a) == struct.pack("d", b), f"{path}: {a!r} and {b!r}"
    elif scipy.sparse.issparse(a):
        # In whichever order scipy, or skops, sets the attributes.
        same(dict(sorted(vars(a).items())), dict(sorted(vars(b).items())), path, seen)
    elif isinstance(a, dict):
        assert list(a) == list(b), path
        for key, value in a.items():
            same(value, b[key], f"{path}[{key!r}]", seen)
        same_attributes(a, b, path, seen)
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), path
        for place, (x, y) in enumerate(zip(a, b, strict=True)):
            same(x, y, f"{path}[{place}]", seen)
        same_attributes(a, b, path, seen)
    elif isinstance(a, types.FunctionType) and a.__name__ == "<lambda>":
        # Made anew by whoever loads: by the same code.
        assert a.__code__ is b.__code__, path
    elif isinstance(a, (int, complex, str, bytes, set, frozenset, slice, type(None), type, np.ufunc, *FUNCTIONS)):
        assert a == b or (a != a and b != b), f"{path}: {a!r} and {b!r}"
    elif isinstance(a, (np.random.RandomState, np.random.Generator)):
        same(a.__getstate__(), b.__getstate__(), path, seen)
    elif isinstance(a, (pd.DataFrame, pd.Series, pd.Index)):
        same_pandas(a, b, path)
    elif hasattr(a, "__dict__"):
        same(vars(a), vars(b), path, seen)
    elif hasattr(a, "__getstate__"):
        # Compiled classes: trees, losses, distances.
        reduced = a.__reduce__(), b.__reduce__()
        same(reduced[0][1:], reduced[1][1:], path, seen)
    else:
        assert a == b, path


def same_arrays(a, b, path, seen):
    assert (a.dtype, a.shape, layout(a)) == (b.dtype, b.shape, layout(b)), path
    assert a.dtype.metadata == b.dtype.metadata, path
    if a.dtype.hasobject:
        for place, (x, y) in enumerate(zip(a.ravel(), b.ravel(), strict=True)):
            same(x, y, f"{path}[{place}]", seen)
    elif a.dtype.names:
        # Field by field: the bytes between fields are nobody's.
        for field in a.dtype.names:
            assert a[field].tobytes() == b[field].tobytes(), f"{path}[{field!r}]"
    else:
        assert a.tobytes() == b.tobytes(), path
    if isinstance(a, np.ma.MaskedArray):
        assert np.array_equal(np.ma.getmaskarray(a), np.ma.getmaskarray(b)), path


def same_pandas(a, b, path):
    check = {pd.DataFrame: pd.testing.assert_frame_equal, pd.Series: pd.testing.assert_series_equal}
    try:
        check.get(type(a), pd.testing.assert_index_equal)(a, b, check_exact=True)
    except AssertionError as error:
        raise AssertionError(f"{path}: {error}") from error


def same_attributes(a, b, path, seen):
    """Of subclasses of dict and list."""
    if hasattr(a, "__dict__"):
        # Bunch's constructor makes one, and pickle does not call it.
        both = [{name: value for name, value in vars(one).items() if name != OF_BUNCH} for one in (a, b)]
        same(*both, path, seen)


def layout(array):
    """What a file may not change: empty arrays have no order."""
    return array.size and (array.flags.c_contiguous, array.flags.f_contiguous), array.flags.writeable, array.flags.aligned
