//! The verdict on what loading a file in Python would do.

use std::path::{Path, PathBuf};
use std::{fs, io};

use skiff_scan::{Finding, Rating, Verdict, scan_bytes as judge};

use crate::mlflow::{self, MlflowModel};
use crate::{Error, Options, encryption};

/// What loading the file at `path` in Python would do: only build a model, something unknown, or something
/// dangerous. Nothing in it is executed, imported, opened or fetched.
///
/// # Errors
/// When the operating system cannot read the file, or it is encrypted for another identity. A problem
/// with its content, including a limit that it exceeds, is a finding of the verdict.
pub fn scan(path: impl AsRef<Path>, options: &Options) -> Result<Verdict, Error> {
    let path = path.as_ref();
    if path.file_name().is_some_and(|name| name == mlflow::MLMODEL) && path.is_file() {
        return Ok(judge_mlmodel(path));
    }
    let limits = options.limits.started();
    let bytes = skiff_files::bytes(path, &limits).map_err(Error::from);
    let plain = bytes.and_then(|bytes| encryption::plain(bytes, options.identity.as_ref(), &limits));
    let bytes = plain.map_err(|error| error.in_file(path))?.into_bytes();
    Ok(judge(&bytes, Some(path), &limits))
}

/// What loading a folder with this `MLmodel` by `mlflow.pyfunc.load_model` would do besides loading the model itself. A
/// list of types in it that should be trusted speaks neither for nor against the folder: the model is judged without it.
fn judge_mlmodel(path: &Path) -> Verdict {
    let mut findings = Vec::new();
    let mut find = |rating, name: Option<&str>, sentence: &str| {
        let name = name.map(|name| name.escape_debug().to_string());
        let (sentence, place) = (sentence.to_owned(), vec![format!("`{}`", mlflow::MLMODEL)]);
        findings.push(Finding { rating, sentence, name, place, pickle: None, offset: None, path: None });
    };
    match MlflowModel::read(path) {
        Err(error) => find(Rating::Unknown, None, &error.message()),
        Ok(mlmodel) => {
            if let Some(code) = mlmodel.code() {
                find(Rating::Dangerous, Some(code), "is a folder of Python code, which is imported from");
            }
            if let Some(module) = mlmodel.loader_module().filter(|module| !mlflow::LOADERS.contains(module)) {
                find(Rating::Unknown, Some(module), "is a module that is imported, and loads the model");
            }
            if let Err(error) = mlmodel.file(Path::new("")) {
                find(Rating::Unknown, None, &error.message());
            }
        }
    }
    Verdict {
        rating: findings.iter().map(|finding| finding.rating).max().unwrap_or(Rating::Model),
        findings,
        unknown_attributes: Vec::new(),
        judged: 0,
        in_a_row: 0,
        is_model_file: true,
        size: fs::metadata(path).map_or(0, |metadata| metadata.len()),
    }
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
