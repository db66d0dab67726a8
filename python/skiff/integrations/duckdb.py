"""Predictions as a function of SQL in DuckDB."""

from __future__ import annotations

import inspect
from typing import Any

import duckdb  # type: ignore
import pyarrow as pa  # type: ignore

from skiff.integrations._arrow import predicted, returned, taken
from skiff.integrations._carried import Carried, Source


def register(
    connection: Any,
    name: str,
    model: Source,
    columns: Any = None,
    *,
    method: str = "predict",
    types: dict[str, str] | None = None,
) -> None:
    """Makes a method of a model a function of SQL, whose arguments are the model's columns in order.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The connection.
    name : str
        The name of the function.
    model : Model, str, PathLike or bytes
        A model of ``skiff.open``, or a model file.
    columns : list of str, optional
        The names of the arguments, by default those of ``feature_names_in_``.
    method : str, default="predict"
        A method that returns something for each row.
    types : dict of str to str, optional
        The types of arguments in SQL, where they are not ``DOUBLE`` for numbers and ``VARCHAR`` for text.

    Examples
    --------
    >>> register(connection, "churn", "model.joblib")  # doctest: +SKIP
    >>> connection.sql("SELECT id, churn(age, plan) FROM 'customers/*.parquet'")  # doctest: +SKIP
    """
    carried = Carried(model)
    function = carried.method(method)
    fields = {field.name: field.type for field in taken(function)}
    names = carried.names(columns) if columns is not None or hasattr(carried.model, "feature_names_in_") else list(fields)
    of_model = [fields[name] if name in fields else field for name, field in zip(names, fields.values())]
    parameters = [(types or {}).get(name, _sql(of)) for name, of in zip(names, of_model)]
    result = returned(function)

    def call(*arrays: Any) -> Any:
        found = predicted(function, pa.Table.from_arrays(list(arrays), names=names))
        return pa.chunked_array([found], type=result)

    # DuckDB counts the parameters.
    positional = inspect.Parameter.POSITIONAL_ONLY
    arguments = [inspect.Parameter(f"column_{index}", positional) for index in range(len(names))]
    setattr(call, "__signature__", inspect.Signature(arguments))
    connection.create_function(
        name, call, [duckdb.sqltype(of) for of in parameters], duckdb.sqltype(_sql(result)), type="arrow", null_handling="special"
    )


def _sql(of: Any) -> str:
    """The name in SQL of a type of Arrow."""
    if pa.types.is_fixed_size_list(of):
        return f"{_sql(of.value_type)}[{of.list_size}]"
    if pa.types.is_list(of):
        return f"{_sql(of.value_type)}[]"
    if pa.types.is_struct(of):
        return "STRUCT(" + ", ".join(f'"{field.name}" {_sql(field.type)}' for field in of) + ")"
    if pa.types.is_timestamp(of):
        return {"s": "TIMESTAMP_S", "ms": "TIMESTAMP_MS", "us": "TIMESTAMP", "ns": "TIMESTAMP_NS"}[of.unit]
    names = {"int64": "BIGINT", "int32": "INTEGER", "int16": "SMALLINT", "int8": "TINYINT", "double": "DOUBLE", "float": "FLOAT"}
    names |= {"uint64": "UBIGINT", "uint32": "UINTEGER", "uint16": "USMALLINT", "uint8": "UTINYINT", "bool": "BOOLEAN"}
    return names.get(str(of), "VARCHAR")
