//! A registry, wherever it is.

use std::path::Path;
use std::sync::Arc;

use object_store::ObjectStore;

use crate::address::{Name, Selector};
use crate::aliases::Move;
use crate::backend::Backend;
use crate::objects::{Objects, Settings};
#[cfg(feature = "clouds")]
use crate::oci::Oci;
use crate::{AliasChange, AliasEntry, Blob, Collected, Error, Manifest, Push, Pushed, Report};

/// A registry of models.
#[derive(Debug)]
pub struct Registry {
    backend: Box<dyn Backend>,
}

impl Registry {
    /// Makes a registry in a folder, which is made if it is missing, or at a URL.
    ///
    /// # Errors
    /// When there is one already, or the store would let two writers lose each other's changes.
    pub fn init(url: &str, settings: Settings) -> Result<Self, Error> {
        match is_oci(url) {
            true => Err(Error::Unsupported(url.to_owned(), "an OCI registry needs no `init`: push to it".to_owned())),
            false => Ok(Self { backend: Box::new(Objects::init(url, settings)?) }),
        }
    }

    /// The same in a store of the caller's; `url` is for messages.
    ///
    /// # Errors
    /// As [`Registry::init`].
    pub fn init_on(objects: Arc<dyn ObjectStore>, url: &str, settings: Settings) -> Result<Self, Error> {
        Ok(Self { backend: Box::new(Objects::init_on(objects, url, settings)?) })
    }

    /// The registry in a folder or at a URL.
    ///
    /// # Errors
    /// When there is none, or it is of a later layout. An OCI registry is first asked by the functions below.
    pub fn open(url: &str) -> Result<Self, Error> {
        #[cfg(feature = "clouds")]
        if is_oci(url) {
            return Ok(Self { backend: Box::new(Oci::open(url)?) });
        }
        Ok(Self { backend: Box::new(Objects::open(url)?) })
    }

    /// The same registry, of which the caller says that nobody else writes to it meanwhile. Without this, an OCI
    /// registry refuses every change, as it cannot keep two writers apart; others need it not.
    #[must_use]
    pub fn single_writer(mut self) -> Self {
        self.backend.allow_writing();
        self
    }

    /// An error if every change of a model would be refused, for want of [`Registry::single_writer`].
    ///
    /// # Errors
    /// [`Error::ManyWriters`].
    pub fn check_writable(&self, model: &Name) -> Result<(), Error> {
        self.backend.check_writable(model)
    }

    /// The folder or URL.
    pub fn url(&self) -> &str {
        self.backend.url()
    }

    /// The models, sorted by name.
    ///
    /// # Errors
    /// When the store fails.
    pub fn models(&self) -> Result<Vec<Name>, Error> {
        self.backend.models()
    }

    /// The versions of a model, ascending.
    ///
    /// # Errors
    /// When there is no such model.
    pub fn versions(&self, model: &Name) -> Result<Vec<u64>, Error> {
        self.backend.versions(model)
    }

    /// A version of a model.
    ///
    /// # Errors
    /// When there is none, or its manifest is damaged.
    pub fn manifest(&self, model: &Name, version: u64) -> Result<Manifest, Error> {
        self.backend.manifest(model, version)
    }

    /// The version that a selector names; the newest of those with the same digest.
    ///
    /// # Errors
    /// When there is none.
    pub fn resolve(&self, model: &Name, selector: &Selector) -> Result<Manifest, Error> {
        self.backend.resolve(model, selector)
    }

    /// Writes a blob of a model to a file, which appears when it is whole and has the digest that it is named by.
    ///
    /// # Errors
    /// When the blob is missing or was modified, or the file cannot be written.
    pub fn fetch(&self, model: &Name, wanted: &Blob, path: &Path) -> Result<(), Error> {
        self.backend.fetch(model, wanted, path)
    }

    /// Makes a file the next version of a model: 1, 2, …
    ///
    /// # Errors
    /// When the file cannot be read, changes meanwhile, or the store fails. There is no version then, except after
    /// [`Error::Collecting`].
    pub fn push(&self, model: &Name, push: Push<'_>) -> Result<Pushed, Error> {
        self.backend.push(model, push)
    }

    /// The aliases of a model, sorted, with their last change; removed ones too.
    ///
    /// # Errors
    /// When the store fails, or an entry is damaged.
    pub fn aliases(&self, model: &Name) -> Result<Vec<(Name, AliasEntry)>, Error> {
        self.backend.aliases(model)
    }

    /// The last change of an alias; `None` if there was none.
    ///
    /// # Errors
    /// When the store fails, or the entry is damaged.
    pub fn current(&self, model: &Name, alias: &Name) -> Result<Option<AliasEntry>, Error> {
        self.backend.current(model, alias)
    }

    /// All changes of an alias, in their order.
    ///
    /// # Errors
    /// When there is no such alias, or an entry is missing or damaged.
    pub fn history(&self, model: &Name, alias: &Name) -> Result<Vec<AliasEntry>, Error> {
        self.backend.history(model, alias)
    }

    /// Sets an alias to a version, or removes it.
    ///
    /// # Errors
    /// When there is no such version, or the alias is not what the change expects.
    pub fn set_alias(
        &self,
        model: &Name,
        alias: &Name,
        to: Option<u64>,
        change: &AliasChange,
    ) -> Result<AliasEntry, Error> {
        self.backend.change(model, alias, Move::To(to), change)
    }

    /// Sets an alias back to what it was before its last change; after that, to what it was before that one.
    ///
    /// # Errors
    /// When there is nothing to go back to, or the alias is not what the change expects.
    pub fn rollback(&self, model: &Name, alias: &Name, change: &AliasChange) -> Result<AliasEntry, Error> {
        self.backend.change(model, alias, Move::Back, change)
    }

    /// Removes what no version has and is older than the registry's grace; only counts it if `dry_run`.
    ///
    /// # Errors
    /// When the store fails, or a manifest cannot be read: nothing is removed then.
    pub fn collect(&self, dry_run: bool) -> Result<Collected, Error> {
        self.backend.collect(dry_run)
    }

    /// Reads every object: blobs have the digest that they are named by, manifests and histories are whole.
    ///
    /// # Errors
    /// When the store fails. What is wrong with an object is in the report.
    pub fn verify(&self) -> Result<Report, Error> {
        self.backend.verify()
    }
}

/// Whether a URL is that of an OCI registry.
fn is_oci(url: &str) -> bool {
    url.starts_with("oci://")
}
