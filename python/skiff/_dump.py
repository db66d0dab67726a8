"""``skiff.dump``: an estimator into a model file of any kind, whole or not at all."""

from __future__ import annotations

import copyreg
import io
import os
import pickle
from typing import IO, Any, Iterable, Literal, Mapping, Tuple, Union

import numpy as np

from skiff import _passport
from skiff._errors import WrongInput
from skiff._skiff import Identity
from skiff._skiff import dump as _write

Compress = Union[bool, int, str, Tuple[str, int], None]

#: What files are called, and what is then written.
_EXTENSIONS = {".skiff": "skiff", ".pkl": "pickle", ".pickle": "pickle", ".joblib": "joblib", ".skops": "skops"}
#: What joblib puts behind the name of a file for each of its codecs.
_CODECS = {".z": "zlib", ".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".lzma": "lzma", ".lz4": "lz4"}
#: Smaller arrays lie in the pickle.
_LEAST = 4 << 10
#: What joblib compresses by when it is told a level alone, and at what level when it is told to compress.
_JOBLIB_CODEC, _JOBLIB_LEVEL = "zlib", 3
#: What `compress=True` is for a `.skiff` and a `.skops`: the defaults of zstd and of zlib.
_SKIFF_LEVEL, _SKOPS_LEVEL = 3, 6


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

    ``compress`` is ``True``, or a level: of zstd from 1 to 22 for a ``.skiff``, of deflate from 0 to 9 for a ``.skops``;
    for a ``.joblib`` what joblib takes, which is a level of zlib from 0 to 9, a codec (``"xz"``), or a codec and its
    level (``("xz", 3)``). A name may end in a codec as well: ``model.pkl.gz``, ``model.joblib.xz``. ``protocol`` is that
    of a ``.pkl`` or ``.joblib``, 2 to 5; 4 without it.

    ``recipients`` are those for whom the file is encrypted by age: ``age1…``, or an ``Identity`` (of a passphrase too);
    ``skiff.open`` and ``skiff.load`` open it by their ``identity``. It may be called ``model.skiff.age``.

    The others are for the passport of a ``.skiff``, which ``skiff.inspect`` shows: ``X_sample``, rows whose answers are
    recorded; ``data``, what it was trained on; ``source``, the code; ``cv``, cross-validation scores or how to compute
    them; ``metrics``, numbers by name; ``author`` and ``notes``, texts.
    """
    kind, codec, path = _target(target, format, is_encrypted=recipients is not None)
    options = _options(kind, codec, compress, protocol)
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
        name = next(iter(told))
        raise WrongInput(f"only a `.skiff` has a passport: expected no `{name}` for a {kind} file")
    if kind == "skiff":
        passport, samples = _passport.collect(estimator, **told)
        options["passport"] = _passport.dumps(passport)
        options["samples"] = None if samples is None else _pickled(samples)
    written = _write(_pickled(estimator), path, format=kind, recipients=recipients, **options)
    if written is not None:
        target.write(written)  # type: ignore[union-attr]


def _target(target: Any, format: str | None, *, is_encrypted: bool) -> tuple[str, str | None, str | None]:
    """As what to write, by which codec the name says, and where; nowhere for an open file."""
    if format is not None and format not in _EXTENSIONS.values():
        raise WrongInput(f"expected a format of {_either(dict.fromkeys(_EXTENSIONS.values()))}, found `{format}`")
    if hasattr(target, "write") and not isinstance(target, os.PathLike):
        if isinstance(target, io.TextIOBase):
            raise TypeError("the file must be opened for writing bytes: mode 'wb'")
        return format or "skiff", None, None
    if not isinstance(target, (str, os.PathLike)):
        raise TypeError(f"expected a path, or a file opened for writing bytes, not {type(target).__name__}")
    path = os.fsdecode(target)
    stem, extension = os.path.splitext(path)
    if extension.lower() == ".age" and not is_encrypted:
        raise WrongInput(f"a `.age` file is encrypted: name its `recipients`, found none for `{path}`")
    if format is not None:
        return format, None, path
    stem, extension = os.path.splitext((stem if extension.lower() == ".age" else path).lower())
    codec = _CODECS.get(extension)
    if codec is not None:
        extension = os.path.splitext(stem)[1]
    kind = _EXTENSIONS.get(extension)
    if kind is None or (codec is not None and kind not in ("pickle", "joblib")):
        raise WrongInput(f"expected a file to write that ends in {_either(_EXTENSIONS)}, or a `format`, found `{path}`")
    return kind, codec, path


def _options(kind: str, codec: str | None, compress: Compress, protocol: int | None) -> dict[str, Any]:
    """What the writer takes, if it suits the format. ``codec`` is that of the file's name."""
    if protocol is not None:
        if kind not in ("pickle", "joblib"):
            raise WrongInput(f"a {kind} file has no protocol to choose")
        if isinstance(protocol, bool) or not isinstance(protocol, int) or not 2 <= protocol <= 5:
            raise WrongInput(f"expected a protocol from `2` to `5`, found `{protocol}`")
    options: dict[str, Any] = {"protocol": protocol}
    if kind in ("skiff", "skops"):
        if compress is not None and compress is not False:
            options["level"] = _level(kind, compress)
        return options
    given, level = _codec(compress)
    if given is None and level is None:
        return options if codec is None else {**options, "compression": codec}
    if codec is None and kind == "pickle":
        raise WrongInput("`pickle.load` reads no compressed file: name it `.pkl.gz`, or write a `.joblib`")
    if codec is not None and given not in (None, codec):
        raise WrongInput(f"the name says that the file is compressed by {codec}, and `compress` says {given}")
    chosen = codec or given or _JOBLIB_CODEC
    if chosen not in _CODECS.values():
        raise WrongInput(f"expected a codec of {_either(_CODECS.values())}, found `{chosen}`")
    if level is None or chosen == "lz4":
        # joblib takes a level for lz4, which has none.
        return {**options, "compression": chosen}
    return {**options, "compression": f"{chosen}:{level}"}


def _level(kind: str, compress: Compress) -> int:
    default, least, most, name = (_SKIFF_LEVEL, 1, 22, "zstd") if kind == "skiff" else (_SKOPS_LEVEL, 0, 9, "deflate")
    level = default if compress is True else compress
    if not isinstance(level, int) or not least <= level <= most:
        raise WrongInput(
            f"expected `compress` to be `True`, or a level of {name} from `{least}` to `{most}`, found `{compress}`"
        )
    return level


def _codec(compress: Compress) -> tuple[str | None, int | None]:
    """The codec and the level that joblib takes ``compress`` for; neither for a file as it is."""
    if compress is None or compress is False or compress == 0:
        return None, None
    if compress is True:
        return None, _JOBLIB_LEVEL
    if isinstance(compress, int):
        return None, compress
    if isinstance(compress, str):
        return compress, None
    try:
        codec, level = compress
    except (TypeError, ValueError):
        raise WrongInput(f"expected `compress` to be a level, a codec, or both, found `{compress}`") from None
    return codec, level


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
