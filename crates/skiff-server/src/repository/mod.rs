//! The models that are served: which versions there are, and loading them again.

mod source;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use prometheus_client::metrics::counter::Counter;
use skiff::mlflow::MLMODEL;
use skiff::signing::{self, SignatureRequirement};
use skiff::types::ValueType;
use skiff::{File, Method, Model, Options};

use crate::page::About;
use crate::predict::Statistics;

pub use source::{LoadError, ModelSource};

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
    /// What the page says of it.
    pub(crate) about: About,
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
        let mut metadata = fs::metadata(path).ok()?;
        if metadata.is_dir() {
            // What MLflow writes last, or next to last.
            metadata = fs::metadata(path.join(MLMODEL)).ok()?;
        }
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
                return Err(LoadError::new(&source.path, "wrong-argument", message));
            }
        }
        Ok(repository)
    }

    fn open(&self, name: &str, version: u64, path: &Path) -> Result<Loaded, LoadError> {
        let failed = |error: skiff::Error| LoadError::of_file(path, &error);
        let before = Stamp::of(path);
        if let Some(requirement) = &self.requirement {
            let verdict = signing::verify(path, requirement).map_err(failed)?;
            if !verdict.is_verified() {
                return Err(LoadError::new(path, "untrusted-signature", "its signature does not verify"));
            }
        }
        let file = File::open_copied(path, &self.options).map_err(failed)?;
        let model = file.model(None).map_err(failed)?;
        if Stamp::of(path) != before {
            return Err(LoadError::new(path, "damaged-file", "it was changed while it was read"));
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
            return Err(LoadError::new(path, "no-such-method", "the model has no method that takes rows"));
        };
        let input = model.signature(first).map_err(failed)?.input;
        let about = About::new(&file, &model);
        Ok(Loaded { name: name.to_owned(), version, model, methods, input, about, statistics: Statistics::default() })
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

    /// Serves a version from another file from now on. If that cannot be loaded, the old model stays; if a request unloaded
    /// the model, it stays so.
    ///
    /// # Errors
    /// When the file cannot be loaded.
    pub fn move_to(&self, name: &str, version: u64, path: &Path) -> Result<(), LoadError> {
        let is_unloaded =
            self.slots(|known, slot| known == name && slot.is_unloaded).iter().any(|slot| slot.1 == version);
        if !is_unloaded {
            return self.replace(name, version, path);
        }
        let mut models = self.models.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = models.get_mut(name).and_then(|versions| versions.get_mut(&version)) {
            path.clone_into(&mut slot.path);
        }
        Ok(())
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
        if path == slot.path || opened.is_ok() {
            slot.stamp = stamp;
        }
        match opened {
            Ok(loaded) => {
                path.clone_into(&mut slot.path);
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
