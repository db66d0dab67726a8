"""Types and tables of pyarrow."""

from __future__ import annotations

from typing import Any

import pyarrow as pa  # type: ignore

from skiff._skiff import ArrowMethod


def plain(of: Any) -> Any:
    """The type for engines that have no lists of fixed size and no unsigned integers."""
    if pa.types.is_fixed_size_list(of) or pa.types.is_list(of):
        return pa.list_(plain(of.value_type))
    if pa.types.is_struct(of):
        return pa.struct([pa.field(field.name, plain(field.type)) for field in of])
    if pa.types.is_unsigned_integer(of):
        return {8: pa.int16(), 16: pa.int32(), 32: pa.int64(), 64: pa.decimal128(20, 0)}[of.bit_width]
    return of


def returned(method: ArrowMethod) -> Any:
    """The type of what a method returns."""
    return pa.array(method.type).type


def taken(method: ArrowMethod) -> Any:
    """The fields that a method takes, in the types that it was most likely fitted on."""
    return pa.array(method.input).type


def predicted(method: ArrowMethod, batch: Any) -> Any:
    """The predictions for a batch or a table, an array of pyarrow."""
    return pa.array(method(batch))
