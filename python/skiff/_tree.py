"""The ``tree_`` of a decision tree: its nodes as arrays, with scikit-learn's names."""

from __future__ import annotations

from typing import Any

import numpy as np


class Tree:
    """The nodes of a fitted decision tree. Arrays have one entry for each node; leaves have no children (-1)."""

    def __init__(self, arguments: tuple[Any, ...], state: dict[str, Any]) -> None:
        self.n_features, self.n_classes, self.n_outputs = arguments
        self.max_depth: int = state["max_depth"]
        self.node_count: int = state["node_count"]
        self.value = state["values"]
        self._nodes = state["nodes"]

    @property
    def children_left(self) -> Any:
        return self._nodes["left_child"]

    @property
    def children_right(self) -> Any:
        return self._nodes["right_child"]

    @property
    def feature(self) -> Any:
        return self._nodes["feature"]

    @property
    def threshold(self) -> Any:
        return self._nodes["threshold"]

    @property
    def impurity(self) -> Any:
        return self._nodes["impurity"]

    @property
    def n_node_samples(self) -> Any:
        return self._nodes["n_node_samples"]

    @property
    def weighted_n_node_samples(self) -> Any:
        return self._nodes["weighted_n_node_samples"]

    @property
    def missing_go_to_left(self) -> Any:
        if "missing_go_to_left" not in self._nodes.dtype.names:
            raise AttributeError("trees of this file's scikit-learn do not support missing values")
        return self._nodes["missing_go_to_left"]

    @property
    def n_leaves(self) -> Any:
        return np.sum(self.children_left == -1)

    @property
    def max_n_classes(self) -> int:
        return int(np.max(self.n_classes))

    @property
    def capacity(self) -> int:
        return self.node_count

    def compute_partial_dependence(self, grid: Any, features: Any, out: Any) -> None:
        """Adds to ``out`` the mean value for each row of ``grid``, which has the columns ``features``; at other splits both
        children count, by the weights of the training rows in them.
        """
        column = {int(feature): place for place, feature in enumerate(features)}
        left, right, weights = self.children_left, self.children_right, self.weighted_n_node_samples
        for row, values in enumerate(np.asarray(grid, dtype=np.float32)):
            open_nodes = [(0, 1.0)]
            while open_nodes:
                node, share = open_nodes.pop()
                if left[node] == -1:
                    out[row] += share * self.value[node, 0, 0]
                elif int(self.feature[node]) in column:
                    is_left = values[column[int(self.feature[node])]] <= self.threshold[node]
                    open_nodes.append((left[node] if is_left else right[node], share))
                else:
                    of_left = weights[left[node]] / weights[node]
                    open_nodes += [(right[node], share * (1 - of_left)), (left[node], share * of_left)]

    def __repr__(self) -> str:
        return f"<skiff Tree of {self.node_count} nodes, {self.max_depth} deep>"
