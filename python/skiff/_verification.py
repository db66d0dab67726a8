"""``skiff.verify``: is a file as it was written, and does its model answer what it answered?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from skiff._skiff import Limits
from skiff._skiff import verify as _verify


@dataclass(frozen=True)
class Replay:
    """A method that was asked for the recorded rows again."""

    method: str
    #: ``equal``, ``differs``, ``cannot replay``.
    outcome: str
    #: How far numbers are apart at most.
    largest: float | None = None
    #: What differs, or why it could not be asked.
    reason: str | None = None
    #: The first element that differs, counted from 0, as it was recorded and as it is now.
    row: int | None = None
    column: int | None = None
    expected: str | None = None
    found: str | None = None


@dataclass(frozen=True)
class Verification:
    """What ``skiff.verify`` found. It is true where everything is as it was written and answered."""

    #: ``verified``; ``differs`` where something is not as it was; ``could not`` where not all of it could be looked at.
    verdict: str
    #: ``whole``, ``differs``, or ``missing`` in files that have none: all but ``.skiff``.
    digest: str
    #: How many rows were recorded; ``None`` where there are none, or they cannot be asked.
    rows: int | None
    methods: tuple[Replay, ...]
    #: Why the recorded rows cannot be asked, where they cannot.
    reason: str | None

    def __bool__(self) -> bool:
        return self.verdict == "verified"


def verify(
    source: Any,
    /,
    *,
    at: str | None = None,
    limits: Limits | None = None,
    custom: dict[str, Any] | None = None,
) -> Verification:
    """Whether ``source`` is as it was written: a path, bytes, or a file opened for reading bytes.

    All bytes of a ``.skiff`` are held against the digest in it, and the rows that were recorded in it are asked again,
    without scikit-learn: labels must be the same, and numbers within rounding. Files of other kinds have neither.
    ``custom`` holds functions and classes of your own for those that the model names, as for ``skiff.open``.
    """
    found = _verify(source, at=at, limits=limits, custom=custom)
    return Verification(**{**found, "methods": tuple(Replay(**method) for method in found["methods"])})
