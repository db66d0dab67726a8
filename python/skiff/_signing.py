"""``skiff.sign``, and what ``skiff.verify`` says of signatures: OpenSSF Model Signing, without a network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Iterable

from skiff._skiff import sign as _sign


@dataclass(frozen=True)
class SignatureProblem:
    """What stands against a signature."""

    #: ``changed``, ``added``, ``missing``, ``renamed``, ``linked``, ``special``, ``other-key``, ``untrusted``,
    #: ``not-valid``, ``wrong-signature``.
    code: str
    #: The file, where one is to blame.
    file: str | None
    message: str


@dataclass(frozen=True)
class SignatureVerdict:
    """What a signature says of a model, and whether it is so. It is true where nothing stands against it."""

    #: How the key signs: ``p256``, ``p384``, ``p521``, ``ed25519``.
    algorithm: str | None
    #: SHA-256 of the signer's public key in PEM: its name.
    key: str | None
    #: The signer's certificate: ``subject``, ``issuer``, ``fingerprint``, ``not_before``, ``not_after``.
    certificate: dict[str, str] | None
    #: What the model was called when it was signed.
    name: str | None
    #: The files that are as they were signed, ``.`` for a model that is one file.
    files: tuple[str, ...]
    #: What lies in the folder and is, by the signer's word, no part of the model.
    uncovered: tuple[str, ...]
    problems: tuple[SignatureProblem, ...]
    #: What should be known beside: a name, and a sentence.
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
    """Signs ``model``, a file or a folder, and returns the path of the signature file.

    ``key`` is the path of a private key in PEM, ``password`` its password. ``certificate`` are PEM files of the key's
    certificate and of those that lead from it to a root. The signature goes to ``signature``: ``MODEL.sig`` beside a
    file and ``model.sig`` in a folder where nothing is said. ``ignore`` are paths within the folder that are no part of
    the model. Links are refused, or, by ``follow_links``, signed by what they point at. ``extension`` lets Ed25519 keys
    sign, which the ``model_signing`` tool does not verify.
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
    """What the signature is worth, of what was found."""
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
