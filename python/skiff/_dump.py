"""``skiff.dump``: an estimator into a model file of any kind, whole or not at all."""

from __future__ import annotations

import copyreg
import io
import os
import pickle
from typing import IO, Any, Callable, Iterable, Literal, Mapping, Union

import numpy as np

from skiff import _passport
from skiff._convert import Compress, highest
from skiff._errors import WrongInputError
from skiff._load import names_to_trust
from skiff._skiff import Dump, Identity, Model

#: Smaller arrays lie in the pickle.
_LEAST = 4 << 10


Format = Union[Literal["skiff"], Literal["pickle"], Literal["joblib"], Literal["skops"]]

#: Of what an open file may be by its name.
_EXTENSIONS: dict[str, Format] = {".skiff": "skiff", ".pkl": "pickle", ".pickle": "pickle", ".joblib": "joblib", ".skops": "skops"}

def dump(
    estimator: Any,
    filename: str | os.PathLike[str] | IO[bytes] | None = None,
    compress: Compress = None,
    protocol: int | None = None,
    *,
    file: IO[bytes] | None = None,
    format: Format | None = None,
    X_sample: Any = None,
    data: Any = None,
    source: Any = None,
    cv: Any = None,
    metrics: Mapping[str, float] | None = None,
    author: str | None = None,
    notes: str | None = None,
    recipients: str | Identity | Iterable[str | Identity] | None = None,
    trusted: Iterable[str | type | Callable[..., Any]] = (),
) -> list[str] | None:
    """Write an estimator, or whatever else can be pickled, to a model file.

    A file at a path appears when it is whole; until then one of that name stays as it was. May be called as
    ``joblib.dump``, and with a file object as ``pickle.dump``.

    Parameters
    ----------
    estimator : object
        What is written.
    filename : str, path-like or file object
        The path of the file, or a file opened for writing bytes. Its extension says as what it is written: ``.skiff``,
        ``.pkl`` or ``.pickle`` (which ``pickle.load`` reads), ``.joblib`` (which ``joblib.load`` reads), ``.skops`` (which
        ``skops.io.load`` reads, for what skops can say). An open file without such a name is a ``.skiff``, unless
        ``protocol`` is given.
    compress : bool, int, str or tuple, optional
        What joblib takes: ``True``, a level, a codec (``"xz"``), or a codec and its level (``("xz", 3)``): zlib, gzip, bz2,
        xz, lzma or lz4 for a ``.joblib``, zstd for a ``.skiff``, deflate for a ``.skops``. A name may end in a codec as well:
        ``model.pkl.gz``, ``model.joblib.xz``.
    protocol : int, optional
        That of a ``.pkl`` or ``.joblib``, 2 to 5; 4 by default. A negative number is the highest.
    file : file object, optional
        What ``pickle.dump`` calls it, in place of ``filename``.
    format : {"skiff", "pickle", "joblib", "skops"}, optional
        As what it is written, whatever the name says.
    X_sample, data, source, cv, metrics, author, notes
        For the passport of a ``.skiff``, which ``skiff.inspect`` shows: rows whose answers are recorded; what it was trained
        on; the code; cross-validation scores or how to compute them; numbers by name; texts.
    recipients : str, Identity or list of them, optional
        Those for whom the file is encrypted by age: ``age1…``, or an ``Identity`` (of a passphrase too); ``skiff.open`` and
        ``skiff.load`` open it by their ``identity``. It may be called ``model.skiff.age``.
    trusted : list of str, type or function
        What ``skiff.load`` would refuse is not written: ``UntrustedFileError`` names it and says where it is. Code of your own is
        written, and ``skiff.load`` asks for it to be trusted; this adds names of the packages that models are made of.

    Returns
    -------
    list of str or None
        The path, in a list as joblib returns it; ``None`` for a file object.
    """
    if (filename is None) == (file is None):
        raise TypeError("dump() needs one of `filename` and `file`")
    target: Any = file if filename is None else filename
    if isinstance(estimator, (str, os.PathLike)) and not isinstance(target, (str, os.PathLike)) and not hasattr(target, "write"):
        raise TypeError("the arguments are swapped: skiff.dump(estimator, filename)")
    if isinstance(estimator, Model):
        raise TypeError(
            "a skiff.Model is what a file holds, and no estimator: skiff.convert(source, target) writes the file anew as "
            "another kind, and skiff.load returns the estimator"
        )
    path = _path(target)
    if path is None and format is None:
        format = _format_of(target, protocol)
    new = Dump(path, format=format, compress=compress, protocol=highest(protocol), recipients=recipients)
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
    if new.format == "skiff":
        passport, samples = _passport.collect(estimator, **told)
        beside["passport"] = _passport.dumps(passport)
        beside["samples"] = None if samples is None else _pickled(samples)
    elif told:
        name = next(iter(told))
        raise WrongInputError(f"only a `.skiff` has a passport: expected no `{name}` for a {new.format} file")
    written = new.write(_pickled(estimator), trusted=names_to_trust(trusted), **beside)
    if written is None:
        return None if path is None else [path]
    target.write(written)
    return None


def dumps(
    estimator: Any,
    /,
    protocol: int | None = None,
    *,
    format: Format | None = None,
    compress: Compress = None,
    recipients: str | Identity | Iterable[str | Identity] | None = None,
) -> bytes:
    """The bytes of a model file; may be called as ``pickle.dumps``.

    Parameters
    ----------
    estimator : object
        What is written.
    protocol : int, optional
        With it, the bytes are a pickle of that protocol, 2 to 5; a negative number is the highest.
    format : {"skiff", "pickle", "joblib", "skops"}, optional
        As what it is written: a ``.skiff``, unless ``protocol`` is given.
    compress, recipients
        As for ``skiff.dump``.

    Returns
    -------
    bytes
        What ``skiff.loads``, ``skiff.load`` and ``skiff.open`` read.
    """
    out = io.BytesIO()
    dump(estimator, out, compress=compress, protocol=protocol, format=format, recipients=recipients)
    return out.getvalue()


def _format_of(file: Any, protocol: int | None) -> Format:
    """As what an open file is written: by its name, if it has one that says it."""
    name = getattr(file, "name", None)
    extension = os.path.splitext(os.fsdecode(name))[1].lower() if isinstance(name, (str, bytes)) else ""
    return _EXTENSIONS.get(extension, "skiff" if protocol is None else "pickle")


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
        raise WrongInputError(f"this {type(value).__name__} cannot be pickled: {what}", code="not-picklable") from error
    return out.getvalue(), buffers


def _unmapped(array: Any) -> Any:
    return np.asarray(array).view(np.ndarray).__reduce_ex__(5)
