"""Writes the signatures that the tests of this crate verify, by the `model-signing` package.

    pip install model-signing==1.1.1 pyopenssl
    python make.py

The keys live as long as the script runs: none is kept.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import pathlib
import shutil
import tempfile

import model_signing
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from model_signing._signing import sign_sigstore_pb

HERE = pathlib.Path(__file__).parent
MODEL = HERE / "model"
CURVES = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}


def main() -> None:
    for old in [*HERE.glob("*.sig"), *HERE.glob("*.pem")]:
        old.unlink()
    shutil.rmtree(MODEL, ignore_errors=True)
    (MODEL / "weights").mkdir(parents=True)
    (MODEL / "config.json").write_bytes(b"{}\n")
    (MODEL / "weights" / "one.bin").write_bytes(bytes(range(256)))
    (MODEL / "weights" / "two.bin").write_bytes(b"two")
    (MODEL / "weights.txt").write_bytes(b"behind the folder, by its parts\n")
    with tempfile.TemporaryDirectory() as folder:
        for name, curve in CURVES.items():
            by_key(pathlib.Path(folder), name, curve)
        by_certificate(pathlib.Path(folder))


def by_key(folder: pathlib.Path, name: str, curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    path = private(folder, key)
    (HERE / f"{name}.pem").write_bytes(public(key))
    sign(path, HERE / f"{name}.sig", model_signing.hashing.Config())
    if name != "p256":
        return
    sign(path, HERE / "file.sig", model_signing.hashing.Config(), MODEL / "config.json")
    for digest in ["blake2", "blake3"]:
        hashing = model_signing.hashing.Config().use_file_serialization(hashing_algorithm=digest)
        sign(path, HERE / f"{digest}.sig", hashing)
    hashing = model_signing.hashing.Config().use_shard_serialization(shard_size=100)
    sign(path, HERE / "shards.sig", hashing)
    (HERE / "legacy.sig").write_text(json.dumps(legacy(key)))


def by_certificate(folder: pathlib.Path) -> None:
    root_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    middle_key = ec.generate_private_key(ec.SECP521R1())
    root = certificate("root", root_key, "root", root_key, authority=True)
    middle = certificate("middle", middle_key, "root", root_key, authority=True)
    (HERE / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    for name, days in [("chain", 36500), ("expired", 1)]:
        key = ec.generate_private_key(ec.SECP384R1())
        leaf = certificate("leaf", key, "middle", middle_key, authority=False, days=days)
        paths = [folder / "leaf.pem", folder / "middle.pem"]
        for path, one in zip(paths, [leaf, middle]):
            path.write_bytes(one.public_bytes(serialization.Encoding.PEM))
        signing = model_signing.signing.Config().use_certificate_signer(
            private_key=private(folder, key), signing_certificate=paths[0], certificate_chain=[paths[1]]
        )
        signing.sign(MODEL, HERE / f"{name}.sig")
        verifying = model_signing.verifying.Config().use_certificate_verifier(certificate_chain=[HERE / "root.pem"])
        verifying.verify(MODEL, HERE / f"{name}.sig")


def sign(key: pathlib.Path, to: pathlib.Path, hashing: model_signing.hashing.Config, model: pathlib.Path = MODEL) -> None:
    signing = model_signing.signing.Config().use_elliptic_key_signer(private_key=key)
    signing.set_hashing_config(hashing).sign(model, to)


def legacy(key: ec.EllipticCurvePrivateKey) -> dict[str, object]:
    """As version 0.2 signed; the encoding with its mistake is the package's own."""
    files = sorted(path for path in MODEL.glob("**/*") if path.is_file())
    subject = [
        {"name": path.relative_to(MODEL).as_posix(), "digest": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}}
        for path in files
    ]
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subject,
        "predicateType": "https://model_signing/Digests/v0.1",
        "predicate": {"unused": "Unused, just passed due to API requirements"},
    }
    payload = json.dumps(statement, indent=2).encode()
    signature = key.sign(sign_sigstore_pb.pae_compat(payload), ec.ECDSA(hashes.SHA256()))
    text = lambda data: base64.b64encode(data).decode()
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"rawBytes": text(public(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256"}},
        "dsseEnvelope": {
            "payload": text(payload),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": text(signature)}],
        },
    }


def certificate(name: str, key, issuer: str, issuer_key, *, authority: bool, days: int = 36500) -> x509.Certificate:
    title = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(title(name))
        .issuer_name(title(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage(authority), critical=True)
    )
    if not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def private(folder: pathlib.Path, key) -> pathlib.Path:
    path = folder / "key.pem"
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return path


def public(key) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


main()
