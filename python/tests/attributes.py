"""Whether a model shows the attributes, parameters and methods of scikit-learn's estimator: there where it has them, equal in
value, type, dtype, shape and order, and absent where it has none."""

import types

import numpy as np
import scipy.sparse
import skiff
from exceptions import ATTRIBUTES, DEEP_PARAMETERS, METHODS, MORE, OTHER_METHODS, excepted
from sklearn.base import BaseEstimator

#: What is computed when asked, in another order of sums than scikit-learn's.
COMPUTED = {"feature_importances_", "coef_", "threshold_"}



def names_of(estimator):
    """The attributes that people read: fitted ones, properties included, and parameters."""
    fitted = {name for name in dir(estimator) if name.endswith("_") and not name.startswith("_")}
    steps = {"steps", "named_steps", "named_transformers", "transformer_list"} & set(dir(estimator))
    own = {name for name in vars(estimator) if not name.startswith("_")}
    return sorted(name for name in fitted | steps | own if has(estimator, name))


def has(estimator, name):
    try:
        getattr(estimator, name)
    except Exception:  # Properties raise what they like.
        return False
    return True


def compare(ours, theirs, path, found):
    """Appends what differs to `found`."""
    wrong = lambda what: found.append(f"{path}: {what}")  # noqa: E731
    if isinstance(ours, skiff.StoredObject):
        if isinstance(theirs, types.MethodDescriptorType):
            # `str.lower` is stored as a call of getattr.
            return None
        return compare_part(ours, theirs, path, found)
    if isinstance(theirs, BaseEstimator):
        if not isinstance(ours, skiff.Model):
            return wrong(f"an estimator, found {type(ours)}")
        return compare_estimators(ours, theirs, path, found)
    if type(theirs).__name__ == "Tree":
        public = [name for name in dir(theirs) if not name.startswith("_") and not callable(getattr(theirs, name))]
        for name in public:
            # What memory scikit-learn has set aside is no fact about the tree.
            if name != "capacity":
                compare(getattr(ours, name), getattr(theirs, name), f"{path}.{name}", found)
        return None
    if scipy.sparse.issparse(theirs):
        alike = type(ours) is type(theirs) and ours.dtype == theirs.dtype and ours.shape == theirs.shape
        if not alike:
            return wrong(f"{type(theirs)} {theirs.shape}, found {type(ours)} {np.shape(ours)}")
        # scikit-learn forbids writing into some, and scipy sorts in place.
        theirs = theirs.copy()
        if min(theirs.shape) > 0 and abs(ours - theirs).max() > 1e-12 * max(abs(theirs).max(), 1):
            wrong(f"{theirs!r}, found {ours!r}")
        return None
    if isinstance(theirs, float) and isinstance(ours, float):
        # `np.float64` is a `float`.
        same = ours == theirs or ours != ours and theirs != theirs
        is_close = path.rsplit(".", 1)[-1] in COMPUTED and np.isclose(ours, theirs, rtol=1e-10, atol=1e-13)
        return None if same or is_close else wrong(f"{theirs!r}, found {ours!r}")
    if type(ours) is not type(theirs) and not (isinstance(theirs, dict) and isinstance(ours, dict)):
        return wrong(f"{type(theirs)}, found {type(ours)}")
    if isinstance(theirs, np.ma.MaskedArray):
        compare(np.asarray(ours.mask), np.asarray(theirs.mask), f"{path}.mask", found)
        return compare(ours.data, theirs.data, f"{path}.data", found)
    if isinstance(theirs, np.ndarray):
        return compare_arrays(ours, theirs, path, found)
    if isinstance(theirs, (list, tuple)):
        if len(ours) != len(theirs):
            return wrong(f"{len(theirs)} items, found {len(ours)}")
        for index, (one, other) in enumerate(zip(ours, theirs)):
            compare(one, other, f"{path}[{index}]", found)
        return None
    if isinstance(theirs, dict):
        if [*map(str, ours)] != [*map(str, theirs)]:
            return wrong(f"the keys {[*theirs]}, found {[*ours]}")
        for key, one, other in zip(theirs, ours.values(), theirs.values()):
            compare(one, other, f"{path}[{key!r}]", found)
        return None
    same = ours is theirs or ours == theirs or (isinstance(theirs, float) and ours != ours and theirs != theirs)
    return None if same else wrong(f"{theirs!r}, found {ours!r}")


def compare_arrays(ours, theirs, path, found):
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return found.append(f"{path}: {theirs.dtype} {theirs.shape}, found {ours.dtype} {ours.shape}")
    orders = [(array.flags.c_contiguous, array.flags.f_contiguous) for array in (ours, theirs)]
    is_computed = path.rsplit(".", 1)[-1] in COMPUTED
    if theirs.ndim > 1 and orders[0] != orders[1] and not is_computed:
        return found.append(f"{path}: another order in memory")
    if theirs.dtype == object:
        for index, (one, other) in enumerate(zip(ours.ravel(), theirs.ravel())):
            compare(one, other, f"{path}[{index}]", found)
        return None
    if theirs.dtype.kind in "fc":
        same = np.array_equal(ours, theirs, equal_nan=True)
        same = same or (is_computed and np.allclose(ours, theirs, rtol=1e-10, atol=1e-13))
    else:
        same = np.array_equal(ours, theirs)
    return None if same else found.append(f"{path}: other elements")


def compare_part(ours, theirs, path, found):
    """What was left in the file: an estimator without a fit, a splitter, a scorer, a function, random numbers."""
    named = theirs if isinstance(theirs, (type, types.FunctionType, types.BuiltinFunctionType, np.ufunc)) else type(theirs)
    if isinstance(theirs, np.random.RandomState):
        assert "RandomState" in repr(ours) or "random" in repr(ours)
        return
    if ours.class_path().rsplit(".", 1)[-1] != named.__name__:
        found.append(f"{path}: {named}, found {ours!r}")
    if isinstance(theirs, BaseEstimator):
        compare_parameters(ours, theirs, path, found)


def compare_parameters(ours, theirs, path, found):
    for deep in [False, True]:
        own, expected = ours.get_params(deep=deep), theirs.get_params(deep=deep)
        if sorted(own) != sorted(expected):
            if deep and excepted(DEEP_PARAMETERS, theirs, "get_params"):
                continue
            found.append(f"{path}.get_params({deep}): {sorted(set(own) ^ set(expected))}")
            continue
        for name, value in expected.items():
            # The estimators themselves are looked at as attributes.
            if not isinstance(own[name], (skiff.Model, skiff.StoredObject)) and name not in ("steps", "transformers", "transformer_list"):
                compare(own[name], value, f"{path}.get_params({deep})[{name!r}]", found)


def compare_estimators(ours, theirs, path, found):
    listed = set(dir(ours))
    for name in names_of(theirs):
        different = []
        if not hasattr(ours, name):
            different.append(f"{path}.{name}: absent")
        else:
            if name not in listed:
                different.append(f"{path}.{name}: not listed by dir()")
            compare(getattr(ours, name), getattr(theirs, name), f"{path}.{name}", different)
        if different and not excepted(ATTRIBUTES, theirs, name):
            found += different
    compare_parameters(ours, theirs, path, found)
    for name in sorted(listed):
        if not hasattr(ours, name):
            found.append(f"{path}.{name}: listed by dir(), and absent")
        elif not name.startswith("_") and not has(theirs, name) and not excepted(MORE, theirs, name):
            found.append(f"{path}.{name}: scikit-learn has none")
    for name in dir(theirs):
        is_asked = not name.startswith(("_", *OTHER_METHODS)) and not name.endswith("_")
        is_method = is_asked and callable(getattr(type(theirs), name, None)) and has(theirs, name)
        if is_method and not hasattr(ours, name) and not excepted(METHODS, theirs, name):
            found.append(f"{path}.{name}(): absent")
