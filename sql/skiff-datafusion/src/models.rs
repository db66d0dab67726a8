//! Models by the text that names them in SQL, each opened once in a process.

use std::collections::HashMap;
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;

use skiff::Model;
use skiff::signing::{self, PublicKey, SignatureRequirement, Trust};
use skiff_registry::{Address, Cache, MARKER, Manifest, Registry, Selector};

/// The models of a process, which its threads share.
#[derive(Debug, Default)]
pub struct Models {
    /// The key that every model must be signed with.
    required: Option<PublicKey>,
    opened: RwLock<HashMap<String, Arc<Model>>>,
    /// Held while a model is opened, so that no two threads open the same one.
    opening: Mutex<()>,
}

/// Why there is no such model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelsError(String);

impl Models {
    /// Models that must be signed with the key in this file: those of registries by the signature that was pushed with
    /// them, files by the `.sig` next to them.
    ///
    /// # Errors
    /// When the file cannot be read, or has no public key.
    pub fn require_signature(key: &Path) -> Result<Self, ModelsError> {
        let key = signing::public_key(key).map_err(|error| ModelsError::of(&error, &key.display()))?;
        Ok(Self { required: Some(key), ..Self::default() })
    }

    /// The model that a text names: opened at the first call, and kept.
    ///
    /// # Errors
    /// When it is not there, not signed as required, or no model.
    pub fn get(&self, name: &str) -> Result<Arc<Model>, ModelsError> {
        if let Some(model) = self.known(name) {
            return Ok(model);
        }
        let _one = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = self.known(name) {
            return Ok(model);
        }
        let model = Arc::new(elsewhere(|| self.open(name))?);
        self.opened.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::clone(&model));
        Ok(model)
    }

    /// The name by which other processes open the same model: a version by its digest, a file by its whole path.
    /// `None` if that is the name already.
    pub(crate) fn fixed(&self, name: &str) -> Result<Option<String>, ModelsError> {
        if !is_address(name) {
            return Ok(std::path::absolute(name)
                .ok()
                .and_then(|path| other(path.to_string_lossy().into_owned(), name)));
        }
        let mut address: Address = name.parse().map_err(|error| ModelsError::of(&error, &name))?;
        if !matches!(address.selector, Some(Selector::Digest(_))) {
            // The registry is dropped there too.
            let digest = elsewhere(|| version(name).map(|(_, manifest)| manifest.file.digest))?;
            address.selector = Some(Selector::Digest(digest));
        }
        if !Address::has_scheme(&address.registry)
            && let Ok(folder) = std::path::absolute(&address.registry)
        {
            address.registry = folder.to_string_lossy().into_owned();
        }
        Ok(other(address.to_string(), name))
    }

    fn known(&self, name: &str) -> Option<Arc<Model>> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner).get(name).map(Arc::clone)
    }

    fn open(&self, name: &str) -> Result<Model, ModelsError> {
        let (path, signature) = match is_address(name) {
            false => (PathBuf::from(name), None),
            true => {
                let (registry, manifest) = version(name)?;
                let cached = Cache::new(folder()?).get(&registry, &manifest);
                let cached = cached.map_err(|error| ModelsError::of(&error, &name))?;
                if self.required.is_some() && cached.signature.is_none() {
                    return Err(ModelsError(format!("{name}: the model has no signature, and one is required")));
                }
                (cached.model, cached.signature)
            }
        };
        if let Some(key) = &self.required {
            let requirement = SignatureRequirement { trust: Trust::Key(key.clone()), signature };
            let verdict = signing::verify(&path, &requirement).map_err(|error| ModelsError::of(&error, &name))?;
            if !verdict.is_verified() {
                let problems: Vec<_> = verdict.problems.iter().map(ToString::to_string).collect();
                return Err(ModelsError(format!("{name}: the signature does not verify: {}", problems.join("; "))));
            }
        }
        skiff::open(path).map_err(|error| ModelsError::of(&error, &name))
    }
}

impl ModelsError {
    fn of(error: &dyn fmt::Display, name: &dyn fmt::Display) -> Self {
        Self(format!("{name}: {error}"))
    }
}

impl fmt::Display for ModelsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ModelsError {}

fn other(fixed: String, name: &str) -> Option<String> {
    (fixed != name).then_some(fixed)
}

/// Runs `work` on a thread of its own: registries wait for their stores, which threads of an asynchronous runtime, on
/// which queries are planned and run, must not.
fn elsewhere<T: Send>(work: impl FnOnce() -> Result<T, ModelsError> + Send) -> Result<T, ModelsError> {
    thread::scope(|scope| scope.spawn(work).join())
        .unwrap_or_else(|_| Err(ModelsError("a bug in skiff: opening the model panicked".to_owned())))
}

/// Whether a name is of a version in a registry rather than of a file, as the command has it.
fn is_address(name: &str) -> bool {
    if Address::has_scheme(name) {
        return true;
    }
    let in_registry = |address: &Address| Path::new(&address.registry).join(MARKER).is_file();
    !Path::new(name).exists()
        && name.parse::<Address>().is_ok_and(|address| address.selector.is_some() && in_registry(&address))
}

fn version(name: &str) -> Result<(Registry, Manifest), ModelsError> {
    let find = || {
        let address: Address = name.parse()?;
        let selector = address.version()?;
        let registry = Registry::open(&address.registry)?;
        let manifest = registry.resolve(&address.model, selector)?;
        Ok((registry, manifest))
    };
    find().map_err(|error: skiff_registry::Error| ModelsError::of(&error, &name))
}

/// Where models from registries are kept, as the command has it.
fn folder() -> Result<PathBuf, ModelsError> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = variable("SKIFF_CACHE")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("skiff")))
        .or_else(|| Some(variable("HOME")?.join(".cache/skiff")))
        .or_else(|| Some(variable("LOCALAPPDATA")?.join("skiff")));
    let folder = folder
        .ok_or_else(|| ModelsError("there is no folder for models from registries: set SKIFF_CACHE".to_owned()))?;
    Ok(folder.join("models"))
}
