"""``skiff.load``: a model file of any kind into the very estimator, by a list of what may be made.

Rust judges the file and writes its content as a new pickle: only that is unpickled here, never the file's own.
"""

from __future__ import annotations

import array
import importlib
import importlib.metadata
import io
import mmap
import os
import pickle
import re
import sys
import threading
import types
import warnings
from contextlib import contextmanager
from typing import Any, Callable, Iterable, Iterator, Literal

import numpy as np

from skiff._errors import (
    AnswersChangeWarning,
    DamagedFileError,
    MigrationWarning,
    NotSupportedError,
    SkiffError,
    UntrustedFileError,
    WrongInputError,
)
from skiff._skiff import Identity, Limits, Rebuilt
from skiff._skiff import rebuild as _rebuild

#: The names of numpy's core since numpy 2, and before.
_NEW_CORE, _OLD_CORE = "numpy._core", "numpy.core"


def load(
    filename: Any,
    mmap_mode: Literal["r", "c"] | None = None,
    *,
    trusted: Iterable[str | type | Callable[..., Any]] = (),
    at: str | None = None,
    migrate: bool = True,
    limits: Limits | None = None,
    identity: Identity | str | os.PathLike[str] | None = None,
) -> Any:
    """Load the estimator in a model file, and run no other code in it.

    Only classes on an allow-list are built: those of scikit-learn, numpy, scipy and pandas that models contain, called as
    their own pickles call them. Whatever the file names, no other code is imported or called. May be called like
    ``joblib.load``.

    Parameters
    ----------
    filename : str, path-like, bytes or file object
        The path of the file, its bytes, or a file opened for reading bytes.
    mmap_mode : {"r", "c"}, optional
        The large arrays of an uncompressed ``.skiff`` are mapped: they are read from the file when they are used. By
        default, and with ``"c"``, writing to them does not change the file; with ``"r"`` they are read-only. Arrays of
        other formats are copied. ``"r+"`` and ``"w+"`` are errors, since they would change the model.
    trusted : list of str, type or function
        Classes and functions that you trust: ``"mypkg.steps.Clean"`` (or the class itself), or ``"mypkg.*"`` for everything
        that a package defines.
    at : str, optional
        The address of the estimator in a file with several objects: ``"[0]"``, ``"['model']"``.
    migrate : bool, default=True
        Whether a model that another version of scikit-learn wrote is rewritten for the installed one, so that it
        predicts what it predicted there. With ``False``, or where this is impossible, it is built as it is.
    limits : Limits, optional
        Limits of memory and time for reading the file.
    identity : Identity, str or path-like, optional
        The key or passphrase of an encrypted file: an ``Identity``, the text of a key, or the path of an identity file.

    Returns
    -------
    object
        The estimator, or the object that was dumped.

    Raises
    ------
    DamagedFileError
        If the file is damaged, or not a model file.
    NotSupportedError
        If the installed scikit-learn does not have a class of the file.
    UntrustedFileError
        If the file names code that is neither on the allow-list nor trusted.

    Warns
    -----
    MigrationWarning
        If another version of scikit-learn wrote the file: what was changed for the installed one, or why nothing was.
    InconsistentVersionWarning
        scikit-learn's own, once, if another version of scikit-learn wrote the file and it was not migrated.
    AnswersChangeWarning
        If the estimator predicts differently in the installed scikit-learn, without an error.

    Examples
    --------
    >>> estimator = skiff.load("model.joblib", trusted=["mypkg.steps.Clean"])  # doctest: +SKIP
    """
    if mmap_mode not in (None, "r", "c"):
        raise WrongInputError(f'expected mmap_mode to be "r", "c" or None, found {mmap_mode!r}', code="wrong-input")
    names = names_to_trust(trusted)
    with _opened(filename) as file:
        target = _installed_version() if migrate else None
        rebuilt = _rebuild(filename, trusted=names, at=at, target=target, limits=limits, identity=identity)
        mapping = _mapped(file, filename, rebuilt, read_only=mmap_mode == "r")
    if mmap_mode is not None and mapping is None and len(rebuilt) > 0:
        warnings.warn(
            f"mmap_mode={mmap_mode!r} is ignored: only files that end in .skiff and are not compressed are mapped", stacklevel=2
        )
    made = _made(_Unpickler(rebuilt, names, mapping), rebuilt)
    _warn_of_migration(rebuilt, target)
    _warn_of_changes(rebuilt)
    return made


def loads(
    data: bytes | bytearray | memoryview,
    /,
    *,
    trusted: Iterable[str | type | Callable[..., Any]] = (),
    at: str | None = None,
    migrate: bool = True,
    limits: Limits | None = None,
    identity: Identity | str | os.PathLike[str] | None = None,
) -> Any:
    """Load the estimator in the bytes of a model file; may be called like ``pickle.loads``.

    Parameters
    ----------
    data : bytes-like
        The bytes of a model file, such as the result of ``skiff.dumps`` or ``pickle.dumps``.
    trusted, at, migrate, limits, identity
        As for ``skiff.load``.

    Returns
    -------
    object
        The estimator, or the object that was dumped.

    Raises
    ------
    UntrustedFileError
        If the file names code that is neither on the allow-list nor trusted.

    Examples
    --------
    >>> estimator = skiff.loads(skiff.dumps(estimator))  # doctest: +SKIP
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"expected bytes, not {type(data).__name__}: skiff.load is for files")
    return load(data, trusted=trusted, at=at, migrate=migrate, limits=limits, identity=identity)


def names_to_trust(trusted: Any) -> list[str]:
    """The names that the caller trusts, each given as a name, a class or a function."""
    if isinstance(trusted, (str, bytes)) or not isinstance(trusted, Iterable):
        raise TypeError(f"expected a list of names to trust, not {type(trusted).__name__}")
    names = []
    for one in trusted:
        if not isinstance(one, str):
            module, name = getattr(one, "__module__", None), getattr(one, "__qualname__", None)
            if not (isinstance(module, str) and isinstance(name, str)):
                raise TypeError(f"expected a name, a class or a function to trust, found {one!r}")
            one = f"{module}.{name}"
        names.append(one)
    return names


class _Unpickler(pickle.Unpickler):
    """Builds the objects of a pickle that Rust has written, from the names that Rust allowed."""

    def __init__(self, rebuilt: Rebuilt, trusted: list[str], mapping: memoryview | None) -> None:
        # Byte strings, which only Python 2 wrote, are read with numpy's recommended encoding.
        super().__init__(io.BytesIO(rebuilt.pickle), encoding="latin1", buffers=_buffers(rebuilt, mapping))
        self.versions = rebuilt.versions
        why = rebuilt.not_migrated
        self._why_not_migrated = f"; it cannot be migrated: {why}" if why else ""
        self._allowed = set(rebuilt.names)
        #: Names that are allowed only because the caller trusts them.
        self._vouched = set(rebuilt.vouched)
        self._packages = [name[:-2] for name in trusted if name.endswith(".*")]
        self._named = set(trusted)
        self._found: dict[tuple[str, str], Any] = {}

    def make(self) -> Any:
        """Build the object in the file."""
        try:
            return self.load()
        except (SkiffError, MemoryError, Warning):
            # The caller's filters turn a warning into an error.
            raise
        except Exception as error:
            what = str(error) or type(error).__name__
            ours = _sklearn_version()
            if self.versions and self.versions != [ours]:
                message = f"scikit-learn {ours} cannot load what scikit-learn {' and '.join(self.versions)} wrote: {what}"
                message += self._why_not_migrated
                raise NotSupportedError(message, code="other-version") from error
            raise DamagedFileError(f"the objects in the file cannot be built: {what}", code="damaged-model") from error

    def find_class(self, module: str, name: str) -> Any:
        key = module, name
        if key not in self._found:
            self._found[key] = self._find(module, name)
        return self._found[key]

    def persistent_load(self, _: Any) -> Any:
        raise UntrustedFileError("the file has a persistent id, which only the program that wrote it can resolve", code="untrusted-file")

    def _find(self, module: str, name: str) -> Any:
        if (module, name) not in self._allowed:
            raise UntrustedFileError(f"`{module}.{name}` is not allowed", code="untrusted-file")
        try:
            found = _resolved(_spelled(module), name)
        except (ImportError, AttributeError) as error:
            try:
                if not module.startswith(_OLD_CORE):
                    raise
                # numpy 2 has some names only under the old module.
                found = _resolved(module, name)
            except (ImportError, AttributeError):
                raise self._absent(_spelled(module), name, error) from error
        if (module, name) in self._vouched and f"{module}.{name}" not in self._named:
            self._check_own(module, name, found)
        return found

    def _is_of_package(self, module: str) -> bool:
        return any(module == package or module.startswith(package + ".") for package in self._packages)

    def _check_own(self, module: str, name: str, found: Any) -> None:
        """Check that a trusted package defines a name, and does not only import it: ``mypkg.os.system``."""
        home = getattr(found, "__module__", None)
        if isinstance(found, types.ModuleType) or not isinstance(home, str) or not self._is_of_package(home):
            raise UntrustedFileError(
                f"`{module}.{name}` is not defined in a trusted package, but in `{home}`",
                code="untrusted-file",
                help=f'if you trust it: trusted=["{module}.{name}"]',
            )

    def _absent(self, module: str, name: str, error: Exception) -> SkiffError:
        package = module.split(".")[0]
        is_sklearn = package == "sklearn" and bool(self.versions)
        wrote = f", written by scikit-learn {' and '.join(self.versions)}," if is_sklearn else ""
        at_hand = _at_hand(package)
        return NotSupportedError(
            f"the file{wrote} needs `{module}.{name}`, which {at_hand} does not have: {error}{self._why_not_migrated}",
            code="no-such-class",
        )


def _resolved(module: str, name: str) -> Any:
    __import__(module)
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _spelled(module: str) -> str:
    """The name of the module in the installed numpy: its other name warns, or does not exist."""
    for core in (_OLD_CORE, _NEW_CORE):
        if module == core or module.startswith(core + "."):
            return (_NEW_CORE if int(np.__version__.split(".")[0]) >= 2 else _OLD_CORE) + module[len(core) :]
    # The name of scikit-learn's compiled losses up to 1.5: no other module of that name is imported.
    return "sklearn._loss._loss" if module == "_loss" and module not in sys.modules else module


def _at_hand(package: str) -> str:
    try:
        version = getattr(__import__(package), "__version__", None)
    except ImportError:
        return f"this Python, which has no {package},"
    shown = {"sklearn": "scikit-learn"}.get(package, package)
    return f"the installed {shown}{f' ({version})' if version else ''}"


def _mapping(keys: str, values: bytes) -> dict[str, int]:
    """A vocabulary, from the encoding that Rust writes for the unpickler."""
    return dict(zip(keys.split("\0"), array.array("q", values).tolist()))


def _buffers(rebuilt: Rebuilt, mapping: memoryview | None) -> Iterator[Any]:
    """The elements of one array after the other, assembled when they are used."""
    index = 0
    while index < len(rebuilt):
        place = rebuilt.place(index)
        if mapping is not None and place is not None:
            yield mapping[slice(*place)]
            index += 1
            continue
        block, places = rebuilt.take(index, mapping is not None)
        yield from (block[slice(*place)] for place in places)
        index += len(places)


@contextmanager
def _opened(source: Any) -> Iterator[io.FileIO | None]:
    """The file at a path, kept open so that the mapped file is the one that was judged."""
    if not isinstance(source, (str, os.PathLike)):
        yield None
        return
    try:
        file = io.FileIO(source)
    except OSError:
        # Rust reports what is wrong with it.
        yield None
        return
    with file:
        yield file


def _mapped(file: io.FileIO | None, source: Any, rebuilt: Rebuilt, read_only: bool) -> memoryview | None:
    """The file in memory, copied on write; ``None`` if there is nothing to map."""
    if file is None or all(rebuilt.place(index) is None for index in range(len(rebuilt))):
        return None
    here, there = os.fstat(file.fileno()), os.stat(source)
    if not os.path.samestat(here, there) or here.st_size == 0:
        # The path was replaced meanwhile: it is unknown which of the two files was judged.
        return None
    return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ if read_only else mmap.ACCESS_COPY))


#: Catching warnings affects the whole process.
_CATCHING = threading.Lock()


def _made(unpickler: _Unpickler, rebuilt: Rebuilt) -> Any:
    """What the unpickler makes. scikit-learn's warning of another version is let through once for each version that wrote
    a part of the file: each estimator within would repeat it.
    """
    makes_estimators = any(module.startswith("sklearn.") for module, _ in rebuilt.names)
    if not makes_estimators or rebuilt.versions == [_sklearn_version()]:
        return unpickler.make()
    with _CATCHING, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = unpickler.make()
    issued: dict[str, Warning] = {}
    for warning in caught:
        if isinstance(warning.message, Warning) and _is_of_version(warning):
            # The last one is that of the outermost estimator.
            issued[getattr(warning.message, "original_sklearn_version", "")] = warning.message
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno, source=warning.source
            )
    for message in issued.values() or _unsaid(made, rebuilt.versions):
        warnings.warn(message, stacklevel=3)
    return made


def _warn_of_migration(rebuilt: Rebuilt, target: str | None) -> None:
    """Say what was changed for the installed scikit-learn, or why nothing was."""
    if rebuilt.not_migrated is not None:
        message = (
            f"not migrated to scikit-learn {target}, and built as it is: {rebuilt.not_migrated}. skiff.open predicts as in the "
            "version that wrote it."
        )
        warnings.warn(message, MigrationWarning, stacklevel=3)
    if rebuilt.migration is not None:
        written_by, changes, notes = rebuilt.migration
        what = ". ".join([*changes, *notes]) or "nothing but the version had to be changed"
        message = (
            f"migrated from scikit-learn {' and '.join(written_by)} to {target}: {what}. migrate=False builds it as it is."
        )
        warnings.warn(message, MigrationWarning, stacklevel=3)


def _warn_of_changes(rebuilt: Rebuilt) -> None:
    """Issue one warning for each change between the scikit-learn that wrote an estimator and the installed one."""
    numbers = re.match(r"(\d+)\.(\d+)", _sklearn_version() or "") if rebuilt.changes else None
    ours = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    for name, written_by, since, what in rebuilt.changes:
        if ours >= since:
            message = (
                f"{name} was written by scikit-learn {written_by}; from {since[0]}.{since[1]} on, {what}. skiff.open predicts "
                "as in the version that wrote it."
            )
            warnings.warn(message, AnswersChangeWarning, stacklevel=3)


def _installed_version() -> str | None:
    """The installed scikit-learn, which need not be imported for files that have nothing of it."""
    if "sklearn" not in sys.modules:
        try:
            return importlib.metadata.version("scikit-learn")
        except importlib.metadata.PackageNotFoundError:
            pass
    return _sklearn_version()


def _sklearn_version() -> str | None:
    try:
        return str(importlib.import_module("sklearn").__version__)
    except ImportError:
        return None


def _is_of_version(warning: warnings.WarningMessage) -> bool:
    # Before scikit-learn 1.3 it was a plain `UserWarning`.
    return str(warning.message).startswith("Trying to unpickle estimator")


def _unsaid(made: Any, versions: list[str]) -> Iterator[Warning]:
    """The warning for estimators that do not issue it themselves."""
    ours = _sklearn_version()
    kind = getattr(importlib.import_module("sklearn.exceptions"), "InconsistentVersionWarning", None)
    for version in versions:
        if version != ours and kind is not None:
            yield kind(
                estimator_name=type(made).__name__, current_sklearn_version=ours, original_sklearn_version=version
            )
