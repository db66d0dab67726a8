"""``skiff.convert``: a model file as one of another kind, nothing in it executed."""

from __future__ import annotations

import os
import pickle
import warnings
from typing import IO, Iterable, Tuple, Union

from skiff._skiff import Identity, Limits
from skiff._skiff import convert as _convert

Compress = Union[bool, int, str, Tuple[str, int], None]


def highest(protocol: int | None) -> int | None:
    """The protocol that a number stands for: a negative one for the highest, as in pickle."""
    is_negative = isinstance(protocol, int) and not isinstance(protocol, bool) and protocol < 0
    return pickle.HIGHEST_PROTOCOL if is_negative else protocol


def convert(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes],
    target: str | os.PathLike[str],
    /,
    *,
    compress: Compress = None,
    protocol: int | None = None,
    limits: Limits | None = None,
    identity: Identity | str | os.PathLike[str] | None = None,
    recipients: str | Identity | Iterable[str | Identity] | None = None,
) -> None:
    """Writes the model in ``source`` (a path, bytes, or a file opened for reading bytes) to the path ``target``.

    The target's extension says as what: ``.skiff``, ``.pkl``, ``.joblib``, ``.skops``, or ``.json``, which is to be
    read and not to be loaded. ``.pkl.gz``, ``.joblib.xz`` and the like say how it is compressed as well. Nothing in the
    source is executed or imported, and neither scikit-learn nor skops is needed. The new file appears when it is whole.

    ``compress`` is ``True``, a level, a codec (``"xz"``), or a codec and its level (``("xz", 3)``): zlib, gzip, bz2,
    xz, lzma or lz4 for a ``.joblib``, zstd for a ``.skiff``, deflate for a ``.skops``. ``protocol`` is that of a
    ``.pkl`` or ``.joblib``, 2 to 5; 4 without it. ``limits`` are what the source may cost.
    ``identity`` opens a source that is encrypted, and ``recipients`` have the new file encrypted, as for ``skiff.dump``.

    What has no place in the new file, such as the passport of a ``.skiff``, is told by a warning.
    """
    dropped = _convert(
        source,
        target,
        compress=compress,
        protocol=highest(protocol),
        limits=limits,
        identity=identity,
        recipients=recipients,
    )
    for what in dropped:
        warnings.warn(what, stacklevel=2)
