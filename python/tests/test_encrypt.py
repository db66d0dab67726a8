"""Encrypted models, in both directions against rage, by its binding `pyrage`."""

import io
import pathlib

import numpy as np
import pyrage
import pytest
import skiff
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
ROWS, LABELS = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def estimator():
    return LogisticRegression(max_iter=200).fit(ROWS, LABELS)


@pytest.mark.parametrize("name", ["model.skiff.age", "model.pkl.age", "model.joblib.age", "model.skiff"])
def test_dumped_opened_and_loaded(tmp_path, estimator, name):
    identity = skiff.Identity.generate()
    path = tmp_path / name
    skiff.dump(estimator, path, recipients=identity.recipients)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    expected = estimator.predict_proba(ROWS)
    for source in [path, path.read_bytes(), io.BytesIO(path.read_bytes())]:
        np.testing.assert_allclose(skiff.open(source, identity=identity).predict_proba(ROWS), expected, rtol=1e-10)
    loaded = skiff.load(path, identity=identity)
    np.testing.assert_array_equal(loaded.predict_proba(ROWS), expected)
    assert skiff.inspect(path, identity=identity)["format"][0] == "age"
    for function in [skiff.open, skiff.load, skiff.inspect]:
        with pytest.raises(skiff.WrongInputError, match="identity=") as caught:
            function(path)
        assert caught.value.code == "encrypted-file"
        with pytest.raises(skiff.WrongInputError, match="not encrypted for this identity"):
            function(path, identity=skiff.Identity.generate())


def test_arrays_are_read_from_the_plain_text(tmp_path):
    # Large arrays of a plain `.skiff` are mapped from the file; the file of an encrypted one holds other bytes.
    identity = skiff.Identity.generate()
    array = np.arange(100_000.0)
    path = tmp_path / "array.skiff"
    skiff.dump({"array": array}, path, recipients=identity)
    np.testing.assert_array_equal(skiff.load(path, identity=identity)["array"], array)


def test_rage_opens_what_is_dumped(tmp_path, estimator):
    rage = pyrage.x25519.Identity.generate()
    path = tmp_path / "model.skiff.age"
    skiff.dump(estimator, path, recipients=[str(rage.to_public()), skiff.Identity.generate()])
    plain = pyrage.decrypt(path.read_bytes(), [rage])
    np.testing.assert_array_equal(skiff.load(plain).predict(ROWS), estimator.predict(ROWS))
    skiff.dump(estimator, path, recipients=skiff.Identity.passphrase("correct horse"))
    plain = pyrage.passphrase.decrypt(path.read_bytes(), "correct horse")
    np.testing.assert_array_equal(skiff.load(plain).predict(ROWS), estimator.predict(ROWS))


@pytest.mark.parametrize("armored", [False, True])
def test_what_rage_encrypts_is_opened(tmp_path, armored):
    plain = (EXAMPLES / "iris-svc.joblib").read_bytes()
    rage = pyrage.x25519.Identity.generate()
    encrypted = pyrage.encrypt(plain, [rage.to_public()], armored=armored)
    expected = skiff.open(plain).predict(ROWS)
    file = tmp_path / "identity.txt"
    file.write_text(f"# public key: {rage.to_public()}\n{rage}\n")
    for identity in [str(rage), file, str(file), skiff.Identity(str(rage)), skiff.Identity.from_file(file)]:
        np.testing.assert_array_equal(skiff.open(encrypted, identity=identity).predict(ROWS), expected)
    encrypted = pyrage.passphrase.encrypt(plain, "correct horse", armored=armored)
    identity = skiff.Identity.passphrase("correct horse")
    np.testing.assert_array_equal(skiff.open(encrypted, identity=identity).predict(ROWS), expected)
    with pytest.raises(skiff.WrongInputError, match="wrong passphrase"):
        skiff.open(encrypted, identity=skiff.Identity.passphrase("battery staple"))


def test_arguments(tmp_path, estimator):
    identity = skiff.Identity.generate()
    (recipient,) = identity.recipients
    assert recipient.startswith("age1") and recipient in repr(identity) and "SECRET" not in repr(identity)
    assert skiff.Identity(identity.text()).recipients == [recipient]
    assert skiff.Identity.passphrase("x").recipients == []
    with pytest.raises(skiff.WrongInputError, match="there are no recipients"):
        skiff.dump(estimator, tmp_path / "model.skiff.age")
    path = tmp_path / "model.skiff"
    for recipients, error, message in [
        ([], skiff.WrongInputError, "expected a recipient to encrypt for"),
        ("age1nobody", skiff.WrongInputError, "expected an age recipient"),
        ([recipient, skiff.Identity.passphrase("x")], skiff.WrongInputError, "cannot be combined"),
        ([1], TypeError, "expected a recipient"),
    ]:
        with pytest.raises(error, match=message):
            skiff.dump(estimator, path, recipients=recipients)
        assert not path.exists()
    with pytest.raises(TypeError, match="expected an identity"):
        skiff.open(b"", identity=1)
    with pytest.raises(skiff.MissingFileError):
        skiff.open(b"", identity=tmp_path / "nowhere.txt")
