//! Whether a file is a model and nothing else.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fs, io};

use skiff_files::scan::Verdict;
use skiff_files::{Bytes, Graph, Limits, NodeId};

use crate::{Error, Options, encryption};

/// What loading the file at `path` in Python would do: nothing but make a model, something unknown, or something
/// dangerous. Nothing in it is executed, imported, opened or fetched.
///
/// # Errors
/// When the operating system does not let the file be read, or it is encrypted and not for the identity. What is wrong
/// with its content, a limit that it exceeds included, is a finding of the verdict.
pub fn scan(path: impl AsRef<Path>, options: &Options) -> Result<Verdict, Error> {
    let (path, limits) = (path.as_ref(), options.limits.started());
    let bytes = skiff_files::bytes(path, &limits).map_err(Error::from);
    let plain = bytes.and_then(|bytes| encryption::plain(bytes, options.identity.as_ref(), &limits));
    let bytes = plain.map_err(|error| error.in_file(path))?.into_bytes();
    Ok(judge(&bytes, Some(path), &limits))
}

/// As [`scan`], for the bytes of a file. Companion files of old joblib are not looked for.
///
/// # Errors
/// When the bytes are encrypted, and not for the identity.
pub fn scan_bytes(bytes: Vec<u8>, options: &Options) -> Result<Verdict, Error> {
    let limits = options.limits.started();
    let bytes = encryption::plain(bytes.into(), options.identity.as_ref(), &limits)?.into_bytes();
    Ok(judge(&bytes, None, &limits))
}

fn judge(bytes: &Bytes, path: Option<&Path>, limits: &Limits) -> Verdict {
    let check = |graph: &Graph, places| contradictions(graph, places, limits);
    skiff_files::scan::scan_bytes_with(bytes, path, limits, &check)
}

/// Every file in `folder` and the folders in it, in the order of their names, and what could not be looked into. Links
/// to folders are not followed: they may lead in circles. Pipes and devices are left alone.
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
                // A link is told by its target.
                Ok(kind) if kind.is_file() || (kind.is_symlink() && path.is_file()) => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    (found, failed)
}

/// Estimators whose numbers contradict each other, wherever they stand in the graph.
fn contradictions(graph: &Graph, places: Range<usize>, limits: &Limits) -> Vec<(NodeId, String)> {
    let found = skiff_models::contradictions(graph, places, limits).into_iter();
    found
        .map(|(id, error)| match error.path() {
            "" => (id, format!("is {}", error.kind())),
            path => (id, format!("has a `{path}` that is {}", error.kind())),
        })
        .collect()
}
