//! Where served models come from: files, folders of files, folders of versions.

use std::fs;
use std::path::{Path, PathBuf};

use skiff::mlflow::MLMODEL;

/// One model file to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSource {
    /// The name in paths.
    pub name: String,
    /// The number of the version; 1 where files have none.
    pub version: u64,
    /// The file.
    pub path: PathBuf,
}

/// Why a model is not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The argument or file.
    pub path: PathBuf,
    /// What is wrong.
    pub message: String,
    /// A stable name of it: that of [`skiff::Error::code`] where the file is at fault.
    pub code: &'static str,
    /// What can be done about it, if anything is known.
    pub help: Option<String>,
}

impl LoadError {
    pub(crate) fn new(path: &Path, code: &'static str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), message: message.into(), code, help: None }
    }

    /// An error of the file at `path`.
    pub(crate) fn of_file(path: &Path, error: &skiff::Error) -> Self {
        let message = match error.model_path() {
            Some(place) => format!("{} (at {place})", error.message()),
            None => error.message(),
        };
        Self { help: error.help(), ..Self::new(path, error.code(), message) }
    }

    /// The system does not let the server read `path`.
    fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self::new(path, "unreadable-file", error.to_string())
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for LoadError {}

impl ModelSource {
    /// The models of one argument: `PATH` or `NAME=PATH`. A file is called after itself, without its extensions, and so is
    /// a folder of MLflow's. Another folder has models, called after themselves, and folders `NAME` with versions `NAME/1`,
    /// `NAME/2`, … that are models, whatever their extension, or folders with one file.
    ///
    /// # Errors
    /// When there is no such file or folder, when a folder has no models, and when a name cannot stand in a path.
    pub fn from_argument(argument: &str) -> Result<Vec<Self>, LoadError> {
        let (name, path) = match argument.split_once('=') {
            Some((name, path)) if !name.is_empty() && !name.contains(['/', '\\', '.']) => (Some(name), path),
            _ => (None, argument),
        };
        let path = Path::new(path);
        fs::metadata(path).map_err(|error| LoadError::unreadable(path, &error))?;
        let found = match (is_model(path), name) {
            (true, _) => vec![Self::of_model(path, name)?],
            (false, Some(name)) => versions(name, path)?,
            (false, None) => {
                let mut all = Vec::new();
                for entry in entries(path)? {
                    match is_model(&entry) {
                        false => all.extend(versions(&stem(&entry), &entry)?),
                        true if is_companion(&entry) => {}
                        true => all.push(Self::of_model(&entry, None)?),
                    }
                }
                all
            }
        };
        match found.is_empty() {
            true => Err(LoadError::new(path, "not-a-model", "the folder has no models")),
            false => Ok(found),
        }
    }

    fn of_model(path: &Path, name: Option<&str>) -> Result<Self, LoadError> {
        let name = name.map_or_else(|| stem(path), str::to_owned);
        if name.is_empty() || name.contains(['/', ':']) {
            let message = format!("`{name}` cannot be the name of a model; name it by NAME=PATH");
            return Err(LoadError::new(path, "wrong-argument", message));
        }
        Ok(Self { name, version: 1, path: path.to_owned() })
    }
}

/// The versions of one model: what in `folder` has a number as its name.
fn versions(name: &str, folder: &Path) -> Result<Vec<ModelSource>, LoadError> {
    let mut found = Vec::new();
    for entry in entries(folder)? {
        let Ok(version) = stem(&entry).parse::<u64>() else { continue };
        let path = match is_model(&entry) {
            true => entry,
            false => {
                let files: Vec<PathBuf> =
                    entries(&entry)?.into_iter().filter(|file| file.is_file() && !is_companion(file)).collect();
                match <[PathBuf; 1]>::try_from(files) {
                    Ok([file]) => file,
                    Err(files) => {
                        let message = format!("expected one model file in a version's folder, found {}", files.len());
                        return Err(LoadError::new(&entry, "not-a-model", message));
                    }
                }
            }
        };
        found.push(ModelSource { name: name.to_owned(), version, path });
    }
    Ok(found)
}

/// Whether it is one model: a file, or a folder of MLflow's.
fn is_model(path: &Path) -> bool {
    !path.is_dir() || path.join(MLMODEL).is_file()
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let failed = |error: std::io::Error| LoadError::unreadable(folder, &error);
    let all = fs::read_dir(folder).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let mut paths: Vec<PathBuf> = all.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
    paths.sort();
    Ok(paths)
}

/// What lies next to models and is not one: signatures, and the arrays of old joblib.
fn is_companion(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_array = name.ends_with(".npy") && name.contains("_0") || name.contains(".npy_");
    name.ends_with(".sig") || name.ends_with(".json") || name.ends_with(".md") || is_array
}

/// The name of a file up to its first point.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.split('.').next().unwrap_or_default().to_owned()
}
