//! `skiff sql`, which runs another program.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use skiff_testing::command::Folder;

fn sql(path: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skiff"));
    command.env("PATH", path).arg("--threads").arg("3").arg("sql").args(arguments).output().unwrap()
}

#[test]
fn the_program_gets_the_arguments_and_its_status_is_the_commands() {
    let folder = Folder::new("sql");
    let program = folder.path().join("skiff-sql");
    fs::write(&program, "#!/bin/sh\nprintf '%s|' \"$SKIFF_NUM_THREADS\" \"$@\"\nexit 7\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let done = sql(folder.path(), &["SELECT 1", "-o", "out.parquet"]);
    assert_eq!(String::from_utf8_lossy(&done.stdout), "3|SELECT 1|-o|out.parquet|");
    assert_eq!(done.status.code(), Some(7));
}

#[test]
fn where_the_program_is_not_installed_the_error_says_how_to() {
    let folder = Folder::new("no-sql");
    let done = sql(folder.path(), &["SELECT 1"]);
    let error = String::from_utf8_lossy(&done.stderr);
    assert!(error.contains("neither next to this one nor in PATH"), "{error}");
    assert!(error.contains("cargo install --path sql/skiff-sql"), "{error}");
    assert_eq!((done.status.code(), done.stdout.len()), (Some(2), 0));
}
