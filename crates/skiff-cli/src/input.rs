//! Model files by name, or on standard input.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use skiff::{File, Limits, Model, Options};

use crate::report::{self, Failure};

/// Whether `-` was given.
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether the path names standard input, a pipe or a device: what is read from it cannot be read again, and it cannot
/// be replaced.
pub fn is_stream(path: &Path) -> bool {
    is_standard(path) || fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Files that stand for models in a registry, and the addresses of those.
static ADDRESSES: OnceLock<Vec<(PathBuf, PathBuf)>> = OnceLock::new();

/// Sets the names for messages of files that stand for something else, once, before the command begins.
#[cfg(feature = "registry")]
pub fn show_as(names: Vec<(PathBuf, PathBuf)>) {
    // They are set once.
    let _ = ADDRESSES.set(names);
}

/// A name for messages.
pub fn shown(path: &Path) -> &Path {
    let addresses = ADDRESSES.get().into_iter().flatten();
    match addresses.into_iter().find(|(file, _)| file == path) {
        Some((_, address)) => address,
        None if is_standard(path) => Path::new("standard input"),
        None => path,
    }
}

/// Opens the file at `path`, or standard input.
pub fn file(path: &Path, options: &Options) -> Result<File, Failure> {
    match is_standard(path) {
        true => Ok(File::read(standard(&options.limits)?, options)?),
        false => Ok(File::open(path, options)?),
    }
}

/// The estimator in the file at `path`, or in standard input.
pub fn model(path: &Path, options: &Options) -> Result<Model, Failure> {
    model_of(&file(path, options)?, path)
}

/// The estimator of a file that was opened at `path`.
pub fn model_of(file: &File, path: &Path) -> Result<Model, Failure> {
    let further = file.further_pickles();
    if further > 0 {
        let (shown, all) = (shown(path).display(), further.saturating_add(1));
        report::note(&format!("{shown} has {all} pickles; the first is read, as by Python's loaders"));
    }
    Ok(file.model(None)?)
}

/// All of standard input.
pub fn standard(limits: &Limits) -> Result<Vec<u8>, Failure> {
    let failed = |what: String| Failure::data(Path::new("standard input"), what);
    let mut bytes = Vec::new();
    let most = limits.decompressed;
    let read = io::stdin().lock().take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| failed(format!("cannot read it: {error}")))?;
    match u64::try_from(bytes.len()).is_ok_and(|length| length <= most) {
        true => Ok(bytes),
        false => Err(failed(format!("it is longer than the limit of {most} bytes"))
            .with_help("raise the limit: `--limit-decompressed BYTES`")),
    }
}
