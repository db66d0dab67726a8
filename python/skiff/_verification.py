"""``skiff.verify``: verifies the digest, the recorded rows and the signature of a file."""

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
    """The comparison of one method with its recorded result."""

    method: str
    #: ``equal``, ``differs``, ``cannot replay``.
    outcome: str
    #: The greatest difference between numbers.
    largest: float | None = None
    #: What differs, or why it could not be replayed.
    reason: str | None = None
    #: The first element that differs, counted from 0, the recorded value and the value found.
    row: int | None = None
    column: int | None = None
    expected: str | None = None
    found: str | None = None


@dataclass(frozen=True)
class Verification:
    """The result of ``skiff.verify``. It is true if everything matches."""

    #: ``verified``; ``differs`` if something differs; ``could not`` if not everything could be checked.
    verdict: str
    #: ``whole``, ``differs``, or ``missing`` in formats without one: all but ``.skiff``.
    digest: str
    #: The number of recorded rows; ``None`` if there are none, or they cannot be predicted.
    rows: int | None
    methods: tuple[Replay, ...]
    #: Why the recorded rows cannot be predicted, if so.
    reason: str | None
    #: The verdict on the signature, if a trusted signer was given.
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
    """Verify that a file was not modified, and that its model still predicts the recorded results.

    All bytes of a ``.skiff`` are compared with its digest, and its recorded rows are predicted again, without
    scikit-learn: labels must be equal, and numbers within rounding errors. Other formats have neither.

    Parameters
    ----------
    source : str, path-like, bytes or file object
        The model file: a path, its bytes, or a file opened for reading bytes. Signatures need a path, of a file or a
        folder.
    at : str, optional
        The address of the estimator in a file with several objects: ``"[0]"``, ``"['model']"``.
    limits : Limits, optional
        Limits of memory and time for reading the file.
    custom : dict, optional
        User code for the functions and classes that the model names, as for ``skiff.open``.
    identity : Identity, str or path-like, optional
        The key or passphrase of an encrypted file.
    key : str or path-like, optional
        A public key in PEM. The signature must be by this key.
    certificate_chain : str, path-like or list of them
        Certificates in PEM: trusted roots and intermediates. The signer's certificate must have a chain to a root.
    valid_at : str, optional
        When the certificates must be valid: ``"now"``, a date, or a time like ``"2026-11-25T16:00:00Z"``. By default, the
        start of validity of the signer's own certificate.
    signature : str or path-like, optional
        The signature file; by default ``MODEL.sig`` next to a file, ``model.sig`` in a folder.

    Returns
    -------
    Verification
        True if everything matches; it has the result for each method, and the verdict on the signature.

    Raises
    ------
    DamagedFileError
        If the file is not a model file. A modified file is a result, not an error.
    TypeError
        If a signature is to be verified for a source that is not a path.

    Examples
    --------
    >>> bool(skiff.verify("churn.skiff", key="key.pub.pem"))  # doctest: +SKIP
    True
    """
    chain = _signing.paths(certificate_chain)
    if key is None and not chain:
        if signature is not None or valid_at is not None:
            raise TypeError("to verify a signature, pass `key` or `certificate_chain`")
    elif not isinstance(source, (str, os.PathLike)):
        raise TypeError(f"signatures are of files and folders: expected a path, not {type(source).__name__}")
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
