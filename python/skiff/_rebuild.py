"""``skiff.dump`` in a script that ``skiff rebuild`` runs: its files stay in a temporary folder, and are kept for the command.

The environment variable ``SKIFF_REBUILD`` names the folder for them, next to that of the script.
"""

from __future__ import annotations

import json
import os
from typing import Any

#: The environment variable with the folder.
VARIABLE = "SKIFF_REBUILD"
#: What the command wrote into it: entries of the old passport, and of the new one.
_RECORDED = "recorded.json"
#: The name of a file object that has none.
_NAMELESS = "model.skiff"


def is_requested() -> bool:
    """Whether the script was started by ``skiff rebuild``."""
    return bool(os.environ.get(VARIABLE))


def complete(passport: dict[str, Any]) -> None:
    """Add the old file to the passport of its rebuilt model; the same source and data are where they were."""
    with open(os.path.join(os.environ[VARIABLE], _RECORDED), encoding="utf-8") as file:
        recorded = json.load(file)
    for name in ("source", "data"):
        old, new = recorded[name] or {}, passport.get(name, {})
        if "sha256" in new and old.get("sha256") == new["sha256"]:
            passport[name] = old
    passport["parent"] = recorded["parent"]


def path_of(path: str) -> str:
    """Where a file is written: not at a path outside of the temporary folder, but in the folder of kept files."""
    home = os.path.realpath(os.path.dirname(os.environ[VARIABLE]))
    found = os.path.realpath(path)
    return path if found.startswith(os.path.join(home, "")) else _kept(os.path.basename(found))


def keep(path: str, name: str) -> None:
    """Keep a copy of the file that was just written at ``path``."""
    kept = _kept(name)
    if os.path.realpath(path) != os.path.realpath(kept):
        with open(path, "rb") as file:
            keep_bytes(file.read(), name)


def keep_bytes(written: bytes, name: Any) -> None:
    """Keep what was written to a file object of this name."""
    name = os.path.basename(os.fsdecode(name)) if isinstance(name, (str, bytes)) else ""
    with open(_kept(name or _NAMELESS), "wb") as out:
        out.write(written)


def _kept(name: str) -> str:
    folder = os.path.join(os.environ[VARIABLE], "kept")
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, name)
