"""Predictions for the blocks of a Ray dataset."""

from __future__ import annotations

from typing import Any

import ray  # type: ignore

from skiff._skiff import ArrowMethod
from skiff.integrations._arrow import predicted
from skiff.integrations._carried import Carried, Source, name_of, opened


class _Predict:
    """A function of blocks, which fetches the model from Ray's object store once in each process."""

    def __init__(self, carried: Carried, method: str, keep: Any) -> None:
        self.content = ray.put((carried.content, carried.is_pickle))
        self.digest, self.method, self.keep = carried.digest, method, keep

    def __call__(self, block: Any) -> Any:
        model = opened(self.digest, lambda: ray.get(self.content))
        found = predicted(ArrowMethod(model, self.method), block)
        kept = block if self.keep is None else block.select(self.keep)
        return kept.append_column(name_of(self.method), found)


def predict(model: Source, dataset: Any, *, method: str = "predict", keep: Any = None, **options: Any) -> Any:
    """The dataset with a column of predictions.

    Parameters
    ----------
    model : Model, str, PathLike or bytes
        A model of ``skiff.open``, or a model file.
    dataset : ray.data.Dataset
        The rows, with the columns that the model takes.
    method : str, default="predict"
        A method that returns something for each row. Several numbers for each row are a list.
    keep : list of str, optional
        The columns that are kept, by default all.
    **options
        Further arguments of ``Dataset.map_batches``: ``batch_size``, ``num_cpus``, ….
    """
    carried = Carried(model)
    options = {"batch_size": None, "zero_copy_batch": True, **options}
    return dataset.map_batches(_Predict(carried, method, keep), batch_format="pyarrow", **options)
