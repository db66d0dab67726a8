"""Methods and attributes that are no plan over rows: what they need, the model shows, and they are computed as scikit-learn
does."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from skiff._errors import NotSupportedError, WrongInputError
from skiff._score import accuracy, r2


def find(model: Any, class_name: str, name: str) -> Callable[..., Any] | None:
    """The method of this name, if the class has it and it is one of these."""
    function = METHODS.get(class_name, {}).get(name)
    return None if function is None else functools.partial(function, model)


def names(class_name: str) -> list[str]:
    """The names of the methods and attributes of a class that are among these."""
    attributes = [attribute for of, attribute in ATTRIBUTES if of == class_name]
    return [*METHODS.get(class_name, {}), *attributes]


def attribute(model: Any, class_name: str, name: str) -> Any:
    """The attribute of this name, if the class has it and it is one of these; else ``NotImplemented``."""
    function = ATTRIBUTES.get((class_name, name))
    return NotImplemented if function is None else function(model)


def aic(model: Any, X: Any) -> Any:
    """Akaike's criterion."""
    return -2 * model.score(X) * X.shape[0] + 2 * _parameters_of_mixture(model)


def bic(model: Any, X: Any) -> Any:
    """The Bayesian information criterion."""
    return -2 * model.score(X) * X.shape[0] + _parameters_of_mixture(model) * math.log(X.shape[0])


def _parameters_of_mixture(model: Any) -> int:
    """How many numbers a Gaussian mixture has that could be others."""
    components, features = model.means_.shape
    covariances = {
        "full": components * features * (features + 1) / 2.0,
        "diag": components * features,
        "tied": features * (features + 1) / 2.0,
        "spherical": components,
    }
    return int(covariances[model.covariance_type] + features * components + components - 1)


def sample_of_mixture(model: Any, n_samples: int = 1) -> tuple[Any, Any]:
    """Rows drawn from a Gaussian mixture, and the component of each."""
    if n_samples < 1:
        raise WrongInputError(f"n_samples is {n_samples}, and must be 1 at least", code="wrong-input")
    features = model.means_.shape[1]
    random = _random(model.random_state)
    counts = random.multinomial(n_samples, model.weights_)
    covariances = model.covariances_
    if model.covariance_type == "full":
        drawn = [random.multivariate_normal(mean, one, int(n)) for mean, one, n in zip(model.means_, covariances, counts)]
    elif model.covariance_type == "tied":
        drawn = [random.multivariate_normal(mean, covariances, int(n)) for mean, n in zip(model.means_, counts)]
    else:
        drawn = [
            mean + random.standard_normal(size=(n, features)) * np.sqrt(one)
            for mean, one, n in zip(model.means_, covariances, counts)
        ]
    return np.vstack(drawn), np.concatenate([np.full(n, which, dtype=int) for which, n in enumerate(counts)])


def sample_of_density(model: Any, n_samples: int = 1, random_state: Any = None) -> Any:
    """Points drawn from a kernel density: some of those of the fit, each moved by a draw from the kernel."""
    if model.kernel not in ("gaussian", "tophat"):
        raise NotImplementedError(f"no points can be drawn from the kernel '{model.kernel}'")
    points, weights = model.tree_.data, model.tree_.sample_weight
    # Before 1.2 the bandwidth was always a number.
    bandwidth = getattr(model, "bandwidth_", model.bandwidth)
    random = _random(random_state)
    places = random.uniform(0, 1, size=n_samples)
    if weights is None:
        centers = points[(places * len(points)).astype(np.int64)]
    else:
        sums = np.cumsum(weights)
        centers = points[np.searchsorted(sums, places * sums[-1])]
    if model.kernel == "gaussian":
        return np.atleast_2d(random.normal(centers, bandwidth))
    from scipy.special import gammainc  # type: ignore[import-untyped]

    # A Gaussian direction, and a length by which the points fill the ball evenly.
    features = points.shape[1]
    moves = random.normal(size=(n_samples, features))
    squares = np.einsum("ij,ij->i", moves, moves)
    lengths = gammainc(0.5 * features, 0.5 * squares) ** (1.0 / features) * bandwidth / np.sqrt(squares)
    return centers + moves * lengths[:, np.newaxis]


def _random(random_state: Any) -> Any:
    """numpy's generator of a seed, or its own; one that was kept in the file has been used since nobody knows when."""
    if random_state is None:
        return np.random.mtrand._rand
    if isinstance(random_state, np.random.RandomState):
        return random_state
    if isinstance(random_state, (int, np.integer)):
        return np.random.RandomState(random_state)
    raise NotSupportedError("drawing random numbers by a generator that is in the file", code="not-supported")


def log_marginal_likelihood(model: Any, theta: Any = None, eval_gradient: bool = False, clone_kernel: bool = True) -> Any:
    """The logarithm of the marginal likelihood that the fit found."""
    if theta is not None:
        raise NotSupportedError("the likelihood of other hyperparameters than those of the fit", code="not-supported")
    if eval_gradient:
        raise WrongInputError("Gradient can only be evaluated for theta!=None", code="wrong-input")
    return model.log_marginal_likelihood_value_


def error_norm(model: Any, comp_cov: Any, norm: str = "frobenius", scaling: bool = True, squared: bool = True) -> Any:
    """How far another covariance is from the one of the fit."""
    error = comp_cov - model.covariance_
    if norm == "frobenius":
        squared_norm = np.sum(error**2)
    elif norm == "spectral":
        squared_norm = np.amax(np.linalg.svd(np.dot(error.T, error), compute_uv=False))
    else:
        raise NotImplementedError("Only spectral and frobenius norms are implemented")
    squared_norm = squared_norm / error.shape[0] if scaling else squared_norm
    return squared_norm if squared else np.sqrt(squared_norm)


def staged_score(model: Any, X: Any, y: Any, sample_weight: Any = None) -> Iterator[float]:
    """The score after each stage of boosting."""
    score = accuracy if hasattr(model, "classes_") else r2
    for predicted in model.staged_predict(X):
        yield score(y, predicted, sample_weight)


def get_indices(model: Any, i: int) -> tuple[Any, Any]:
    """The rows and columns of a bicluster."""
    return np.nonzero(model.rows_[i])[0], np.nonzero(model.columns_[i])[0]


def get_shape(model: Any, i: int) -> tuple[int, ...]:
    """How many rows and columns a bicluster has."""
    return tuple(len(indices) for indices in get_indices(model, i))


def get_submatrix(model: Any, i: int, data: Any) -> Any:
    """The part of a table that a bicluster is."""
    rows, columns = get_indices(model, i)
    data = data.tocsr() if hasattr(data, "tocsr") else np.asarray(data)
    if data.ndim != 2:
        raise WrongInputError(f"Expected 2D array, got {data.ndim}D array instead", code="wrong-input")
    return data[rows[:, np.newaxis], columns]


def decode(model: Any, doc: Any) -> str:
    """A document as text."""
    if model.input != "content":
        raise NotSupportedError("reading documents from files", code="not-supported")
    if isinstance(doc, bytes):
        doc = doc.decode(model.encoding, model.decode_error)
    if doc is np.nan:
        raise WrongInputError("np.nan is an invalid document, expected byte or unicode string.", code="wrong-input")
    found: str = doc
    return found


def get_stop_words(model: Any) -> Any:
    """The words that are left out."""
    words = model.stop_words
    if words == "english":
        raise NotSupportedError("the list of English stop words", code="not-supported")
    return None if words is None else frozenset(words)


#: By class and name.
ATTRIBUTES: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("OneVsOneClassifier", "n_classes_"): lambda model: len(model.classes_),
    ("OneVsRestClassifier", "multilabel_"): lambda model: model.label_binarizer_.y_type_.startswith("multilabel"),
    ("OneVsRestClassifier", "n_classes_"): lambda model: len(model.label_binarizer_.classes_),
    ("SpectralBiclustering", "biclusters_"): lambda model: (model.rows_, model.columns_),
    ("SpectralCoclustering", "biclusters_"): lambda model: (model.rows_, model.columns_),
}

_Methods = dict[str, Callable[..., Any]]
_BOOSTING: _Methods = {"staged_score": staged_score}
_COVARIANCE: _Methods = {"error_norm": error_norm}
_BICLUSTERING: _Methods = {"get_indices": get_indices, "get_shape": get_shape, "get_submatrix": get_submatrix}
_TEXT: _Methods = {"decode": decode, "get_stop_words": get_stop_words}

#: By class and name.
METHODS: dict[str, _Methods] = {
    "AdaBoostClassifier": _BOOSTING,
    "AdaBoostRegressor": _BOOSTING,
    "BayesianGaussianMixture": {"sample": sample_of_mixture},
    "CountVectorizer": _TEXT,
    "EllipticEnvelope": _COVARIANCE,
    "EmpiricalCovariance": _COVARIANCE,
    "GaussianMixture": {"aic": aic, "bic": bic, "sample": sample_of_mixture},
    "GaussianProcessClassifier": {"log_marginal_likelihood": log_marginal_likelihood},
    "GaussianProcessRegressor": {"log_marginal_likelihood": log_marginal_likelihood},
    "GraphicalLasso": _COVARIANCE,
    "GraphicalLassoCV": _COVARIANCE,
    "HashingVectorizer": _TEXT,
    "KernelDensity": {"sample": sample_of_density},
    "LedoitWolf": _COVARIANCE,
    "MinCovDet": _COVARIANCE,
    "OAS": _COVARIANCE,
    "ShrunkCovariance": _COVARIANCE,
    "SpectralBiclustering": _BICLUSTERING,
    "SpectralCoclustering": _BICLUSTERING,
    "TfidfVectorizer": _TEXT,
    "_BinaryGaussianProcessClassifierLaplace": {"log_marginal_likelihood": log_marginal_likelihood},
}
