"""Every estimator of the scikit-learn at hand: unfitted, with what it is fitted on, and rows to ask it about."""

import functools
import pathlib
import sys
import warnings

import numpy as np
import pandas as pd
import scipy.sparse
import sklearn.experimental.enable_halving_search_cv  # noqa: F401
import sklearn.experimental.enable_iterative_imputer  # noqa: F401
from sklearn.base import clone
from sklearn.utils.discovery import all_estimators

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "fixtures"))

from catalog import inputs, instances  # noqa: E402

CLASSES = dict(all_estimators())


def of(name, *arguments, **params):
    return CLASSES[name](*arguments, **params)


#: Those that cannot be made without arguments, and those that would answer little with their defaults.
MADE = {
    "ColumnTransformer": lambda: of(
        "ColumnTransformer", [("scale", of("StandardScaler"), [1, 0]), ("bins", of("KBinsDiscretizer", 3), [2])], remainder="passthrough"
    ),
    "FeatureUnion": lambda: of("FeatureUnion", [("scale", of("StandardScaler")), ("pca", of("PCA", 2))], transformer_weights={"pca": 2.0}),
    "FrozenEstimator": lambda: of("FrozenEstimator", of("LogisticRegression")),
    # Without it, a sum of large numbers that cancel is all that predictions are.
    "GaussianProcessRegressor": lambda: of("GaussianProcessRegressor", alpha=0.1),
    "GaussianRandomProjection": lambda: of("GaussianRandomProjection", 2),
    "GridSearchCV": lambda: of("GridSearchCV", of("LogisticRegression"), {"C": [0.1, 1.0]}, cv=2),
    "HalvingGridSearchCV": lambda: of("HalvingGridSearchCV", of("LogisticRegression"), {"C": [0.1, 1.0]}, cv=2),
    "HalvingRandomSearchCV": lambda: of("HalvingRandomSearchCV", of("LogisticRegression"), {"C": [0.1, 1.0]}, cv=2, random_state=0),
    "LocalOutlierFactor": lambda: of("LocalOutlierFactor", 5, novelty=True),
    # With more, the kernel of the few rows is singular.
    "Nystroem": lambda: of("Nystroem", n_components=4),
    # By default as many coefficients are tried as there are rounds, which must not be more than features.
    "OrthogonalMatchingPursuitCV": lambda: of("OrthogonalMatchingPursuitCV", max_iter=2),
    "Pipeline": lambda: of("Pipeline", [("scale", of("StandardScaler")), ("classify", of("LogisticRegression"))]),
    "RandomizedSearchCV": lambda: of("RandomizedSearchCV", of("LogisticRegression"), {"C": [0.1, 1.0]}, n_iter=2, cv=2, random_state=0),
    "RFECV": lambda: of("RFECV", of("LogisticRegression"), cv=2),
    "SelfTrainingClassifier": lambda: of("SelfTrainingClassifier", of("LogisticRegression"), threshold=0.6),
    "SequentialFeatureSelector": lambda: of("SequentialFeatureSelector", of("LogisticRegression"), cv=2),
    "SparseRandomProjection": lambda: of("SparseRandomProjection", 2),
    # No two atoms have the same product with rows of few values: such ties are refused.
    "SparseCoder": lambda: of("SparseCoder", np.array([[0.93, 0.11, 0.29, 0.17], [0.19, 0.83, -0.37, 0.31], [-0.23, 0.41, 0.79, 0.13]])),
    "StackingClassifier": lambda: of(
        "StackingClassifier", [("tree", of("DecisionTreeClassifier", max_depth=3)), ("linear", of("LogisticRegression"))], cv=2
    ),
    "StackingRegressor": lambda: of("StackingRegressor", [("tree", of("DecisionTreeRegressor", max_depth=3)), ("linear", of("Ridge"))], cv=2),
    # It takes no fewer rounds.
    "TSNE": lambda: of("TSNE", max_iter=250, perplexity=5.0),
    "VotingClassifier": lambda: of(
        "VotingClassifier", [("tree", of("DecisionTreeClassifier", max_depth=3)), ("linear", of("LogisticRegression"))], voting="soft"
    ),
    "VotingRegressor": lambda: of("VotingRegressor", [("tree", of("DecisionTreeRegressor", max_depth=3)), ("linear", of("Ridge"))]),
}
#: Other ways to make a class, where methods are there in some of them only.
OTHERWISE = {
    "AffinityPropagation": {"damped": {"damping": 0.9}},
    "CalibratedClassifierCV": {"isotonic": {"method": "isotonic"}, "temperature": {"method": "temperature"}},
    "DummyClassifier": {"most frequent": {"strategy": "most_frequent"}, "uniform": {"strategy": "uniform", "random_state": 0}},
    "GaussianProcessRegressor": {"normalized": {"normalize_y": True}},
    "GridSearchCV": {"transformer": {"estimator": of("PCA"), "param_grid": {"n_components": [1, 2]}}},
    "KernelPCA": {"inverse": {"kernel": "rbf", "fit_inverse_transform": True, "n_components": 2}},
    "KNeighborsClassifier": {"distances": {"weights": "distance"}},
    "LatentDirichletAllocation": {"three topics": {"n_components": 3, "random_state": 0}},
    "LinearDiscriminantAnalysis": {"eigen": {"solver": "eigen"}, "lsqr": {"solver": "lsqr"}},
    "Pipeline": {"transformer": {"steps": [("scale", of("StandardScaler")), ("pca", of("PCA", 2))]}},
    "PCA": {"two": {"n_components": 2}, "whitened": {"n_components": 2, "whiten": True}},
    "FactorAnalysis": {"two": {"n_components": 2}},
    "SGDClassifier": {"probabilities": {"loss": "modified_huber"}},
    "SimpleImputer": {"indicator": {"add_indicator": True}},
    "SVC": {"one of each pair": {"decision_function_shape": "ovo"}},
    "VotingClassifier": {"hard": {"voting": "hard"}},
}


def makers(cls):
    """Functions that each make an unfitted estimator of the class, by what is particular about it."""
    first = MADE.get(cls.__name__) or functools.partial(instances.plain, cls)
    yield "", lambda: seeded(first())
    for what, params in OTHERWISE.get(cls.__name__, {}).items():
        yield what, lambda params=params: seeded(first().set_params(**{name: clone(value, safe=False) for name, value in params.items()}))


def seeded(estimator):
    """With a seed wherever the fit draws random numbers: a failure must come back."""
    seeds = {name: 0 for name in estimator.get_params() if name.split("__")[-1] == "random_state"}
    own = {"random_state"} if type(estimator).__name__ == "DummyClassifier" else set()
    estimator.set_params(**{name: seed for name, seed in seeds.items() if name not in own})
    return estimator


def fitted(make, X, y):
    """Fitted on these rows, or on these targets where the class takes nothing else; `None` where it takes neither."""
    if y is not None and np.asarray(y).dtype.kind in "UO" and "Regress" in type(make()).__name__:
        # Some take text, and can predict nothing.
        return None
    for arguments in [(X, y), (X,)] if y is not None else [(X,)]:
        estimator = make()
        inner = [estimator.estimator] if type(estimator).__name__ == "FrozenEstimator" else []
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                for one in inner:
                    one.fit(*arguments)
                return estimator.fit(*arguments)
        except Exception:
            continue
    return None


def others(X, y, random):
    """Rows that were not in the fit, and awkward ones, by name."""
    kind = kind_of(X)
    if kind == "table":
        yield from tables(X, random)
    elif kind == "sparse":
        yield from sparse(X)
    elif kind == "frame":
        yield from frames(X)
    elif kind == "texts":
        yield "rows", ["one day", "nights of rain", "", "ONE fine, Day!", "two two two"]
        yield "one", ["fine days"]
        yield "none", []
        yield "array", np.array(["one day", "bad"], dtype=object)
        yield "one text", "one day"
        yield "numbers", [1.0, 2.0]
    elif kind == "dicts":
        yield "rows", [{"a": 3.0, "z": 1.0}, {}, {"b": "x", "c": 2}, {"b": "unseen"}]
        yield "one", [{"a": 1.0}]
        yield "none", []
        yield "table", [[1.0, 2.0]]
    elif kind == "labels":
        yield "rows", list(X[::-1])
        yield "unseen", [*X[:2], "dog"]
        yield "one", X[:1]
        yield "none", []
        yield "array", np.array(X, dtype=object)
        yield "numbers", [1, 2]
    elif kind == "objects":
        yield "rows", X[::5]
        yield "one", X[:1]
        yield "none", X[:0]
        unseen = X[:3].copy()
        unseen[0, 0], unseen[1, 0] = "violet", None
        yield "unseen", unseen
        yield "narrow", X[:, :1]
        yield "list", X[:4].tolist()
    elif kind == "sets":
        yield "rows", [*X[::-1], ()]
        yield "unseen", [("a", "z")]
        yield "one", X[:1]
        yield "none", []
    else:
        values = np.asarray(X, dtype=float)
        yield "rows", values[::-1] * 1.1 + 0.05
        yield "one", values[:1]
        yield "none", values[:0]
        yield "float32", values.astype(np.float32)
        yield "missing", np.where(np.arange(values.size).reshape(values.shape) == 1, np.nan, values)


def kind_of(X):
    if scipy.sparse.issparse(X):
        return "sparse"
    if isinstance(X, pd.DataFrame):
        return "frame"
    if isinstance(X, np.ndarray) and X.ndim == 2:
        return "objects" if X.dtype == object else "table"
    if isinstance(X, list):
        return {str: "texts", dict: "dicts", tuple: "sets"}.get(type(X[0]), "labels")
    return "array"


def tables(X, random):
    rows = held_out(X, random)
    yield "rows", rows
    yield "one", rows[:1]
    yield "none", rows[:0]
    yield "fitted", X
    yield "float32", rows.astype(np.float32)
    yield "Fortran order", np.asfortranarray(rows)
    yield "every other", rows[::2]
    yield "ties", np.round(rows[[0, 0, 1, 0]])
    yield "integers", np.round(rows).astype(np.int64)
    yield "booleans", rows > 0
    yield "missing", with_cell(rows, np.nan)
    yield "infinite", with_cell(rows, np.inf)
    # More than `float32` holds.
    yield "huge", rows * 1e60
    yield "narrow", rows[:, :-1]
    yield "one dimension", rows[0]
    yield "list", rows.tolist()
    yield "objects", rows.astype(object)
    yield "words", np.array([["a"] * X.shape[1]])
    yield "sparse", scipy.sparse.csr_matrix(rows)
    yield "sparse columns", scipy.sparse.csc_matrix(rows)
    yield "frame", pd.DataFrame(rows, columns=[f"c{i}" for i in range(X.shape[1])])


def held_out(X, random):
    """Rows like those of the fit: counts stay counts, and what is positive stays so."""
    rows = X[random.permutation(len(X))[:9]]
    if X.dtype.kind in "iu":
        return rows + 1
    return (rows * 1.1 + (0.01 if X.min() >= 0 else 0.05)).astype(X.dtype)


def with_cell(rows, value):
    rows = rows.astype(np.result_type(rows, np.float32), copy=True)
    rows[1 % len(rows), 0] = value
    return rows


def sparse(X):
    rows = X[::4] * 2
    yield "rows", rows
    yield "one", rows[:1]
    yield "none", rows[:0]
    yield "float32", rows.astype(np.float32)
    yield "sparse columns", rows.tocsc()
    yield "coordinates", rows.tocoo()
    yield "sparse array", scipy.sparse.csr_array(rows)
    yield "dense", rows.toarray()
    missing = rows.copy()
    missing.data[0] = np.nan
    yield "missing", missing
    yield "narrow", rows[:, :-1]


def frames(X):
    rows = X.iloc[::4].copy()
    numbers = rows.select_dtypes("number").columns
    rows[numbers] = rows[numbers] * 1.1 + 0.05
    yield "rows", rows
    yield "one", rows.iloc[:1]
    yield "none", rows.iloc[:0]
    yield "float32", rows.astype({name: np.float32 for name in numbers})
    missing = rows.copy()
    missing.iloc[1, 0] = np.nan
    yield "missing", missing
    yield "reordered", rows[rows.columns[::-1]]
    yield "renamed", rows.rename(columns={rows.columns[0]: "other"})
    yield "narrow", rows[rows.columns[:-1]]
    yield "array", rows.to_numpy()
    if len(numbers) < len(rows.columns):
        unseen = rows.astype({name: object for name in rows.columns if name not in numbers})
        unseen.iloc[0, -1] = "violet"
        yield "unseen", unseen


#: Those that are fitted on square tables only.
OF_KERNELS = {"KernelCenterer"}


def inputs_of_fits(class_name=""):
    """What estimators of a class are fitted on: name, rows, targets."""
    for name, X, y in inputs.inputs():
        # As rows of features they are more columns than rows have, of which answers are rounding errors.
        if name != "sparse" and (class_name in OF_KERNELS or name not in ("square", "distances")):
            yield name, X, y
    random = np.random.RandomState(1)
    X = np.column_stack([random.choice([0.0, 1.0, 2.0], size=36), random.normal(size=(36, 2))]).round(1)
    # Those of the catalog are counts, of which most rows are as far from each other.
    rows = random.uniform(size=(36, 4)).round(3)
    yield "sparse", scipy.sparse.csr_matrix(np.where(rows > 0.4, rows, 0)), (rows[:, 0] > 0.5).astype(int)
    yield "ties", X, np.array(["yes", "no"], dtype=object)[(X[:, 0] > 0).astype(int)]
