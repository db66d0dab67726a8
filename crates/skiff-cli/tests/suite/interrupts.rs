//! Interrupts leave no partial files.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use skiff_testing::command::{Folder, example};

fn interrupt(child: &Child) {
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(status.success());
}

/// A run that reads rows from a pipe which stays open.
fn predict(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skiff"));
    command.args(["predict", &example("iris-svc.joblib"), "-", "--no-header"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the command runs")
}

#[test]
fn an_output_that_is_not_finished_is_removed() {
    let folder = Folder::new("interrupt");
    let mut child = predict(&["-o", &folder.file("out.csv")]);
    // It stays open: `wait` would close it, and the data would end.
    let _stdin = child.stdin.take();
    let files = || fs::read_dir(folder.path()).expect("the folder").count();
    let started = Instant::now();
    while files() == 0 && started.elapsed() < Duration::from_secs(30) {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(files(), 1, "the output is written under another name");
    interrupt(&child);
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    assert_eq!(files(), 0);
}

#[test]
fn lines_of_output_are_whole() {
    let mut child = predict(&[]);
    let mut stdin = child.stdin.take().expect("a pipe");
    let rows = "5.1,3.5,1.4,0.2\n".repeat(16 * 1024);
    stdin.write_all(rows.as_bytes()).expect("the rows are read");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert_eq!(lines.next().expect("a line").expect("text"), "prediction");
    interrupt(&child);
    let rest: Vec<String> = lines.map(|line| line.expect("text")).collect();
    assert!(rest.iter().all(|line| line == "setosa"), "{:?}", rest.last());
    assert_eq!(child.wait().expect("an end").code(), Some(130));
}
