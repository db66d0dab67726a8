"""``skiff.dump``: an estimator into a model file of any kind, whole or not at all."""

from __future__ import annotations

import copyreg
import io
import os
import pickle
from typing import IO, Any, Iterable, Literal, Mapping

import numpy as np

from skiff import _passport
from skiff._convert import Compress
from skiff._errors import WrongInput
from skiff._skiff import Dump, Identity

#: Smaller arrays lie in the pickle.
_LEAST = 4 << 10


def dump(
    estimator: Any,
    target: str | os.PathLike[str] | IO[bytes],
    /,
    *,
    format: Literal["skiff", "pickle", "joblib", "skops"] | None = None,
    compress: Compress = None,
    protocol: int | None = None,
    X_sample: Any = None,
    data: Any = None,
    source: Any = None,
    cv: Any = None,
    metrics: Mapping[str, float] | None = None,
    author: str | None = None,
    notes: str | None = None,
    recipients: str | Identity | Iterable[str | Identity] | None = None,
) -> None:
    """Writes ``estimator``, or whatever else can be pickled, to ``target``: a path, or a file opened for writing bytes.

    A path's extension says as what: ``.skiff``, ``.pkl`` or ``.pickle`` (which ``pickle.load`` reads), ``.joblib``
    (which ``joblib.load`` reads), ``.skops`` (which ``skops.io.load`` reads, for what skops can say). ``format`` says it
    for open files, which are ``"skiff"`` without it. A file at a path appears when it is whole; until then one of that
    name stays as it was.

    ``compress`` is what joblib takes: ``True``, a level, a codec (``"xz"``), or a codec and its level (``("xz", 3)``):
    zlib, gzip, bz2, xz, lzma or lz4 for a ``.joblib``, zstd for a ``.skiff``, deflate for a ``.skops``. A name may end in
    a codec as well: ``model.pkl.gz``, ``model.joblib.xz``. ``protocol`` is that of a ``.pkl`` or ``.joblib``, 2 to 5; 4
    without it.

    ``recipients`` are those for whom the file is encrypted by age: ``age1…``, or an ``Identity`` (of a passphrase too);
    ``skiff.open`` and ``skiff.load`` open it by their ``identity``. It may be called ``model.skiff.age``.

    The others are for the passport of a ``.skiff``, which ``skiff.inspect`` shows: ``X_sample``, rows whose answers are
    recorded; ``data``, what it was trained on; ``source``, the code; ``cv``, cross-validation scores or how to compute
    them; ``metrics``, numbers by name; ``author`` and ``notes``, texts.
    """
    file = Dump(_path(target), format=format, compress=compress, protocol=protocol, recipients=recipients)
    told = {
        "X_sample": X_sample,
        "data": data,
        "source": source,
        "cv": cv,
        "metrics": metrics,
        "author": author,
        "notes": notes,
    }
    told = {name: value for name, value in told.items() if value is not None}
    beside: dict[str, Any] = {}
    if file.format == "skiff":
        passport, samples = _passport.collect(estimator, **told)
        beside["passport"] = _passport.dumps(passport)
        beside["samples"] = None if samples is None else _pickled(samples)
    elif told:
        name = next(iter(told))
        raise WrongInput(f"only a `.skiff` has a passport: expected no `{name}` for a {file.format} file")
    written = file.write(_pickled(estimator), **beside)
    if written is not None:
        target.write(written)  # type: ignore[union-attr]


def _path(target: Any) -> str | None:
    """Where to write; nowhere for an open file."""
    if hasattr(target, "write") and not isinstance(target, os.PathLike):
        if isinstance(target, io.TextIOBase):
            raise TypeError("the file must be opened for writing bytes: mode 'wb'")
        return None
    if not isinstance(target, (str, os.PathLike)):
        raise TypeError(f"expected a path, or a file opened for writing bytes, not {type(target).__name__}")
    return os.fsdecode(target)


def _pickled(value: Any) -> tuple[bytes, list[Any]]:
    """The pickle, and the elements of large arrays beside it, where they are."""
    buffers: list[Any] = []

    def beside(buffer: pickle.PickleBuffer) -> bool:
        try:
            raw = buffer.raw()
        except BufferError:
            # With gaps, or of several axes in another order: pickle says what it can do.
            return True
        if raw.nbytes < _LEAST:
            return True
        buffers.append(np.frombuffer(raw, dtype=np.uint8))
        return False

    out = io.BytesIO()
    pickler = pickle.Pickler(out, protocol=5, buffer_callback=beside)
    # joblib, too, gives a plain array back for one that was mapped.
    pickler.dispatch_table = {**copyreg.dispatch_table, np.memmap: _unmapped}
    try:
        pickler.dump(value)
    except (pickle.PicklingError, AttributeError, TypeError, RecursionError) as error:
        what = str(error) or type(error).__name__
        raise WrongInput(f"this {type(value).__name__} cannot be pickled: {what}", code="not-picklable") from error
    return out.getvalue(), buffers


def _unmapped(array: Any) -> Any:
    return np.asarray(array).view(np.ndarray).__reduce_ex__(5)
