"""Signatures, in both directions against the `model-signing` package: what one signs the other verifies, and what one
refuses the other refuses."""

import base64
import datetime
import json
import os
import pathlib

import model_signing
import pytest
import skiff
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from model_signing._signing import sign_sigstore_pb

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
CURVES = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}


@pytest.fixture
def model(tmp_path):
    """A folder with a model in it."""
    folder = tmp_path / "model"
    (folder / "weights").mkdir(parents=True)
    (folder / "iris.joblib").write_bytes((EXAMPLES / "iris-svc.joblib").read_bytes())
    (folder / "weights" / "ä b.bin").write_bytes(b"weights")
    (folder / "weights.txt").write_bytes(b"behind the folder, by its parts")
    (folder / ".gitignore").write_bytes(b"*.pyc")
    return folder


class Key:
    """A private key and its public half, as files."""

    def __init__(self, folder, name, key):
        self.key, self.private, self.public = key, folder / f"{name}.pem", folder / f"{name}.pub.pem"
        pem = serialization.Encoding.PEM
        plain = serialization.NoEncryption()
        self.private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        info = serialization.PublicFormat.SubjectPublicKeyInfo
        self.public.write_bytes(key.public_key().public_bytes(pem, info))


def signs(key, model, signature, hashing=None):
    """`model_signing` signs."""
    signing = model_signing.signing.Config().use_elliptic_key_signer(private_key=key.private)
    hashing = hashing or model_signing.hashing.Config().set_ignored_paths(paths=["model.sig"])
    signing.set_hashing_config(hashing).sign(model, signature)


def verifies(key, model, signature):
    """`model_signing` verifies, or raises."""
    model_signing.verifying.Config().use_elliptic_key_verifier(public_key=key.public).verify(model, signature)


@pytest.mark.parametrize("curve", CURVES)
def test_what_one_signs_the_other_verifies(model, tmp_path, curve):
    key = Key(tmp_path, "key", ec.generate_private_key(CURVES[curve]()))
    for what, signature in [(model, model / "model.sig"), (model / "iris.joblib", tmp_path / "iris.sig")]:
        assert skiff.sign(what, key=key.private, signature=signature) == str(signature)
        verifies(key, what, signature)
        signs(key, what, signature)
        found = skiff.verify(what, key=key.public, signature=signature)
        assert found and found.signature.algorithm == curve and not found.signature.notes
        # The hint is the same, byte for byte.
        hint = json.loads(signature.read_text())["verificationMaterial"]["publicKey"]["hint"]
        assert hint == found.signature.key
    assert skiff.verify(model, key=key.public).signature.uncovered == (".gitignore",)


def test_other_ways_to_read_files(model, tmp_path):
    key = Key(tmp_path, "key", ec.generate_private_key(ec.SECP256R1()))
    config = model_signing.hashing.Config
    for hashing in [
        config().use_file_serialization(hashing_algorithm="blake2"),
        config().use_file_serialization(hashing_algorithm="blake3"),
        config().use_shard_serialization(shard_size=100),
        config().use_shard_serialization(hashing_algorithm="blake2", shard_size=1000),
    ]:
        signature = tmp_path / "model.sig"
        signs(key, model, signature, hashing)
        found = skiff.verify(model, key=key.public, signature=signature)
        assert found and len(found.signature.files) == 3


CHANGES = {
    "changed": lambda model: (model / "iris.joblib").write_bytes(b"other"),
    "added": lambda model: (model / "new").write_bytes(b""),
    "missing": lambda model: (model / "iris.joblib").unlink(),
    "renamed": lambda model: (model / "iris.joblib").rename(model / "iris.pkl"),
    "linked": lambda model: (model / "link").symlink_to("iris.joblib"),
    "special": lambda model: os.mkfifo(model / "pipe"),
}


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_found_by_both(model, tmp_path, change):
    key = Key(tmp_path, "key", ec.generate_private_key(ec.SECP256R1()))
    skiff.sign(model, key=key.private)
    verifies(key, model, model / "model.sig")
    CHANGES[change](model)
    found = skiff.verify(model, key=key.public)
    assert not found and [problem.code for problem in found.signature.problems] == [change]
    with pytest.raises(ValueError):
        verifies(key, model, model / "model.sig")


def test_a_signature_is_of_its_key_and_its_text(model, tmp_path):
    key, other = (Key(tmp_path, name, ec.generate_private_key(ec.SECP256R1())) for name in ["key", "other"])
    skiff.sign(model, key=key.private)
    found = skiff.verify(model, key=other.public)
    assert [problem.code for problem in found.signature.problems] == ["other-key"]
    # A bundle that lies about its key, and one whose statement was exchanged.
    bundle = json.loads((model / "model.sig").read_text())
    bundle["verificationMaterial"]["publicKey"]["hint"] = skiff.verify(model, key=other.public).signature.key
    (model / "model.sig").write_text(json.dumps(bundle))
    found = skiff.verify(model, key=other.public)
    assert [problem.code for problem in found.signature.problems] == ["wrong-signature"]
    with pytest.raises(Exception):
        verifies(other, model, model / "model.sig")


def test_signatures_from_before_1_0(model, tmp_path):
    key = Key(tmp_path, "key", ec.generate_private_key(ec.SECP384R1()))
    signature = tmp_path / "old.sig"
    skiff.sign(model, key=key.private, signature=signature)
    bundle = json.loads(signature.read_text())
    payload = base64.b64decode(bundle["dsseEnvelope"]["payload"])
    old = key.key.sign(sign_sigstore_pb.pae_compat(payload), ec.ECDSA(hashes.SHA384()))
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(old).decode()
    del bundle["verificationMaterial"]["publicKey"]["hint"]
    signature.write_text(json.dumps(bundle))
    verifies(key, model, signature)
    found = skiff.verify(model, key=key.public, signature=signature)
    assert found and [code for code, _ in found.signature.notes] == ["legacy"]


def test_keys_as_openssl_writes_them(model, tmp_path):
    key = ec.generate_private_key(ec.SECP521R1())
    pem, path = serialization.Encoding.PEM, tmp_path / "key.pem"
    public = Key(tmp_path, "public", key).public
    for form, password in [("TraditionalOpenSSL", None), ("PKCS8", None), ("PKCS8", "secret")]:
        kind = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        path.write_bytes(key.private_bytes(pem, getattr(serialization.PrivateFormat, form), kind))
        skiff.sign(model, key=path, password=password)
        assert skiff.verify(model, key=public)
    with pytest.raises(skiff.WrongInputError, match="wrong password"):
        skiff.sign(model, key=path, password="guess")
    traditional = serialization.PrivateFormat.TraditionalOpenSSL
    path.write_bytes(key.private_bytes(pem, traditional, serialization.BestAvailableEncryption(b"secret")))
    with pytest.raises(skiff.SkiffError, match="openssl pkcs8 -topk8"):
        skiff.sign(model, key=path, password="secret")


def test_ed25519_is_an_extension(model, tmp_path):
    key = Key(tmp_path, "key", ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(skiff.WrongInputError, match="not part of Model Signing"):
        skiff.sign(model, key=key.private)
    skiff.sign(model, key=key.private, extension=True)
    found = skiff.verify(model, key=key.public)
    assert found and [code for code, _ in found.signature.notes] == ["extension"]
    with pytest.raises(Exception):
        verifies(key, model, model / "model.sig")


NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate and its key, which issues others."""

    def __init__(self, name, key, issuer=None, *, ca=True, path_length=None, usage=True, start=-10, days=20, more=()):
        self.name, self.key = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key
        issuer = issuer or self
        start = NOW + start * DAY
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(issuer.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + days * DAY)
        )
        if ca is not None:
            builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
        if usage:
            builder = builder.add_extension(_usage(certificates=bool(ca), signatures=not ca), critical=True)
        for extension, critical in more:
            builder = builder.add_extension(extension, critical=critical)
        digest = hashes.SHA384() if isinstance(key, ec.EllipticCurvePrivateKey) else hashes.SHA256()
        self.certificate = builder.sign(issuer.key, digest)

    def write(self, path):
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path


def _usage(*, certificates=False, signatures=False, agreement=False):
    return x509.KeyUsage(
        digital_signature=signatures, key_cert_sign=certificates, crl_sign=False, key_agreement=agreement,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _ec(curve=ec.SECP256R1):
    return ec.generate_private_key(curve())


def _chain(kind):
    """The root, the intermediate and the signer; and whether both should verify it."""
    if kind == "rsa":
        root = Authority("root", rsa.generate_private_key(65537, 2048))
        middle = Authority("middle", rsa.generate_private_key(65537, 3072), root)
        return root, middle, Authority("leaf", _ec(ec.SECP521R1), middle, ca=False), True
    root = Authority("root", _ec(ec.SECP521R1), path_length=0 if kind == "path length" else None)
    middle = Authority("middle", _ec(ec.SECP384R1), root, **{
        "no authority": dict(ca=False),
        "no constraints": dict(ca=None, usage=False),
        "no usage": dict(usage=False),
        "authority expired": dict(start=-100, days=50),
    }.get(kind, {}))  # fmt: skip
    if kind == "path length":
        middle = Authority("middle", _ec(), Authority("between", _ec(), root))
    code = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
    server = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
    unknown = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)
    leaf = Authority("leaf", _ec(), middle, ca=False, **{
        "code signing": dict(usage=False, more=[code]),
        "no purpose": dict(usage=False),
        "other purpose": dict(usage=False, more=[server]),
        "agreement": dict(usage=False, more=[(_usage(agreement=True), True)]),
        "unknown extension": dict(more=[unknown]),
        "expired": dict(start=-9, days=2),
        "before the root": dict(start=-30, days=60),
    }.get(kind, {}))  # fmt: skip
    return root, middle, leaf, kind in {"plain", "code signing", "no usage", "expired"}


CHAINS = [
    "plain", "rsa", "code signing", "no usage", "expired", "no authority", "no constraints", "authority expired", "no purpose",
    "other purpose", "agreement", "unknown extension", "before the root", "path length",
]  # fmt: skip


@pytest.mark.parametrize("kind", CHAINS)
def test_certificates_are_judged_alike(model, tmp_path, kind):
    root, middle, leaf, expected = _chain(kind)
    files = {name: one.write(tmp_path / f"{name}.pem") for name, one in [("root", root), ("middle", middle), ("leaf", leaf)]}
    key = Key(tmp_path, "key", leaf.key)
    signature = tmp_path / "model.sig"

    def theirs():
        verifying = model_signing.verifying.Config().use_certificate_verifier(certificate_chain=[files["root"]])
        try:
            verifying.verify(model, signature)
        except Exception:
            return False
        return True

    def ours(**options):
        return skiff.verify(model, certificate_chain=files["root"], signature=signature, **options)

    skiff.sign(model, key=key.private, certificate=[files["leaf"], files["middle"]], signature=signature)
    assert (theirs(), bool(ours())) == (expected, expected), ours().signature.problems
    signing = model_signing.signing.Config().use_certificate_signer(
        private_key=key.private, signing_certificate=files["leaf"], certificate_chain=[files["middle"]]
    )
    signing.sign(model, signature)
    found = ours()
    assert (theirs(), bool(found)) == (expected, expected), found.signature.problems
    assert found.signature.certificate["subject"] == "CN=leaf"
    if kind == "expired":
        assert [code for code, _ in found.signature.notes] == ["expired"]
        assert [problem.code for problem in ours(valid_at="now").signature.problems] == ["not-valid"]
        assert ours(valid_at=(NOW - 8 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ"))
    if kind == "plain":
        assert ours(valid_at="now")
        # Roots that vouch for nobody here, by their own name and by another's.
        for other in [Authority("root", _ec()), Authority("elsewhere", _ec())]:
            found = skiff.verify(model, certificate_chain=other.write(tmp_path / "other.pem"), signature=signature)
            assert [problem.code for problem in found.signature.problems] == ["untrusted"]
        # What stands between is no root, for either.
        files["root"] = files["middle"]
        assert (theirs(), bool(ours())) == (False, False)


def test_arguments(model, tmp_path):
    with pytest.raises(TypeError, match="`key` or `certificate_chain`"):
        skiff.verify(model, signature="model.sig")
    key = Key(tmp_path, "key", _ec())
    with pytest.raises(TypeError, match="expected a path, not bytes"):
        skiff.verify(b"", key=key.public)
    with pytest.raises(skiff.MissingFileError):
        skiff.verify(model, key=key.public)
    # Files that are no models are signed and verified as well.
    assert skiff.sign(model / "weights.txt", key=key.private).endswith("weights.txt.sig")
    assert skiff.verify(model / "weights.txt", key=key.public)
