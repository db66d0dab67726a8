"""``kneighbors()`` without rows: the neighbors of the training rows, each without itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from skiff._errors import WrongInputError


def count(own: Any, n_neighbors: Any, rows: int) -> int:
    """The number of neighbors to search, including the row itself."""
    n_neighbors = own if n_neighbors is None else n_neighbors
    if n_neighbors + 1 > rows:
        raise WrongInputError(
            f"Expected n_neighbors < n_samples_fit, but n_neighbors = {n_neighbors}, n_samples_fit = {rows}",
            code="wrong-input",
        )
    return int(n_neighbors) + 1


def among_themselves(distances: Any, places: Any) -> tuple[Any, Any]:
    """Both without the row itself, or without the first if the row itself is not among equally near ones."""
    rows = len(places)
    others = places != np.arange(rows)[:, None]
    crowded = others.all(axis=1)
    others[crowded, 0] = False
    return distances[others].reshape(rows, -1), places[others].reshape(rows, -1)


def graph(distances: Any, places: Any, rows: int, mode: str) -> Any:
    """The sparse graph of the neighbors."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    if mode not in ("connectivity", "distance"):
        raise WrongInputError(
            f'Unsupported mode, must be one of "connectivity" or "distance" but got "{mode}" instead',
            code="wrong-input",
        )
    found, width = places.shape
    data = np.ones(found * width) if mode == "connectivity" else distances.ravel()
    return csr_matrix((data, places.ravel(), np.arange(0, found * width + 1, width)), shape=(found, rows))
