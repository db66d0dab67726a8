"""``skiff.dump``: writes an estimator to a model file, atomically."""

from __future__ import annotations

import copyreg
import io
import os
import pickle
from typing import IO, Any, Callable, Iterable, Literal, Mapping, Union

import numpy as np

from skiff import _passport, _rebuild
from skiff._convert import Compress, highest
from skiff._errors import WrongInputError
from skiff._load import names_to_trust
from skiff._skiff import Dump, Identity, Model

#: Smaller arrays are in the pickle itself.
_LEAST = 4 << 10


Format = Union[Literal["skiff"], Literal["pickle"], Literal["joblib"], Literal["skops"], Literal["json"]]

#: The formats of file objects, by the extension of their name.
_EXTENSIONS: dict[str, Format] = {
    ".skiff": "skiff",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".joblib": "joblib",
    ".skops": "skops",
    ".json": "json",
}

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
    lock: bool = False,
    recipients: str | Identity | Iterable[str | Identity] | None = None,
    trusted: Iterable[str | type | Callable[..., Any]] = (),
) -> list[str] | None:
    """Write an estimator, or any other object that can be pickled, to a model file.

    A file at a path is written atomically: until it is complete, an existing file is unchanged. May be called like
    ``joblib.dump``, and with a file object like ``pickle.dump``.

    Parameters
    ----------
    estimator : object
        The object to write.
    filename : str, path-like or file object
        The path of the file, or a file opened for writing bytes. Its extension selects the format: ``.skiff``, ``.pkl`` or
        ``.pickle`` (for ``pickle.load``), ``.joblib`` (for ``joblib.load``), ``.skops`` (for ``skops.io.load``, which cannot
        represent every object), ``.json`` (a text to read and edit). A file object without such a name is a ``.skiff``, unless
        ``protocol`` is given.
    compress : bool, int, str or tuple, optional
        As in joblib: ``True``, a level, a codec (``"xz"``), or a codec and its level (``("xz", 3)``): zlib, gzip, bz2, xz,
        lzma or lz4 for a ``.joblib``, zstd for a ``.skiff``, deflate for a ``.skops``. A codec's extension in the name has the
        same effect: ``model.pkl.gz``, ``model.joblib.xz``.
    protocol : int, optional
        The pickle protocol of a ``.pkl`` or ``.joblib``, 2 to 5; 4 by default. A negative number is the highest.
    file : file object, optional
        The name of ``filename`` in ``pickle.dump``.
    format : {"skiff", "pickle", "joblib", "skops", "json"}, optional
        The format, in place of that of the extension.
    X_sample : array-like of shape (n_samples, n_features), optional
        Rows that are recorded in a ``.skiff`` together with the model's predictions, for ``skiff.verify``.
    data, source, cv, metrics, author, notes : optional
        Content of the passport of a ``.skiff``, which ``skiff.inspect`` shows: the training data, the code, cross-validation
        scores or how to compute them, numbers by name, texts.
    lock : bool, default=False
        Record the versions of all installed distributions in the passport, with which the model can be trained again.
    recipients : str, Identity or list of them, optional
        Encrypt the file with age for these recipients: ``age1…``, or an ``Identity`` (also of a passphrase). ``skiff.open``
        and ``skiff.load`` open it with ``identity``. The name may end in ``.age``.
    trusted : list of str, type or function
        Further allowed names of the packages that models consist of. What ``skiff.load`` would reject is not written; user
        code is written, and ``skiff.load`` requires it to be trusted.

    Returns
    -------
    list of str or None
        The path in a list, as in joblib; ``None`` for a file object.

    Raises
    ------
    UntrustedFileError
        If ``skiff.load`` would reject the object.
    WrongInputError
        If the object cannot be pickled, or an argument is wrong.

    Examples
    --------
    >>> skiff.dump(model, "model.skiff", X_sample=X_test[:20], data="train.csv")  # doctest: +SKIP
    ['model.skiff']
    """
    if (filename is None) == (file is None):
        raise TypeError("dump() needs one of `filename` and `file`")
    target: Any = file if filename is None else filename
    if isinstance(estimator, (str, os.PathLike)) and not isinstance(target, (str, os.PathLike)) and not hasattr(target, "write"):
        raise TypeError("the arguments are swapped: skiff.dump(estimator, filename)")
    if isinstance(estimator, Model):
        raise TypeError(
            "a skiff.Model is not an estimator: skiff.convert(source, target) converts its file to "
            "another format, and skiff.load returns the estimator"
        )
    path = _path(target)
    is_rebuilt = _rebuild.is_requested()
    name = None if path is None else os.path.basename(path)
    if is_rebuilt and path is not None:
        path = _rebuild.path_of(path)
    if path is None and format is None:
        format = _format_of(target, protocol)
    new = Dump(path, format=format, compress=compress, protocol=highest(protocol), recipients=recipients)
    recorded = {
        "X_sample": X_sample,
        "data": data,
        "source": source,
        "cv": cv,
        "metrics": metrics,
        "author": author,
        "notes": notes,
        "lock": lock or None,
    }
    recorded = {name: value for name, value in recorded.items() if value is not None}
    extra: dict[str, Any] = {}
    if new.format == "skiff":
        passport, samples = _passport.collect(estimator, **recorded)
        if is_rebuilt:
            _rebuild.complete(passport)
        extra["passport"] = _passport.dumps(passport)
        extra["samples"] = None if samples is None else _pickled(samples)
    elif recorded:
        name = next(iter(recorded))
        raise WrongInputError(f"only a `.skiff` has a passport: expected no `{name}` for a {new.format} file")
    written = new.write(_pickled(estimator), trusted=names_to_trust(trusted), **extra)
    if written is None:
        if is_rebuilt and path is not None and name is not None:
            _rebuild.keep(path, name)
        return None if path is None else [path]
    if is_rebuilt:
        _rebuild.keep_bytes(written, getattr(target, "name", None))
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
    """Return the bytes of a model file; may be called like ``pickle.dumps``.

    Parameters
    ----------
    estimator : object
        The object to write.
    protocol : int, optional
        If given, the bytes are a pickle of this protocol, 2 to 5; a negative number is the highest.
    format : {"skiff", "pickle", "joblib", "skops", "json"}, optional
        The format: by default a ``.skiff``, unless ``protocol`` is given.
    compress, recipients
        As for ``skiff.dump``.

    Returns
    -------
    bytes
        The file's bytes, for ``skiff.loads``, ``skiff.load`` and ``skiff.open``.

    Examples
    --------
    >>> estimator = skiff.loads(skiff.dumps(estimator))  # doctest: +SKIP
    """
    out = io.BytesIO()
    dump(estimator, out, compress=compress, protocol=protocol, format=format, recipients=recipients)
    return out.getvalue()


def _format_of(file: Any, protocol: int | None) -> Format:
    """The format of a file object: that of its name's extension, if it has one."""
    name = getattr(file, "name", None)
    extension = os.path.splitext(os.fsdecode(name))[1].lower() if isinstance(name, (str, bytes)) else ""
    return _EXTENSIONS.get(extension, "skiff" if protocol is None else "pickle")


def _path(target: Any) -> str | None:
    """The path to write; ``None`` for a file object."""
    if hasattr(target, "write") and not isinstance(target, os.PathLike):
        if isinstance(target, io.TextIOBase):
            raise TypeError("the file must be opened for writing bytes: mode 'wb'")
        return None
    if not isinstance(target, (str, os.PathLike)):
        raise TypeError(f"expected a path, or a file opened for writing bytes, not {type(target).__name__}")
    return os.fsdecode(target)


def _pickled(value: Any) -> tuple[bytes, list[Any]]:
    """The pickle, and the elements of large arrays as out-of-band buffers."""
    buffers: list[Any] = []

    def is_in_band(buffer: pickle.PickleBuffer) -> bool:
        try:
            raw = buffer.raw()
        except BufferError:
            # Not contiguous: pickle handles it.
            return True
        if raw.nbytes < _LEAST:
            return True
        buffers.append(np.frombuffer(raw, dtype=np.uint8))
        return False

    out = io.BytesIO()
    pickler = pickle.Pickler(out, protocol=5, buffer_callback=is_in_band)
    # joblib, too, returns a plain array for a memory map.
    pickler.dispatch_table = {**copyreg.dispatch_table, np.memmap: _unmapped}
    try:
        pickler.dump(value)
    except (pickle.PicklingError, AttributeError, TypeError, RecursionError) as error:
        what = str(error) or type(error).__name__
        raise WrongInputError(f"this {type(value).__name__} cannot be pickled: {what}", code="not-picklable") from error
    return out.getvalue(), buffers


def _unmapped(array: Any) -> Any:
    return np.asarray(array).view(np.ndarray).__reduce_ex__(5)
