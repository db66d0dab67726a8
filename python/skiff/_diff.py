"""``skiff.diff``: two models side by side."""

from __future__ import annotations

import os
from typing import IO, Any, Dict, List, Optional, TypedDict, Union

from skiff._dump import dumps
from skiff._skiff import Identity, Limits
from skiff._skiff import diff as _diff


class Elements(TypedDict):
    """How the elements of two arrays of one shape differ."""

    count: int
    differing: int
    #: The greatest absolute difference of numbers, infinite between NaN and a number.
    greatest: Optional[float]
    #: The index in C order of the element that differs most, or of the first.
    at: int
    is_close: bool


class Difference(TypedDict):
    """One difference. A value is None where the file has none."""

    path: str
    #: ``class``, ``structure``, ``hyperparameter`` or ``attribute``.
    subject: str
    values: List[Optional[str]]
    elements: Optional[Elements]


class Side(TypedDict):
    """One of the files."""

    format: List[str]
    size: int
    written_by: List[str]
    passport: Dict[str, str]


class Diff(TypedDict):
    """How two models differ."""

    files: List[Side]
    differences: List[Difference]
    left_out: int
    same: int
    is_complete: bool
    is_same: bool
    is_close: bool


def diff(
    first: Union[Any, str, os.PathLike[str], bytes, IO[bytes]],
    second: Union[Any, str, os.PathLike[str], bytes, IO[bytes]],
    /,
    *,
    at: str | None = None,
    limits: Limits | None = None,
    identity: Identity | str | os.PathLike[str] | None = None,
) -> Diff:
    """Compare two models: classes, hyperparameters, fitted attributes, steps.

    Formats, protocols, memory orders and moved modules do not count. Nothing in a file is executed.

    Parameters
    ----------
    first, second : str, path-like, bytes, file object or estimator
        Model files of any supported format, or objects in memory.
    at : str, optional
        The address in both of the estimator to compare: ``[0]``, ``['model']``. By default whole files are compared.
    limits : Limits, optional
        Limits of memory and time for reading a file.
    identity : Identity, str or path-like, optional
        The key or passphrase of encrypted files.

    Returns
    -------
    dict
        ``differences`` (each with its ``path``, its ``subject``, both ``values`` as text, and for arrays of one shape the
        number of ``elements`` that differ and the greatest difference), how many values are the ``same``, and
        ``is_same`` and ``is_close``, which is as ``numpy.allclose`` has it.

    Raises
    ------
    DamagedFileError
        If a file is damaged, or not a model file.
    LimitExceededError
        If reading it exceeds a limit.
    UnreadableFileError
        If a file cannot be read; an ``OSError``.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> found = skiff.diff(Ridge(alpha=1.0), Ridge(alpha=2.0))
    >>> [(one["path"], one["values"]) for one in found["differences"]]
    [('alpha', ['1.0', '2.0'])]
    """
    found: Diff = _diff(_source(first), _source(second), at=at, limits=limits, identity=identity)
    return found


def _source(model: Any) -> Any:
    """A file as it is, an object as the bytes of one."""
    is_file = isinstance(model, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(model, "read")
    return model if is_file else dumps(model, format="skiff")
