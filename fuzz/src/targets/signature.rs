//! Signature files, certificates and keys.

use skiff_sign::{Bundle, Certificate, PublicKey};

/// A bundle that is read is written, and read again as the same; certificates and keys are shown.
pub fn signature(bytes: &[u8]) -> bool {
    match Bundle::read(bytes) {
        Ok(bundle) => {
            let text = bundle.to_json();
            let again = Bundle::read(text.as_bytes()).unwrap_or_else(|error| panic!("written, and not read: {error}"));
            assert_eq!(again.to_json(), text, "what was written says something else");
        }
        Err(error) => assert!(!error.to_string().is_empty() && !error.code().is_empty(), "an unnamed error"),
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
