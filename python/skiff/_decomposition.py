"""The covariance of a principal component analysis, and its inverse."""

from __future__ import annotations

from typing import Any

import numpy as np


def covariance(model: Any) -> Any:
    """``get_covariance()``: the variance of the components beyond the noise, plus the noise."""
    components, beyond, noise = _parts(model)
    found = (components.T * beyond) @ components
    found.flat[:: len(found) + 1] += noise
    return found


def precision(model: Any) -> Any:
    """``get_precision()``: the inverse of the covariance, by the matrix inversion lemma if there is noise."""
    components, beyond, noise = _parts(model)
    count, features = components.shape
    if count == 0:
        return np.eye(features) / noise
    if noise == 0.0:
        return np.linalg.inv(covariance(model))
    core = components @ components.T / noise
    core.flat[:: count + 1] += 1.0 / beyond
    found = components.T @ np.linalg.inv(core) @ components
    found /= -(noise**2)
    found.flat[:: features + 1] += 1.0 / noise
    return found


def _parts(model: Any) -> tuple[Any, Any, Any]:
    """The components, the variance of each beyond the noise, and the noise."""
    components, explained, noise = model.components_, model.explained_variance_, model.noise_variance_
    if model.whiten:
        components = components * np.sqrt(explained[:, np.newaxis])
    return components, np.where(explained > noise, explained - noise, 0.0), noise
