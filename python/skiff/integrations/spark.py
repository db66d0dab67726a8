"""Predictions in Spark: a function of columns, and a DataFrame with a column more."""

from __future__ import annotations

from typing import Any, Callable, Iterator

import pyarrow as pa  # type: ignore
from pyspark.sql import functions  # type: ignore
from pyspark.sql.pandas.types import from_arrow_type  # type: ignore

from skiff._skiff import ArrowMethod
from skiff.integrations._arrow import plain, predicted, returned
from skiff.integrations._carried import Carried, Source, name_of, opened


class _Broadcast:
    """A model that Spark brings to each executor once; each process of Python opens it once."""

    def __init__(self, session: Any, carried: Carried, method: str) -> None:
        content = (carried.content, carried.is_pickle)
        # Spark Connect has no broadcasts: there it travels with the function.
        context = getattr(session, "_sc", None)
        self.broadcast = None if context is None else context.broadcast(content)
        self.content = content if context is None else None
        self.digest, self.method = carried.digest, method
        self.type = plain(returned(carried.method(method)))

    def fetched(self) -> tuple[bytes, bool]:
        return self.broadcast.value if self.broadcast is not None else self.content  # type: ignore

    def __call__(self, batch: Any) -> Any:
        model = opened(self.digest, self.fetched)
        return predicted(ArrowMethod(model, self.method), batch).cast(self.type)


def predict_udf(session: Any, model: Source, columns: Any = None, *, method: str = "predict") -> Callable[..., Any]:
    """A method of a model as a function of columns.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
        The session.
    model : Model, str, PathLike or bytes
        A model of ``skiff.open``, or a model file.
    columns : list of str, optional
        The names of the function's arguments, by default those of ``feature_names_in_``.
    method : str, default="predict"
        A method that returns something for each row. Several numbers for each row are an array.

    Examples
    --------
    >>> churn = predict_udf(spark, "model.joblib")  # doctest: +SKIP
    >>> rows.withColumn("prediction", churn("age", "plan"))  # doctest: +SKIP
    """
    carried = Carried(model)
    call = _Broadcast(session, carried, method)
    names = carried.names(columns)

    def of_arrays(batches: Iterator[tuple[pa.Array, ...]]) -> Iterator[pa.Array]:
        for arrays in batches:
            # One column is not a tuple.
            arrays = (arrays,) if isinstance(arrays, pa.Array) else arrays
            yield call(pa.RecordBatch.from_arrays(list(arrays), names=names))

    of_arrays.__annotations__ = {
        "batches": Iterator[pa.Array] if len(names) == 1 else Iterator[tuple[pa.Array, ...]],
        "return": Iterator[pa.Array],
    }
    return functions.arrow_udf(of_arrays, from_arrow_type(call.type))  # type: ignore


def predict(model: Source, frame: Any, *, method: str = "predict", keep: Any = None) -> Any:
    """The DataFrame with a column of predictions, by ``mapInArrow``.

    Parameters
    ----------
    model : Model, str, PathLike or bytes
        A model of ``skiff.open``, or a model file.
    frame : pyspark.sql.DataFrame
        The rows, with the columns that the model takes.
    method : str, default="predict"
        A method that returns something for each row. Several numbers for each row are an array.
    keep : list of str, optional
        The columns that are kept, by default all.
    """
    call = _Broadcast(frame.sparkSession, Carried(model), method)
    name, kept = name_of(method), frame.columns if keep is None else list(keep)
    schema = frame.select(*kept).schema.add(name, from_arrow_type(call.type))

    def of_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            arrays = [*(batch.column(column) for column in kept), call(batch)]
            yield pa.RecordBatch.from_arrays(arrays, names=[*kept, name])

    return frame.mapInArrow(of_batches, schema)
