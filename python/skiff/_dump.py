"""``skiff.dump``: an estimator into a model file of any kind, whole or not at all."""

from __future__ import annotations

import copyreg
import io
import os
import pickle
from typing import IO, Any, Literal, Mapping, Tuple, Union

import numpy as np

from skiff import _passport
from skiff._errors import WrongInput
from skiff._skiff import dump as _write

Compress = Union[bool, int, str, Tuple[str, int], None]

#: What files are called, and what is then written.
_EXTENSIONS: dict[str, str] = {".skiff": "skiff", ".pkl": "pickle", ".pickle": "pickle", ".joblib": "joblib"}
#: Smaller arrays lie in the pickle.
_LEAST = 4 << 10
#: What joblib compresses by when it is told a level alone, and at what level when it is told to compress.
_JOBLIB_CODEC, _JOBLIB_LEVEL = "zlib", 3
#: What `compress=True` is for a `.skiff`: zstd's own default.
_SKIFF_LEVEL = 3


def dump(
    estimator: Any,
    target: str | os.PathLike[str] | IO[bytes],
    /,
    *,
    format: Literal["skiff", "pickle", "joblib"] | None = None,
    compress: Compress = None,
    protocol: int | None = None,
    X_sample: Any = None,
    data: Any = None,
    source: Any = None,
    cv: Any = None,
    metrics: Mapping[str, float] | None = None,
    author: str | None = None,
    notes: str | None = None,
) -> None:
    """Writes ``estimator``, or whatever else can be pickled, to ``target``: a path, or a file opened for writing bytes.

    A path's extension says as what: ``.skiff``, ``.pkl`` or ``.pickle`` (which ``pickle.load`` reads), ``.joblib``
    (which ``joblib.load`` reads). ``format`` says it for open files, which are ``"skiff"`` without it. A file at a path
    appears when it is whole; until then one of that name stays as it was.

    ``compress`` is ``True``, or a level of zstd from 1 to 22 for a ``.skiff``; for a ``.joblib`` what joblib takes: a
    level of zlib from 0 to 9, a codec (``"xz"``), or a codec and its level (``("xz", 3)``). ``protocol`` is that of a
    ``.pkl`` or ``.joblib``, 2 to 5; 4 without it.

    The others are for the passport of a ``.skiff``, which ``skiff.inspect`` shows: ``X_sample``, rows whose answers are
    recorded; ``data``, what it was trained on; ``source``, the code; ``cv``, cross-validation scores or how to compute
    them; ``metrics``, numbers by name; ``author`` and ``notes``, texts.
    """
    kind, path = _target(target, format)
    options = _options(kind, compress, protocol)
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
    if told and kind != "skiff":
        raise WrongInput(f"a passport stands in a `.skiff` only: `{next(iter(told))}` is nothing that a {kind} file can hold")
    if kind == "skiff":
        passport, samples = _passport.collect(estimator, **told)
        options["passport"] = _passport.dumps(passport)
        options["samples"] = None if samples is None else _pickled(samples)
    written = _write(_pickled(estimator), path, format=kind, **options)
    if written is not None:
        target.write(written)  # type: ignore[union-attr]


def _target(target: Any, format: str | None) -> tuple[str, str | None]:
    """As what to write, and where; nowhere for an open file."""
    if format is not None and format not in _EXTENSIONS.values():
        raise WrongInput(f"expected a format of {_either(dict.fromkeys(_EXTENSIONS.values()))}, found `{format}`")
    if hasattr(target, "write") and not isinstance(target, os.PathLike):
        if isinstance(target, io.TextIOBase):
            raise TypeError("the file must be opened for writing bytes: mode 'wb'")
        return format or "skiff", None
    if not isinstance(target, (str, os.PathLike)):
        raise TypeError(f"expected a path, or a file opened for writing bytes, not {type(target).__name__}")
    path = os.fsdecode(target)
    if format is not None:
        return format, path
    extension = os.path.splitext(path)[1].lower()
    if extension not in _EXTENSIONS:
        raise WrongInput(f"expected a file to write that ends in {_either(_EXTENSIONS)}, or a `format`, found `{path}`")
    return _EXTENSIONS[extension], path


def _options(kind: str, compress: Compress, protocol: int | None) -> dict[str, Any]:
    """What the writer takes, if it suits the format."""
    if protocol is not None:
        if kind == "skiff":
            raise WrongInput("a `.skiff` has no protocol to choose")
        if isinstance(protocol, bool) or not isinstance(protocol, int) or not 2 <= protocol <= 5:
            raise WrongInput(f"expected a protocol from `2` to `5`, found `{protocol}`")
    options: dict[str, Any] = {"protocol": protocol}
    if compress is None or compress is False:
        return options
    if kind == "pickle":
        raise WrongInput("`pickle.load` reads no compressed file: write a `.joblib`, or a `.skiff`")
    if kind == "skiff":
        level = _SKIFF_LEVEL if compress is True else compress
        if not isinstance(level, int) or not 1 <= level <= 22:
            raise WrongInput(f"expected `compress` to be `True`, or a level of zstd from `1` to `22`, found `{compress}`")
        return {**options, "level": level}
    if compress is True:
        compress = _JOBLIB_LEVEL
    if isinstance(compress, int):
        # As joblib has it, 0 is a file as it is.
        return options if compress == 0 else {**options, "compression": f"{_JOBLIB_CODEC}:{compress}"}
    if isinstance(compress, str):
        return {**options, "compression": compress}
    try:
        codec, level = compress
    except (TypeError, ValueError):
        raise WrongInput(f"expected `compress` to be a level, a codec, or both, found `{compress}`") from None
    # joblib takes a level for a codec that has none.
    return {**options, "compression": codec if codec == "lz4" else f"{codec}:{level}"}


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


def _either(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)
