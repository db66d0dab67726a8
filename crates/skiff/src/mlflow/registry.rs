//! MLflow's model registry in a folder (`mlruns`): models, their versions and aliases.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use skiff_files::Limits;

use super::yaml::Entries;
use super::{MLMODEL, MOST_BYTES, MlflowError};
use crate::Error;

/// A model of MLflow's registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredModel {
    /// Its name.
    pub name: String,
    /// Its versions, ascending.
    pub versions: Vec<RegisteredVersion>,
    /// Its aliases, with their versions, sorted by name. A stage of before MLflow 2.9, `Production`, is the alias
    /// `production` of its newest version, unless there is such an alias.
    pub aliases: Vec<(String, u64)>,
}

/// A version of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredVersion {
    /// Its number.
    pub number: u64,
    /// The folder with its `MLmodel`; `None` if it is not found on this machine.
    pub folder: Option<PathBuf>,
    /// Where its folder is, as MLflow writes it.
    pub location: String,
    /// What the user wrote about it.
    pub description: Option<String>,
}

/// The models of the registry in `folder`, sorted by name.
///
/// # Errors
/// When it has none, or a file of it cannot be read.
pub fn registered_models(folder: impl AsRef<Path>) -> Result<Vec<RegisteredModel>, Error> {
    let folder = folder.as_ref();
    let mut models = Vec::new();
    for path in folders(&folder.join("models"))? {
        // MLflow writes it first.
        if path.join("meta.yaml").is_file() {
            models.push(model(folder, &path)?);
        }
    }
    models.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(models)
}

fn model(store: &Path, path: &Path) -> Result<RegisteredModel, Error> {
    let meta = meta(path)?;
    let name = meta.get(&["name"]).map_or_else(|| file_name(path), str::to_owned);
    let (mut versions, mut stages) = (Vec::new(), Vec::new());
    for path in folders(path)? {
        let Some(number) = file_name(&path).strip_prefix("version-").and_then(|number| number.parse().ok()) else {
            continue;
        };
        let meta = self::meta(&path)?;
        let location = meta.get(&["storage_location"]).or(meta.get(&["source"])).unwrap_or_default().to_owned();
        let description = meta.get(&["description"]).filter(|text| !text.is_empty()).map(str::to_owned);
        if let Some(stage @ ("Production" | "Staging")) = meta.get(&["current_stage"]) {
            stages.push((stage.to_ascii_lowercase(), number));
        }
        versions.push(RegisteredVersion { number, folder: found(store, &location), location, description });
    }
    versions.sort_by_key(|version| version.number);
    stages.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let mut aliases = Vec::new();
    for path in entries(&path.join("aliases"))? {
        if let Ok(number) = text(&path)?.trim().parse() {
            aliases.push((file_name(&path), number));
        }
    }
    for (stage, number) in stages {
        if !aliases.iter().any(|(alias, _)| *alias == stage) {
            aliases.push((stage, number));
        }
    }
    aliases.sort();
    Ok(RegisteredModel { name, versions, aliases })
}

/// The folder at a location, or, if the store was moved, at the same place in it.
fn found(store: &Path, location: &str) -> Option<PathBuf> {
    let path = match location.strip_prefix("file:") {
        Some(url) => decoded(url.strip_prefix("//").unwrap_or(url))?,
        None => location.to_owned(),
    };
    let is_model = |path: &Path| path.join(MLMODEL).is_file();
    let path = PathBuf::from(path);
    if path.is_absolute() && is_model(&path) {
        return Some(path);
    }
    let mut rest = path.components();
    while rest.next().is_some() {
        let place = store.join(rest.as_path());
        if is_model(&place) {
            return Some(place);
        }
    }
    None
}

/// `%20` is a space.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        bytes.push(match byte {
            b'%' => u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn meta(folder: &Path) -> Result<Entries, Error> {
    let path = folder.join("meta.yaml");
    Entries::parse(&text(&path)?).map_err(|why| damaged(&path, why))
}

/// A small file.
fn text(path: &Path) -> Result<String, Error> {
    let limits = Limits { decompressed: MOST_BYTES, ..Limits::default() };
    let bytes = skiff_files::copied_bytes(path, &limits).map_err(|error| Error::from(error).in_file(path))?;
    str::from_utf8(&bytes).map(str::to_owned).map_err(|_| damaged(path, "expected UTF-8 text".to_owned()))
}

fn damaged(path: &Path, why: String) -> Error {
    Error::from(MlflowError::Registry(why)).in_file(path)
}

fn folders(path: &Path) -> Result<Vec<PathBuf>, Error> {
    Ok(entries(path)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// What is in a folder; nothing is in one that does not exist.
fn entries(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let read = || -> io::Result<Vec<PathBuf>> { fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect() };
    match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(|error| damaged(path, format!("cannot read the folder: {error}"))),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn urls_are_decoded() {
        assert_eq!(decoded("/a%20b/%C3%A4").as_deref(), Some("/a b/ä"));
        assert_eq!([decoded("%2"), decoded("%zz"), decoded("%ff")], [None, None, None]);
    }
}
