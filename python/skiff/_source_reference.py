"""The code that trained a model, as recorded in the passport: file, digest, git commit."""

from __future__ import annotations

import hashlib
import inspect
import os
import subprocess
from types import ModuleType
from typing import Any

from skiff import _digest
from skiff._data_reference import without_secrets
from skiff._plain import path_of

#: The timeout of git, so that a slow repository does not delay saving a model.
_SECONDS = 10


def reference(source: Any) -> dict[str, Any]:
    """The passport's entry for ``source=``: the path of a script or notebook, a module, a function, or a class."""
    if isinstance(source, (str, os.PathLike)):
        return _file(os.fsdecode(source), given=True)
    if not isinstance(source, (ModuleType, type)) and not callable(source):
        raise TypeError(f"expected a path, a module, a function, or a class for the source, not {type(source).__name__}")
    if isinstance(source, ModuleType):
        name = source.__name__
    else:
        # For a bound method or a partial, its function.
        source = inspect.unwrap(getattr(source, "func", source))
        name = path_of(source)
    try:
        path = inspect.getsourcefile(source)
    except TypeError:
        path = None
    if path is not None and os.path.isfile(path):
        return {"name": name, **_file(path, given=False)}
    # Defined in a notebook or a console: there is no file, but possibly the text.
    try:
        text = inspect.getsource(source)
    except (OSError, TypeError):
        return {"name": name}
    return {"name": name, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def _file(path: str, given: bool) -> dict[str, Any]:
    git = _git(path)
    # A path that was not given may be private, except relative to the repository.
    shown = path if given else (git or {}).get("path", os.path.basename(path))
    found: dict[str, Any] = {"path": shown, "size": os.path.getsize(path), "sha256": _digest.of_file(path)}
    if git is not None:
        found["git"] = git
    return found


def _git(path: str) -> dict[str, Any] | None:
    """git's information about the file; ``None`` if there is no git or no repository."""
    folder = os.path.dirname(os.path.abspath(path))
    commit = _ask(folder, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return None
    found: dict[str, Any] = {"commit": commit}
    place = _ask(folder, "rev-parse", "--show-prefix")
    if place is not None:
        found["path"] = place + os.path.basename(path)
    changes = _ask(folder, "status", "--porcelain", "--untracked-files=no")
    if changes is not None:
        found["dirty"] = changes != ""
    own = _ask(folder, "status", "--porcelain", "--ignored", "--", os.path.abspath(path))
    if own is not None:
        found["file_committed"] = own == ""
    branch = _ask(folder, "symbolic-ref", "--short", "--quiet", "HEAD")
    if branch:
        found["branch"] = branch
    remote = _ask(folder, "config", "--get", "remote.origin.url")
    if remote:
        found["remote"] = without_secrets(remote) if "://" in remote else remote
    return found


def _ask(folder: str, *arguments: str) -> str | None:
    # Without locks, and without programs that a repository's settings may name.
    command = ["git", "-C", folder, "-c", "core.fsmonitor=false", "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
