"""``skiff.load``: a model file of any kind into the very estimator, by a list of what may be made.

Rust judges the file and writes what it holds anew. What is unpickled here is never what somebody else wrote.
"""

from __future__ import annotations

import array
import importlib
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

from skiff._errors import AnswersChangeWarning, DamagedFileError, NotSupportedError, SkiffError, UntrustedFileError, WrongInputError
from skiff._skiff import Identity, Limits, Rebuilt
from skiff._skiff import rebuild as _rebuild

#: numpy's core by its newest name, and by the name that it had before numpy 2.
_NEW_CORE, _OLD_CORE = "numpy._core", "numpy.core"


def load(
    filename: Any,
    mmap_mode: Literal["r", "c"] | None = None,
    *,
    trusted: Iterable[str | type | Callable[..., Any]] = (),
    at: str | None = None,
    limits: Limits | None = None,
    identity: Identity | str | os.PathLike[str] | None = None,
) -> Any:
    """Load the estimator in a model file of any kind, and run nothing else that is in it.

    Only what models are made of is made: classes of scikit-learn, numpy, scipy and pandas, called as their own pickles
    call them. Whatever the file says, no other code is imported or called. May be called as ``joblib.load``.

    Parameters
    ----------
    filename : str, path-like, bytes or file object
        The path of the file, its bytes, or a file opened for reading bytes.
    mmap_mode : {"r", "c"}, optional
        The large arrays of a ``.skiff`` that is not compressed are mapped: the file is read as they are used. By default,
        and with ``"c"``, writing to them does not change the file; with ``"r"`` they are read-only. Arrays of other files
        are copied. ``"r+"`` and ``"w+"`` are refused, since they would change the model.
    trusted : list of str, type or function
        What you vouch for: ``"mypkg.steps.Clean"`` (or the class itself), or ``"mypkg.*"`` for all that a package defines.
    at : str, optional
        The address of the estimator in a file that holds several things: ``"[0]"``, ``"['model']"``.
    limits : Limits, optional
        What the file may cost.
    identity : Identity, str or path-like, optional
        Opens a file that is encrypted by age: an ``Identity``, the text of a key, or the path of an identity file.

    Returns
    -------
    object
        The estimator, or whatever else was dumped.

    Raises
    ------
    UntrustedFileError
        If the file names code that is neither on the list of what models need nor trusted.

    Warns
    -----
    InconsistentVersionWarning
        scikit-learn's own, once, if another scikit-learn wrote the file.
    AnswersChangeWarning
        If the estimator answers otherwise in the scikit-learn at hand, without an error.
    """
    if mmap_mode not in (None, "r", "c"):
        raise WrongInputError(f'expected mmap_mode to be "r", "c" or None, found {mmap_mode!r}', code="wrong-input")
    names = names_to_trust(trusted)
    with _opened(filename) as file:
        rebuilt = _rebuild(filename, trusted=names, at=at, limits=limits, identity=identity)
        mapping = _mapped(file, filename, rebuilt, read_only=mmap_mode == "r")
    if mmap_mode is not None and mapping is None and len(rebuilt) > 0:
        warnings.warn(
            f"mmap_mode={mmap_mode!r} is ignored: only files that end in .skiff and are not compressed are mapped", stacklevel=2
        )
    made = _made(_Unpickler(rebuilt, names, mapping), rebuilt)
    _warn_of_changes(rebuilt)
    return made


def loads(
    data: bytes | bytearray | memoryview,
    /,
    *,
    trusted: Iterable[str | type | Callable[..., Any]] = (),
    at: str | None = None,
    limits: Limits | None = None,
    identity: Identity | str | os.PathLike[str] | None = None,
) -> Any:
    """Load the estimator in the bytes of a model file, as ``skiff.load`` does; may be called as ``pickle.loads``.

    Parameters
    ----------
    data : bytes-like
        What ``skiff.dumps``, ``pickle.dumps`` or a file holds.
    trusted, at, limits, identity
        As for ``skiff.load``.

    Returns
    -------
    object
        The estimator, or whatever else was dumped.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"expected bytes, not {type(data).__name__}: skiff.load is for files")
    return load(data, trusted=trusted, at=at, limits=limits, identity=identity)


def names_to_trust(trusted: Any) -> list[str]:
    """The names of what the caller trusts, each given as a name, a class or a function."""
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
    """Makes what Rust has written, of the names that Rust let pass."""

    def __init__(self, rebuilt: Rebuilt, trusted: list[str], mapping: memoryview | None) -> None:
        # Byte strings, which Python 2 alone wrote, are read as numpy asks for it.
        super().__init__(io.BytesIO(rebuilt.pickle), encoding="latin1", buffers=_buffers(rebuilt, mapping))
        self.versions = rebuilt.versions
        self._allowed = set(rebuilt.names)
        #: What is there for the caller's word alone.
        self._vouched = set(rebuilt.vouched)
        self._packages = [name[:-2] for name in trusted if name.endswith(".*")]
        self._named = set(trusted)
        self._found: dict[tuple[str, str], Any] = {}

    def make(self) -> Any:
        """What the file holds."""
        try:
            return self.load()
        except (SkiffError, MemoryError, Warning):
            # A warning is an error where the caller wants it to be.
            raise
        except Exception as error:
            what = str(error) or type(error).__name__
            ours = _sklearn_version()
            if self.versions and self.versions != [ours]:
                message = f"scikit-learn {ours} does not take what scikit-learn {' and '.join(self.versions)} wrote: {what}"
                raise NotSupportedError(message, code="other-version") from error
            raise DamagedFileError(f"the objects in the file cannot be made: {what}", code="damaged-model") from error

    def find_class(self, module: str, name: str) -> Any:
        key = module, name
        if key not in self._found:
            self._found[key] = self._find(module, name)
        return self._found[key]

    def persistent_load(self, _: Any) -> Any:
        raise UntrustedFileError("the file hands a persistent id to the program that loads it", code="untrusted-file")

    def _find(self, module: str, name: str) -> Any:
        if (module, name) not in self._allowed:
            raise UntrustedFileError(f"`{module}.{name}` was not let pass", code="untrusted-file")
        try:
            found = _resolved(_spelled(module), name)
        except (ImportError, AttributeError) as error:
            try:
                if not module.startswith(_OLD_CORE):
                    raise
                # What numpy 2 keeps under the old name alone.
                found = _resolved(module, name)
            except (ImportError, AttributeError):
                raise self._absent(_spelled(module), name, error) from error
        if (module, name) in self._vouched and f"{module}.{name}" not in self._named:
            self._check_own(module, name, found)
        return found

    def _is_of_package(self, module: str) -> bool:
        return any(module == package or module.startswith(package + ".") for package in self._packages)

    def _check_own(self, module: str, name: str, found: Any) -> None:
        """A package is trusted with what it defines, and not with what it has imported: ``mypkg.os.system``."""
        home = getattr(found, "__module__", None)
        if isinstance(found, types.ModuleType) or not isinstance(home, str) or not self._is_of_package(home):
            raise UntrustedFileError(
                f"`{module}.{name}` is not defined in a package that is trusted, but in `{home}`",
                code="untrusted-file",
                help=f'if you trust it: trusted=["{module}.{name}"]',
            )

    def _absent(self, module: str, name: str, error: Exception) -> SkiffError:
        package = module.split(".")[0]
        is_sklearn = package == "sklearn" and bool(self.versions)
        wrote = f", written by scikit-learn {' and '.join(self.versions)}," if is_sklearn else ""
        at_hand = _at_hand(package)
        return NotSupportedError(
            f"the file{wrote} needs `{module}.{name}`, which {at_hand} does not have: {error}", code="no-such-class"
        )


def _resolved(module: str, name: str) -> Any:
    __import__(module)
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _spelled(module: str) -> str:
    """The module by the name that the numpy at hand has for it: the other one warns, or is not there."""
    for core in (_OLD_CORE, _NEW_CORE):
        if module == core or module.startswith(core + "."):
            return (_NEW_CORE if int(np.__version__.split(".")[0]) >= 2 else _OLD_CORE) + module[len(core) :]
    # What scikit-learn's compiled losses called themselves up to 1.5: nobody else's module of that name is imported.
    return "sklearn._loss._loss" if module == "_loss" and module not in sys.modules else module


def _at_hand(package: str) -> str:
    try:
        version = getattr(__import__(package), "__version__", None)
    except ImportError:
        return f"this Python, which has no {package},"
    shown = {"sklearn": "scikit-learn"}.get(package, package)
    return f"the {shown} at hand{f' ({version})' if version else ''}"


def _mapping(keys: str, values: bytes) -> dict[str, int]:
    """A vocabulary, as Rust writes one for the unpickler."""
    return dict(zip(keys.split("\0"), array.array("q", values).tolist()))


def _buffers(rebuilt: Rebuilt, mapping: memoryview | None) -> Iterator[Any]:
    """The elements of one array after the other, put together no sooner than they are asked for."""
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
    """The file that a path names, held open so that it can be mapped: the one that was judged, and no other."""
    if not isinstance(source, (str, os.PathLike)):
        yield None
        return
    try:
        file = io.FileIO(source)
    except OSError:
        # Rust says what is wrong with it.
        yield None
        return
    with file:
        yield file


def _mapped(file: io.FileIO | None, source: Any, rebuilt: Rebuilt, read_only: bool) -> memoryview | None:
    """The file in memory, copied where it is written to; ``None`` when there is nothing in it to map."""
    if file is None or all(rebuilt.place(index) is None for index in range(len(rebuilt))):
        return None
    here, there = os.fstat(file.fileno()), os.stat(source)
    if not os.path.samestat(here, there) or here.st_size == 0:
        # Another file has taken the name meanwhile: which of the two was judged cannot be told.
        return None
    return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ if read_only else mmap.ACCESS_COPY))


#: Warnings are caught for the whole process.
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
    told: dict[str, Warning] = {}
    for warning in caught:
        if isinstance(warning.message, Warning) and _is_of_version(warning):
            # The last one is that of the outermost estimator.
            told[getattr(warning.message, "original_sklearn_version", "")] = warning.message
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno, source=warning.source
            )
    for message in told.values() or _unsaid(made, rebuilt.versions):
        warnings.warn(message, stacklevel=3)
    return made


def _warn_of_changes(rebuilt: Rebuilt) -> None:
    """One warning for each change between the scikit-learn that wrote an estimator and the one at hand."""
    numbers = re.match(r"(\d+)\.(\d+)", _sklearn_version() or "") if rebuilt.changes else None
    ours = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    for name, written_by, since, what in rebuilt.changes:
        if ours >= since:
            message = (
                f"{name} was written by scikit-learn {written_by}; from {since[0]}.{since[1]} on, {what}. skiff.open answers "
                "as the scikit-learn that wrote it."
            )
            warnings.warn(message, AnswersChangeWarning, stacklevel=3)


def _sklearn_version() -> str | None:
    try:
        return str(importlib.import_module("sklearn").__version__)
    except ImportError:
        return None


def _is_of_version(warning: warnings.WarningMessage) -> bool:
    # Before scikit-learn 1.3 it was a `UserWarning` like any other.
    return str(warning.message).startswith("Trying to unpickle estimator")


def _unsaid(made: Any, versions: list[str]) -> Iterator[Warning]:
    """The warning for estimators that do not give it themselves."""
    ours = _sklearn_version()
    kind = getattr(importlib.import_module("sklearn.exceptions"), "InconsistentVersionWarning", None)
    for version in versions:
        if version != ours and kind is not None:
            yield kind(
                estimator_name=type(made).__name__, current_sklearn_version=ours, original_sklearn_version=version
            )
