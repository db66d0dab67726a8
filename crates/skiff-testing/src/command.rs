//! Commands that tests run, and the folders that they run in.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process, thread};

use crate::{RecordedModel, workspace};

/// The output of `command` with `input` as its standard input.
///
/// # Panics
/// When the command cannot be run.
pub fn run(command: &mut Command, input: impl Into<Vec<u8>>) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.into();
    let writer = thread::spawn(move || {
        // A command that fails early does not read.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("an end");
    writer.join().expect("a writer");
    output
}

/// The path of that file among the examples, as an argument.
pub fn example(name: &str) -> String {
    workspace("examples").join(name).display().to_string()
}

/// A folder of a test's own, which goes with it.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// An empty folder, with this in its name.
    ///
    /// # Panics
    /// When there can be none.
    pub fn new(name: &str) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let count = MADE.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("skiff-{}-{count}-{name}", process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in it, as an argument.
    pub fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// The path of the recorded model of that case, which is written into it, as an argument.
    pub fn model(&self, case: &str) -> String {
        RecordedModel::named(case).write_to(&self.0).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
