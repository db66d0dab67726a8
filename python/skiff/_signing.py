"""``skiff.sign``, and the verdicts of ``skiff.verify`` on signatures: OpenSSF Model Signing, without the network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Iterable

from skiff._skiff import sign as _sign


@dataclass(frozen=True)
class SignatureProblem:
    """A problem with a signature."""

    #: ``changed``, ``added``, ``missing``, ``renamed``, ``linked``, ``special``, ``other-key``, ``untrusted``,
    #: ``not-valid``, ``wrong-signature``.
    code: str
    #: The file that the problem is about, if any.
    file: str | None
    message: str


@dataclass(frozen=True)
class SignatureVerdict:
    """The verdict on the signature of a model. It is true if there are no problems."""

    #: The algorithm of the key: ``p256``, ``p384``, ``p521``, ``ed25519``.
    algorithm: str | None
    #: SHA-256 of the signer's public key in PEM, which identifies it.
    key: str | None
    #: The signer's certificate: ``subject``, ``issuer``, ``fingerprint``, ``not_before``, ``not_after``.
    certificate: dict[str, str] | None
    #: The name of the model when it was signed.
    name: str | None
    #: The files that match, ``.`` for a model that is one file.
    files: tuple[str, ...]
    #: Entries of the folder that the signer declared not to be part of the model.
    uncovered: tuple[str, ...]
    problems: tuple[SignatureProblem, ...]
    #: Notes that do not change the verdict: a code, and a sentence.
    notes: tuple[tuple[str, str], ...]

    def __bool__(self) -> bool:
        return not self.problems


def sign(
    model: str | os.PathLike[str],
    /,
    *,
    key: str | os.PathLike[str],
    password: str | None = None,
    certificate: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
    signature: str | os.PathLike[str] | None = None,
    ignore: Iterable[str] = (),
    follow_links: bool = False,
    extension: bool = False,
) -> str:
    """Sign a model with an OpenSSF Model Signing signature.

    Parameters
    ----------
    model : str or path-like
        The model: a file, or a folder with everything in it.
    key : str or path-like
        The private key in PEM.
    password : str, optional
        The password of the key.
    certificate : str, path-like or list of them
        The key's certificate and the intermediate certificates of its chain, in PEM, the key's own first.
    signature : str or path-like, optional
        The signature file to write; by default ``MODEL.sig`` next to a file, ``model.sig`` in a folder.
    ignore : list of str
        Paths within the folder that are not part of the model.
    follow_links : bool, default=False
        Sign the content of the files that symbolic links point to; by default links are errors.
    extension : bool, default=False
        Allow Ed25519 keys, which the ``model_signing`` tool does not support.

    Returns
    -------
    str
        The path of the signature file.

    Raises
    ------
    UnreadableFileError
        If a file cannot be read.
    WrongInputError
        If the key or a certificate is wrong, or the model has links, pipes or names that are not UTF-8.

    Examples
    --------
    >>> skiff.sign("model.skiff", key="key.pem")  # doctest: +SKIP
    'model.skiff.sig'
    """
    return os.fspath(
        _sign(
            model,
            key=key,
            password=password,
            certificates=paths(certificate),
            signature=signature,
            ignore=list(ignore),
            follow_links=follow_links,
            extension=extension,
        )
    )


def verdict(found: dict[str, Any]) -> SignatureVerdict:
    """Build the verdict from the dict of the extension module."""
    return SignatureVerdict(
        **{
            **found,
            "files": tuple(found["files"]),
            "uncovered": tuple(found["uncovered"]),
            "problems": tuple(SignatureProblem(*problem) for problem in found["problems"]),
            "notes": tuple(found["notes"]),
        }
    )


def paths(given: Any) -> list[Any]:
    return [given] if isinstance(given, (str, os.PathLike)) else list(given)
