//! The verdict on what loading a file in Python would do.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fs, io};

use skiff_files::scan::Verdict;
use skiff_files::{Bytes, Graph, Limits, NodeId};

use crate::{Error, Options, encryption};

/// What loading the file at `path` in Python would do: only build a model, something unknown, or something
/// dangerous. Nothing in it is executed, imported, opened or fetched.
///
/// # Errors
/// When the operating system cannot read the file, or it is encrypted for another identity. A problem
/// with its content, including a limit that it exceeds, is a finding of the verdict.
pub fn scan(path: impl AsRef<Path>, options: &Options) -> Result<Verdict, Error> {
    let (path, limits) = (path.as_ref(), options.limits.started());
    let bytes = skiff_files::bytes(path, &limits).map_err(Error::from);
    let plain = bytes.and_then(|bytes| encryption::plain(bytes, options.identity.as_ref(), &limits));
    let bytes = plain.map_err(|error| error.in_file(path))?.into_bytes();
    Ok(judge(&bytes, Some(path), &limits))
}

/// Like [`scan`], for the bytes of a file. Companion files of old joblib are not read.
///
/// # Errors
/// When the bytes are encrypted for another identity.
pub fn scan_bytes(bytes: Vec<u8>, options: &Options) -> Result<Verdict, Error> {
    let limits = options.limits.started();
    let bytes = encryption::plain(bytes.into(), options.identity.as_ref(), &limits)?.into_bytes();
    Ok(judge(&bytes, None, &limits))
}

fn judge(bytes: &Bytes, path: Option<&Path>, limits: &Limits) -> Verdict {
    let check = |graph: &Graph, places| contradictions(graph, places, limits);
    skiff_files::scan::scan_bytes_with(bytes, path, limits, &check)
}

/// Every file in `folder` and its subfolders, sorted by name, and the folders that could not be read. Links
/// to folders are not followed: they may be cyclic. Pipes and devices are skipped.
pub fn files_in(folder: &Path) -> (Vec<PathBuf>, Vec<(PathBuf, io::Error)>) {
    let (mut found, mut failed) = (Vec::new(), Vec::new());
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => entries,
            Err(error) => {
                failed.push((folder, error));
                continue;
            }
        };
        for entry in entries {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                // A link has the kind of its target.
                Ok(kind) if kind.is_file() || (kind.is_symlink() && path.is_file()) => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    (found, failed)
}

/// Estimators with inconsistent values, anywhere in the graph.
fn contradictions(graph: &Graph, places: Range<usize>, limits: &Limits) -> Vec<(NodeId, String)> {
    let found = skiff_models::contradictions(graph, places, limits).into_iter();
    found
        .map(|(id, error)| match error.path() {
            "" => (id, format!("is {}", error.kind())),
            path => (id, format!("has a `{path}` that is {}", error.kind())),
        })
        .collect()
}
