//! The verdict on a file.

use skiff::{ErrorKind, File, Options, Rating};

/// A verdict rests on its findings, is the same each time, and opening does not contradict it.
pub fn scan(bytes: &[u8]) -> bool {
    let options = Options::from(crate::limits());
    let verdict = skiff::scan_bytes(bytes.to_vec(), &options).expect("nothing is decrypted");
    assert_eq!(verdict.rating == Rating::Model, verdict.findings.is_empty(), "a rating without findings: {verdict:?}");
    assert!(verdict.findings.iter().all(|finding| finding.rating <= verdict.rating), "a finding worse than its file");
    assert!(verdict.rating != Rating::Model || verdict.judged > 0, "a model of which nothing was judged");
    assert_eq!(
        skiff::scan_bytes(bytes.to_vec(), &options).expect("nothing is decrypted"),
        verdict,
        "another verdict on the same bytes"
    );
    let opened = File::read(bytes.to_vec(), &options).and_then(|file| file.model(None));
    match opened {
        Err(error) if error.kind() == ErrorKind::Dangerous => {
            assert_eq!(verdict.rating, Rating::Dangerous, "refused as dangerous: {error}");
        }
        Ok(_) => assert!(verdict.rating != Rating::Dangerous, "opened, and dangerous: {verdict:?}"),
        Err(_) => {}
    }
    true
}
