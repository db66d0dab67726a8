//! The models that are served: where they come from, which versions there are, and loading them again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use prometheus_client::metrics::counter::Counter;
use skiff::signing::{self, SignatureRequirement};
use skiff::types::ValueType;
use skiff::{File, Method, Model, Options};

use crate::predict::Statistics;

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
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for LoadError {}

impl ModelSource {
    /// The models of one argument: `PATH` or `NAME=PATH`. A file is called after itself, without its extensions. A folder
    /// has files, called after themselves, and folders `NAME` with versions `NAME/1`, `NAME/2`, … that are files, whatever
    /// their extension, or folders with one file.
    ///
    /// # Errors
    /// When there is no such file or folder, when a folder has no models, and when a name cannot stand in a path.
    pub fn from_argument(argument: &str) -> Result<Vec<Self>, LoadError> {
        let (name, path) = match argument.split_once('=') {
            Some((name, path)) if !name.is_empty() && !name.contains(['/', '\\', '.']) => (Some(name), path),
            _ => (None, argument),
        };
        let path = Path::new(path);
        let failed = |message: String| LoadError { path: path.to_owned(), message };
        let is_folder = fs::metadata(path).map_err(|error| failed(error.to_string()))?.is_dir();
        let found = match (is_folder, name) {
            (false, _) => vec![Self::of_file(path, name)?],
            (true, Some(name)) => versions(name, path)?,
            (true, None) => {
                let mut all = Vec::new();
                for entry in entries(path)? {
                    match entry.is_dir() {
                        true => all.extend(versions(&stem(&entry), &entry)?),
                        false if is_companion(&entry) => {}
                        false => all.push(Self::of_file(&entry, None)?),
                    }
                }
                all
            }
        };
        match found.is_empty() {
            true => Err(failed("the folder has no models".to_owned())),
            false => Ok(found),
        }
    }

    fn of_file(path: &Path, name: Option<&str>) -> Result<Self, LoadError> {
        let name = name.map_or_else(|| stem(path), str::to_owned);
        if name.is_empty() || name.contains(['/', ':']) {
            let message = format!("`{name}` cannot be the name of a model; name it by NAME=PATH");
            return Err(LoadError { path: path.to_owned(), message });
        }
        Ok(Self { name, version: 1, path: path.to_owned() })
    }
}

/// The versions of one model: what in `folder` has a number as its name.
fn versions(name: &str, folder: &Path) -> Result<Vec<ModelSource>, LoadError> {
    let mut found = Vec::new();
    for entry in entries(folder)? {
        let Ok(version) = stem(&entry).parse::<u64>() else { continue };
        let path = match entry.is_dir() {
            false => entry,
            true => {
                let files: Vec<PathBuf> =
                    entries(&entry)?.into_iter().filter(|file| file.is_file() && !is_companion(file)).collect();
                match <[PathBuf; 1]>::try_from(files) {
                    Ok([file]) => file,
                    Err(files) => {
                        let message = format!("expected one model file in a version's folder, found {}", files.len());
                        return Err(LoadError { path: entry, message });
                    }
                }
            }
        };
        found.push(ModelSource { name: name.to_owned(), version, path });
    }
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let failed = |error: std::io::Error| LoadError { path: folder.to_owned(), message: error.to_string() };
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

/// A model that is served.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) name: String,
    pub(crate) version: u64,
    pub(crate) model: Model,
    /// The methods that take rows, the one that is asked by default first.
    pub(crate) methods: Vec<Method>,
    /// The type of the table that the methods take.
    pub(crate) input: ValueType,
    pub(crate) statistics: Statistics,
}

/// What tells whether a file was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self { modified: metadata.modified().ok(), length: metadata.len() })
    }
}

/// One version of one model.
#[derive(Debug)]
struct Slot {
    path: PathBuf,
    stamp: Option<Stamp>,
    loaded: Option<Arc<Loaded>>,
    /// Why it is not loaded, or why its changed file is not.
    error: Option<String>,
    /// It was unloaded by a request, and stays so until one loads it.
    is_unloaded: bool,
}

/// What is said of a version in the repository's index.
#[derive(Clone, Debug)]
pub(crate) struct IndexEntry {
    pub(crate) name: String,
    pub(crate) version: u64,
    pub(crate) is_ready: bool,
    pub(crate) reason: String,
}

impl IndexEntry {
    /// The state's name in Triton's index.
    pub(crate) fn state(&self) -> &'static str {
        if self.is_ready { "READY" } else { "UNAVAILABLE" }
    }
}

/// All models of a server.
#[derive(Debug)]
pub struct Repository {
    options: Options,
    requirement: Option<SignatureRequirement>,
    models: RwLock<BTreeMap<String, BTreeMap<u64, Slot>>>,
    pub(crate) reloads: Counter,
    pub(crate) failed_reloads: Counter,
}

impl Repository {
    /// Loads every source; files are opened as `options` say, and must have a signature if there is a `requirement`.
    ///
    /// # Errors
    /// When a model cannot be loaded, and when two have one name and version.
    pub fn load(
        sources: Vec<ModelSource>,
        options: Options,
        requirement: Option<SignatureRequirement>,
    ) -> Result<Self, LoadError> {
        let repository = Self {
            options,
            requirement,
            models: RwLock::default(),
            reloads: Counter::default(),
            failed_reloads: Counter::default(),
        };
        for source in sources {
            let stamp = Stamp::of(&source.path);
            let loaded = repository.open(&source.name, source.version, &source.path)?;
            let slot = Slot {
                path: source.path.clone(),
                stamp,
                loaded: Some(Arc::new(loaded)),
                error: None,
                is_unloaded: false,
            };
            let mut models = repository.models.write().unwrap_or_else(PoisonError::into_inner);
            let others = models.entry(source.name.clone()).or_default().insert(source.version, slot);
            if let Some(other) = others {
                let (name, other) = (&source.name, other.path.display());
                let message = format!("{other} is the model `{name}` too; name them by NAME=PATH");
                return Err(LoadError { path: source.path, message });
            }
        }
        Ok(repository)
    }

    fn open(&self, name: &str, version: u64, path: &Path) -> Result<Loaded, LoadError> {
        let failed = |message: String| LoadError { path: path.to_owned(), message };
        let before = Stamp::of(path);
        if let Some(requirement) = &self.requirement {
            let verdict = signing::verify(path, requirement).map_err(|error| failed(error.to_string()))?;
            if !verdict.is_verified() {
                return Err(failed("its signature does not verify".to_owned()));
            }
        }
        let file = File::open(path, &self.options).map_err(|error| failed(error.to_string()))?;
        let model = file.model(None).map_err(|error| failed(error.to_string()))?;
        if Stamp::of(path) != before {
            return Err(failed("it was changed while it was read".to_owned()));
        }
        let mut methods: Vec<Method> =
            model.methods().into_iter().filter(|&method| model.signature(method).is_ok()).collect();
        let rank = |method: &Method| match method {
            Method::Predict => 0,
            Method::Transform => 1,
            Method::ScoreSamples => 2,
            _ => 3,
        };
        methods.sort_by_key(rank);
        let Some(&first) = methods.first() else {
            return Err(failed("the model has no method that takes rows".to_owned()));
        };
        let input = model.signature(first).map_err(|error| failed(error.to_string()))?.input;
        Ok(Loaded { name: name.to_owned(), version, model, methods, input, statistics: Statistics::default() })
    }

    /// The model of a name, in its highest version unless one is named.
    pub(crate) fn get(&self, name: &str, version: Option<u64>) -> Option<Arc<Loaded>> {
        let models = self.models.read().unwrap_or_else(PoisonError::into_inner);
        let versions = models.get(name)?;
        match version {
            Some(version) => versions.get(&version)?.loaded.clone(),
            None => versions.values().rev().find_map(|slot| slot.loaded.clone()),
        }
    }

    /// The one model, if there is only one name.
    pub(crate) fn only(&self) -> Option<Arc<Loaded>> {
        let models = self.models.read().unwrap_or_else(PoisonError::into_inner);
        let name = (models.len() == 1).then(|| models.keys().next().cloned())??;
        drop(models);
        self.get(&name, None)
    }

    /// The loaded versions of a name, in order.
    pub(crate) fn versions(&self, name: &str) -> Vec<u64> {
        let models = self.models.read().unwrap_or_else(PoisonError::into_inner);
        let versions = models.get(name).into_iter().flatten();
        versions.filter(|(_, slot)| slot.loaded.is_some()).map(|(version, _)| *version).collect()
    }

    /// Every loaded model.
    pub(crate) fn all(&self) -> Vec<Arc<Loaded>> {
        let models = self.models.read().unwrap_or_else(PoisonError::into_inner);
        models.values().flat_map(BTreeMap::values).filter_map(|slot| slot.loaded.clone()).collect()
    }

    /// Every version of every model, loaded or not.
    pub(crate) fn index(&self) -> Vec<IndexEntry> {
        let models = self.models.read().unwrap_or_else(PoisonError::into_inner);
        let each = models
            .iter()
            .flat_map(|(name, versions)| versions.iter().map(move |(version, slot)| (name, version, slot)));
        let entry = |(name, version, slot): (&String, &u64, &Slot)| IndexEntry {
            name: name.clone(),
            version: *version,
            is_ready: slot.loaded.is_some(),
            reason: match &slot.error {
                Some(error) => error.clone(),
                None if slot.is_unloaded => "unloaded".to_owned(),
                None => String::new(),
            },
        };
        each.map(entry).collect()
    }

    /// Whether every model is loaded, but for those that a request unloaded.
    pub(crate) fn is_ready(&self) -> bool {
        let models = self.models.read().unwrap_or_else(PoisonError::into_inner);
        models.values().flat_map(BTreeMap::values).all(|slot| slot.loaded.is_some() || slot.is_unloaded)
    }

    /// Loads all versions of a name anew. `None` when there is no such name.
    pub(crate) fn load_again(&self, name: &str) -> Option<Result<(), LoadError>> {
        let slots = self.slots(|slot_name, _| slot_name == name);
        if slots.is_empty() {
            return None;
        }
        Some(slots.into_iter().try_for_each(|(name, version, path)| self.replace(&name, version, &path)))
    }

    /// Takes all versions of a name out of service. `false` when there is no such name.
    pub(crate) fn unload(&self, name: &str) -> bool {
        let mut models = self.models.write().unwrap_or_else(PoisonError::into_inner);
        let Some(versions) = models.get_mut(name) else { return false };
        for slot in versions.values_mut() {
            (slot.loaded, slot.error, slot.is_unloaded) = (None, None, true);
        }
        true
    }

    /// Loads anew what was changed on disk since it was loaded, or everything; what cannot be loaded stays as it is, and
    /// is reported.
    pub fn reload(&self, everything: bool) -> Vec<LoadError> {
        let changed = self.slots(|_, slot| {
            let stamp = Stamp::of(&slot.path);
            // A file that is gone stays served: it may be on its way to being replaced.
            !slot.is_unloaded && (everything || stamp.is_some() && stamp != slot.stamp)
        });
        let replaced = changed.into_iter().map(|(name, version, path)| self.replace(&name, version, &path));
        replaced.filter_map(Result::err).collect()
    }

    fn slots(&self, wanted: impl Fn(&str, &Slot) -> bool) -> Vec<(String, u64, PathBuf)> {
        let models = self.models.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        for (name, versions) in models.iter() {
            for (version, slot) in versions.iter().filter(|(_, slot)| wanted(name, slot)) {
                found.push((name.clone(), *version, slot.path.clone()));
            }
        }
        found
    }

    /// Requests that have the old model keep it until they are done.
    fn replace(&self, name: &str, version: u64, path: &Path) -> Result<(), LoadError> {
        let stamp = Stamp::of(path);
        let opened = self.open(name, version, path);
        let mut models = self.models.write().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = models.get_mut(name).and_then(|versions| versions.get_mut(&version)) else { return Ok(()) };
        slot.stamp = stamp;
        match opened {
            Ok(loaded) => {
                (slot.loaded, slot.error, slot.is_unloaded) = (Some(Arc::new(loaded)), None, false);
                self.reloads.inc();
                Ok(())
            }
            Err(error) => {
                slot.error = Some(error.to_string());
                self.failed_reloads.inc();
                Err(error)
            }
        }
    }
}
