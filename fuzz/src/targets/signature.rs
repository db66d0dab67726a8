//! Signature files, statements, certificates and keys.

use std::sync::LazyLock;

use skiff_sign::{Bundle, Certificate, PrivateKey, PublicKey, Trust};

use crate::repair;

/// A bundle that is read is written, and read again as the same; statements, signed again, are verified against a model;
/// certificates and keys are shown.
pub fn signature(bytes: &[u8]) -> bool {
    match Bundle::read(bytes) {
        Ok(bundle) => {
            let text = bundle.to_json();
            let again = Bundle::read(text.as_bytes()).unwrap_or_else(|error| panic!("written, and not read: {error}"));
            assert_eq!(again.to_json(), text, "what was written says something else");
            statement(bundle.statement());
        }
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.code().is_empty(), "an unnamed error");
            statement(bytes);
        }
    }
    for certificate in Certificate::from_pem(bytes).into_iter().flatten() {
        let _ = (certificate.view(), certificate.public_key().is_ok());
    }
    if let Ok(key) = PublicKey::from_pem(bytes) {
        let again = PublicKey::from_pem(key.to_pem().as_bytes()).map(|key| key.fingerprint());
        assert_eq!(again.ok(), Some(key.fingerprint()), "a key that was written is another one");
    }
    true
}

/// A test key, which signs mutated statements, as a malicious signer would.
static KEY: LazyLock<(PrivateKey, Trust)> = LazyLock::new(|| {
    let pem = "-----BEGIN PRIVATE KEY-----\n\
               MC4CAQAwBQYDK2VwBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n\
               -----END PRIVATE KEY-----\n";
    let key = PrivateKey::from_pem(pem.as_bytes(), None).expect("the key is one");
    let trust = Trust::Key(key.public());
    (key, trust)
});

/// The signer is trusted; so the statement is compared with the model's files, and each file is
/// named.
fn statement(bytes: &[u8]) {
    // Keys and certificates are not JSON.
    if bytes.first() != Some(&b'{') {
        return;
    }
    let statement = repair::statement(bytes).unwrap_or_else(|| bytes.to_vec());
    let (key, trust) = &*KEY;
    let model = skiff_testing::workspace("crates/skiff-sign/tests/data/model");
    match skiff_sign::verify(&model, &Bundle::of_statement(statement, key), None, trust) {
        Ok(verdict) => {
            assert!(verdict.problems.iter().all(|problem| !problem.to_string().is_empty()), "an unnamed problem");
            let told = verdict.files.len() + verdict.uncovered.len();
            assert!(!verdict.is_verified() || told > 0, "verified, and nothing was looked at: {verdict:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty() && !error.code().is_empty(), "an unnamed error"),
    }
}
