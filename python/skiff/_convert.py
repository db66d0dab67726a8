"""``skiff.convert``: converts a model file to another format, without executing anything in it."""

from __future__ import annotations

import os
import pickle
import warnings
from typing import IO, Iterable, Tuple, Union

from skiff._skiff import Identity, Limits
from skiff._skiff import convert as _convert

Compress = Union[bool, int, str, Tuple[str, int], None]


def highest(protocol: int | None) -> int | None:
    """The pickle protocol for an argument; a negative number means the highest, as in pickle."""
    is_negative = isinstance(protocol, int) and not isinstance(protocol, bool) and protocol < 0
    return pickle.HIGHEST_PROTOCOL if is_negative else protocol


def convert(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes],
    target: str | os.PathLike[str],
    /,
    *,
    for_: str | None = None,
    compress: Compress = None,
    protocol: int | None = None,
    limits: Limits | None = None,
    identity: Identity | str | os.PathLike[str] | None = None,
    recipients: str | Identity | Iterable[str | Identity] | None = None,
) -> None:
    """Convert a model file to another format.

    Nothing in the source is executed or imported, and neither scikit-learn, joblib nor skops is needed. The target is
    written atomically.

    Parameters
    ----------
    source : str, path-like, bytes or file object
        The model file: a path, its bytes, or a file opened for reading bytes.
    target : str or path-like
        The path to write. Its extension selects the format: ``.skiff``, ``.pkl``, ``.joblib``, ``.skops``, or ``.json``,
        a text to read and edit. A codec's extension may follow: ``.pkl.gz``, ``.joblib.xz``.
    for_ : str, optional
        The scikit-learn that is to load the target, ``"scikit-learn==1.9.1"``. Whatever version wrote the source, the target
        is as if it had been fitted there, and predicts the same; what only ``fit`` would have asked for, and is lost, is
        reported by a warning. A model for which that version has no such state raises ``NotSupportedError``.
    compress : bool, int, str or tuple, optional
        ``True``, a level, a codec (``"xz"``), or a codec and its level (``("xz", 3)``): zlib, gzip, bz2, xz, lzma or lz4 for
        a ``.joblib``, zstd for a ``.skiff``, deflate for a ``.skops``.
    protocol : int, optional
        The pickle protocol of a ``.pkl`` or ``.joblib``, 2 to 5; 4 by default. A negative number is the highest.
    limits : Limits, optional
        Limits of memory and time for reading the source.
    identity : Identity, str or path-like, optional
        The key or passphrase of an encrypted source.
    recipients : str, Identity or list of them, optional
        Encrypt the target for these recipients, as in ``skiff.dump``.

    Raises
    ------
    NotSupportedError
        If the format cannot represent a value of the model.
    WrongInputError
        If the extension is unknown, or the format does not have an option.

    Warns
    -----
    UserWarning
        If the format cannot hold something, such as the passport of a ``.skiff``, which is then dropped.

    Examples
    --------
    >>> skiff.convert("model.pkl", "model.skops")  # doctest: +SKIP
    """
    dropped = _convert(
        source,
        target,
        for_=for_,
        compress=compress,
        protocol=highest(protocol),
        limits=limits,
        identity=identity,
        recipients=recipients,
    )
    for what in dropped:
        warnings.warn(what, stacklevel=2)
