"""``kneighbors()`` and ``radius_neighbors()`` without rows: the neighbors of the training rows, each without itself."""

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


def without_themselves(distances: Any, places: Any) -> tuple[Any, Any]:
    """Both, lists of any length, without the row itself."""
    for row, found in enumerate(places):
        others = found != row
        distances[row], places[row] = distances[row][others], found[others]
    return distances, places


def graph_of_lists(distances: Any, places: Any, rows: int, mode: str) -> Any:
    """The sparse graph of the neighbors within a radius."""
    bounds = np.concatenate([[0], np.cumsum([len(found) for found in places])])
    columns, data = np.concatenate(list(places)), np.concatenate(list(distances))
    return _graph(data, columns, bounds, (len(places), rows), mode)


def graph(distances: Any, places: Any, rows: int, mode: str) -> Any:
    """The sparse graph of the neighbors."""
    found, width = places.shape
    return _graph(distances.ravel(), places.ravel(), np.arange(0, found * width + 1, width), (found, rows), mode)


def _graph(data: Any, columns: Any, bounds: Any, shape: tuple[int, int], mode: str) -> Any:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    if mode not in ("connectivity", "distance"):
        raise WrongInputError(
            f'Unsupported mode, must be one of "connectivity" or "distance" but got "{mode}" instead',
            code="wrong-input",
        )
    return csr_matrix((np.ones(len(data)) if mode == "connectivity" else data, columns, bounds), shape=shape)
