"""``skiff.slim``: a smaller file for the same model."""

from __future__ import annotations

import os
from typing import IO, Iterable, List, TypedDict

from skiff._convert import Compress, highest
from skiff._skiff import Identity, Limits
from skiff._skiff import slim as _slim


#: Attributes of one name, of all objects of one class, that only training needs: the class's name without its module, the
#: attribute, how many objects had it, and how many bytes.
Dropped = TypedDict("Dropped", {"class": str, "attribute": str, "objects": int, "bytes": int})


class Measured(TypedDict):
    """A file."""

    bytes: int


class Slimmed(TypedDict):
    """What is smaller."""

    before: Measured
    after: Measured
    dropped: List[Dropped]
    trees_with_narrower_thresholds: int
    notes: List[str]


def slim(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes],
    target: str | os.PathLike[str],
    /,
    *,
    compress: Compress = None,
    protocol: int | None = None,
    limits: Limits | None = None,
    identity: Identity | str | os.PathLike[str] | None = None,
    recipients: str | Identity | Iterable[str | Identity] | None = None,
) -> Slimmed:
    """Write a smaller file for the same model.

    It lacks what only training needs, and its numbers are stored in as few bytes as give the same bits. scikit-learn loads
    it, and every method answers as before. Nothing in the source is executed or imported, and scikit-learn is not needed.

    Parameters
    ----------
    source : str, path-like, bytes or file object
        The model file: a path, its bytes, or a file opened for reading bytes.
    target : str or path-like
        The path to write. Its extension selects the format, as for ``skiff.convert``.
    compress : bool, int, str or tuple, optional
        As for ``skiff.convert``; by default the best compression of the format.
    protocol : int, optional
        The pickle protocol of a ``.pkl`` or ``.joblib``, 2 to 5; 4 by default. A negative number is the highest.
    limits : Limits, optional
        Limits of memory and time for reading the source.
    identity : Identity, str or path-like, optional
        The key or passphrase of an encrypted source.
    recipients : str, Identity or list of them, optional
        Encrypt the target for these recipients, as in ``skiff.dump``.

    Returns
    -------
    dict
        The bytes ``before`` and ``after``, the attributes that were ``dropped``, each with its class and the bytes that it
        had, and ``notes``.

    Raises
    ------
    NotSupportedError
        If the format cannot represent a value of the model.
    WrongInputError
        If the extension is unknown, or the format does not have an option.

    Examples
    --------
    >>> skiff.slim("model.joblib", "model.skiff")  # doctest: +SKIP
    """
    slimmed: Slimmed = _slim(
        source,
        target,
        compress=compress,
        protocol=highest(protocol),
        limits=limits,
        identity=identity,
        recipients=recipients,
    )
    return slimmed
