//! `docs/supported.md` is what `skiff supported` prints.

use std::fs;
use std::process::Command;

const INTRODUCTION: &str = "\
# Supported estimators

What `skiff supported` prints; `skiff supported LogisticRegression` prints the page of one.
`cargo xtask supported` writes this file: it asks every recorded case (`fixtures/cases`) what the scikit-learn that wrote it answered.
*methods* are those that are compared with recorded answers; `python/tests/test_all_estimators.py` compares all others, on the newest scikit-learn.
*differs by at most* is a share of the greatest number of the answer, for `float32` answers too; `0` means equal to the last bit.

";

#[test]
fn the_document_is_current() {
    let done = Command::new(env!("CARGO_BIN_EXE_skiff")).arg("supported").output().expect("the command runs");
    assert!(done.status.success());
    let text = format!("{INTRODUCTION}{}", String::from_utf8(done.stdout).expect("text"));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/supported.md");
    if std::env::var_os("SKIFF_UPDATE").is_some() {
        fs::write(path, text).expect("a file of the repository");
        return;
    }
    let found = fs::read_to_string(path).expect("a file of the repository");
    assert!(found == text, "docs/supported.md is stale: `cargo xtask supported` writes it anew");
}
