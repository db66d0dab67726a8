"""What stands for an object of a file that is not made: one of a class that skiff does not know."""

from __future__ import annotations

from typing import Any


class Opaque:
    """An object that was left in the file. It says what it is, and has nothing of what it has there."""

    def __init__(self, description: str) -> None:
        self._description = description

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{name!r} of {self._description}: this object was left in the file, unmade")

    def __repr__(self) -> str:
        return f"<left in the file: {self._description}>"
