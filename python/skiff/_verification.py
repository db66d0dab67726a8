"""``skiff.verify``: is a file as it was written, and does its model answer what it answered?"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Iterable

from skiff import _signing
from skiff._signing import SignatureVerdict
from skiff._skiff import Identity, Limits
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
    #: What the signature is worth, where somebody was named who is trusted.
    signature: SignatureVerdict | None = None

    def __bool__(self) -> bool:
        return self.verdict == "verified"


def verify(
    source: Any,
    /,
    *,
    at: str | None = None,
    limits: Limits | None = None,
    custom: dict[str, Any] | None = None,
    identity: Identity | str | os.PathLike[str] | None = None,
    key: str | os.PathLike[str] | None = None,
    certificate_chain: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
    valid_at: str | None = None,
    signature: str | os.PathLike[str] | None = None,
) -> Verification:
    """Whether ``source`` is as it was written: a path, bytes, or a file opened for reading bytes.

    All bytes of a ``.skiff`` are held against the digest in it, and the rows that were recorded in it are asked again,
    without scikit-learn: labels must be the same, and numbers within rounding. Files of other kinds have neither.
    ``custom`` holds functions and classes of your own for those that the model names, as for ``skiff.open``.
    ``identity`` opens a file that is encrypted.

    ``key``, the path of a public key in PEM, or ``certificate_chain``, paths of certificates that lead to a root, have the
    signature verified too, which is of a file or a folder. It lies in ``signature``: in ``MODEL.sig`` beside a file, in
    ``model.sig`` in a folder, where nothing is said. ``valid_at`` is when the certificates must be valid: ``"now"``, a
    day, or a second as ``"2026-11-25T16:00:00Z"``; without it, when the signer's own began to be.
    """
    chain = _signing.paths(certificate_chain)
    if key is None and not chain:
        if signature is not None or valid_at is not None:
            raise TypeError("a signature is verified by somebody's word: `key` or `certificate_chain`")
    elif not isinstance(source, (str, os.PathLike)):
        raise TypeError(f"a signature is of a file or a folder: expected a path, not {type(source).__name__}")
    found = _verify(
        source,
        at=at,
        limits=limits,
        custom=custom,
        identity=identity,
        key=key,
        certificate_chain=chain,
        valid_at=valid_at,
        signature=signature,
    )
    found["methods"] = tuple(Replay(**method) for method in found["methods"])
    found["signature"] = found["signature"] and _signing.verdict(found["signature"])
    return Verification(**found)
