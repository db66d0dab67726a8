//! Signatures, together with the other checks of a model.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::fs;
use std::path::PathBuf;

use skiff::signing::{self, Algorithm, PrivateKey, SignOptions, SignatureRequirement, Trust};
use skiff::verify::{Digest, Rows, Verified};
use skiff::{Verification, VerifyOptions};
use skiff_testing::workspace;

/// A folder of this process alone, which goes when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("skiff-signatures-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A file in it, signed by the key.
    fn signed(&self, name: &str, content: &[u8], key: &PrivateKey) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        signing::sign(&path, key, &SignOptions::default()).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn key() -> PrivateKey {
    PrivateKey::generate(Algorithm::P256).unwrap()
}

fn verify(path: &PathBuf, key: &PrivateKey) -> Verification {
    let signature = Some(SignatureRequirement { trust: Trust::Key(key.public()), signature: None });
    skiff::verify(path, &VerifyOptions { signature, ..VerifyOptions::default() }).unwrap()
}

fn example(name: &str) -> Vec<u8> {
    fs::read(workspace("examples").join(name)).unwrap()
}

#[test]
fn a_signature_stands_beside_the_digest_and_the_rows() {
    let (folder, key) = (Folder::new("next-to"), key());
    let model = folder.signed("model.skiff", &example("passengers.skiff"), &key);
    let found = verify(&model, &key);
    assert_eq!((found.verdict(), &found.digest), (Verified::Yes, &Digest::Whole));
    assert!(matches!(found.rows, Rows::Replayed { .. }), "{:?}", found.rows);
    assert_eq!(found.signature.unwrap().files, ["."]);
    // Nobody's is demanded, and none is looked for.
    assert_eq!(skiff::verify(&model, &VerifyOptions::default()).unwrap().signature, None);
}

#[test]
fn beside_a_signature_a_digest_is_not_missed() {
    let (folder, key) = (Folder::new("missed"), key());
    let model = folder.signed("model.joblib", &example("passengers.joblib"), &key);
    let found = verify(&model, &key);
    assert_eq!((found.verdict(), found.digest), (Verified::Yes, Digest::Missing));
}

#[test]
fn anything_can_be_signed() {
    let (folder, key) = (Folder::new("anything"), key());
    let text = folder.signed("words.txt", b"words", &key);
    let found = verify(&text, &key);
    assert_eq!((found.verdict(), found.digest), (Verified::Yes, Digest::Unread));
    signing::sign(&folder.0, &key, &SignOptions::default()).unwrap();
    let found = verify(&folder.0, &key);
    assert_eq!((found.verdict(), found.digest), (Verified::Yes, Digest::Unread));
}

#[test]
fn what_is_not_the_signers_is_not_looked_into() {
    let (folder, other) = (Folder::new("other"), key());
    let model = folder.signed("model.skiff", &example("passengers.skiff"), &key());
    let found = verify(&model, &other);
    assert_eq!((found.verdict(), &found.digest, &found.rows), (Verified::No, &Digest::Unread, &Rows::None));
    assert!(!found.signature.unwrap().is_verified());
}

/// joblib before 0.10 wrote arrays into files of their own, which opening the model reads.
#[test]
fn files_that_are_read_with_the_model_must_be_signed_too() {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/companions");
    let model = data.join("joblib_0.9.2_pickle_py35_np19.pkl");
    let trust = Trust::Key(signing::public_key(data.join("pub.pem")).unwrap());
    let options =
        VerifyOptions { signature: Some(SignatureRequirement { trust, signature: None }), ..VerifyOptions::default() };
    let found = skiff::verify(&model, &options).unwrap();
    assert_eq!(found.verdict(), Verified::No);
    let signature = found.signature.unwrap();
    let codes: Vec<_> = signature.problems.iter().map(|problem| (problem.code(), problem.file())).collect();
    assert_eq!(codes.len(), 4);
    assert_eq!(codes[0], ("not-covered", Some("joblib_0.9.2_pickle_py35_np19.pkl_01.npy")));

    let (folder, key) = (Folder::new("companions"), key());
    for entry in fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        if !path.extension().is_some_and(|extension| extension == "sig" || extension == "pem") {
            fs::copy(&path, folder.0.join(path.file_name().unwrap())).unwrap();
        }
    }
    let model = folder.0.join(model.file_name().unwrap());
    let error = signing::sign(&model, &key, &SignOptions::default()).unwrap_err();
    assert_eq!(error.code(), "unsupported-content");
    assert!(error.to_string().contains("`joblib_0.9.2_pickle_py35_np19.pkl_01.npy`"), "{error}");
    // The folder holds all of them.
    signing::sign(&folder.0, &key, &SignOptions::default()).unwrap();
    assert_eq!(verify(&folder.0, &key).verdict(), Verified::Yes);
    fs::write(folder.0.join("joblib_0.9.2_pickle_py35_np19.pkl_01.npy"), b"changed").unwrap();
    assert_eq!(verify(&folder.0, &key).verdict(), Verified::No);
}
