"""``skiff.convert``: a model file as one of another kind, nothing in it executed."""

from __future__ import annotations

import os
import warnings
from typing import IO, Any, Iterable, Tuple, Union

from skiff._errors import WrongInput
from skiff._skiff import Identity, Limits
from skiff._skiff import convert as _convert

Compress = Union[bool, int, str, Tuple[str, int], None]


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
    options: dict[str, Any] = {}
    # As for joblib, 0 is a file as it is.
    if compress is True:
        options["compress"] = True
    elif isinstance(compress, str):
        options["codec"] = compress
    elif isinstance(compress, int):
        if compress < 0:
            raise WrongInput(f"expected a level of at least `0`, found `{compress}`")
        if compress:
            options.update(compress=True, level=compress)
    elif compress is not None:
        try:
            codec, level = compress
        except (TypeError, ValueError):
            raise WrongInput(f"expected `compress` to be a level, a codec, or both, found `{compress}`") from None
        # joblib takes a level for a codec that has none.
        options["codec"] = codec if codec == "lz4" else f"{codec}:{level}"
    if protocol is not None and (isinstance(protocol, bool) or not isinstance(protocol, int) or not 2 <= protocol <= 5):
        raise WrongInput(f"expected a protocol from `2` to `5`, found `{protocol}`")
    options.update(protocol=protocol, limits=limits, identity=identity, recipients=recipients)
    for dropped in _convert(source, target, **options):
        warnings.warn(dropped, stacklevel=2)
