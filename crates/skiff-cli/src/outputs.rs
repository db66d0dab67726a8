//! Protection of existing files: they are not overwritten without `--force`.

use std::fs;
use std::path::Path;

use crate::input::is_stream;
use crate::report::{Failure, Outcome};

/// An error for an output that exists, unless `force`. Pipes and devices are written to, not overwritten.
pub fn refuse_existing(output: &Path, force: bool) -> Outcome {
    match force || fs::symlink_metadata(output).is_err() || is_stream(output) {
        true => Ok(()),
        false => Err(exists(format!("`{}` exists", output.display()))),
    }
}

/// An error for an output that is one of the inputs, under any name, unless `force`.
pub fn refuse_inputs(output: &Path, inputs: &[&Path], force: bool) -> Outcome {
    match inputs.iter().find(|input| is_same(output, input)) {
        Some(input) if !force && !is_stream(output) => {
            Err(exists(format!("the output `{}` is the input `{}`", output.display(), input.display())))
        }
        _ => Ok(()),
    }
}

pub fn exists(what: String) -> Failure {
    Failure::Overwrite(what)
}

/// Whether two names are the same file, through links of any kind.
#[cfg(unix)]
fn is_same(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        // Names in an object store.
        _ => a == b,
    }
}

/// Whether two names are the same file, through symbolic links.
#[cfg(not(unix))]
fn is_same(a: &Path, b: &Path) -> bool {
    matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b) || a == b
}
