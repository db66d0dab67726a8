//! A registry in a folder or an object store: where its objects are, and what is in it.

mod aliases;
mod collect;
mod probe;
mod push;
mod store;
mod verify;

use std::path::Path;
use std::sync::Arc;

use object_store::ObjectStore;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use skiff_files::write::NewFile;

use self::probe::probe;
use self::store::{Created, Receiving, Store};
use crate::address::{Digest, Name, Selector};
use crate::aliases::Move;
use crate::backend::Backend;
use crate::stamp::now;
use crate::{AliasChange, AliasEntry, Blob, Collected, Error, Manifest, Push, Pushed, Report};

pub(crate) use self::store::cloud;

/// The object that makes a folder a registry.
pub const MARKER: &str = "skiff-registry.json";
/// The layout that this crate writes.
const LAYOUT: u64 = 1;

/// What is fixed when a registry is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// How old, in seconds, a blob must be to be collected if no version has it.
    pub grace: u64,
}

impl Default for Settings {
    /// A day: no push takes as long.
    fn default() -> Self {
        Self { grace: 24 * 60 * 60 }
    }
}

#[derive(Serialize, Deserialize)]
struct Marker {
    layout: u64,
    created: String,
    #[serde(flatten)]
    settings: Settings,
}

/// A registry in a folder or an object store.
#[derive(Debug)]
pub(crate) struct Objects {
    store: Store,
    settings: Settings,
}

impl Objects {
    /// Makes a registry in a folder, which is made if it is missing, or at a URL.
    pub(crate) fn init(url: &str, settings: Settings) -> Result<Self, Error> {
        Self::init_in(Store::open(url, true)?, settings)
    }

    /// The same in a store of the caller's; `url` is for messages.
    pub(crate) fn init_on(objects: Arc<dyn ObjectStore>, url: &str, settings: Settings) -> Result<Self, Error> {
        Self::init_in(Store::new(objects, object_store::path::Path::default(), None, url)?, settings)
    }

    fn init_in(store: Store, settings: Settings) -> Result<Self, Error> {
        if store.read(MARKER)?.is_some() {
            return Err(Error::Exists(store.url));
        }
        probe(&store)?;
        let marker = Marker { layout: LAYOUT, created: now(), settings };
        match store.create(MARKER, json(&marker))? {
            Created::Yes => Ok(Self { store, settings: marker.settings }),
            Created::Existed => Err(Error::Exists(store.url)),
        }
    }

    /// The registry in a folder or at a URL.
    pub(crate) fn open(url: &str) -> Result<Self, Error> {
        let store = Store::open(url, false)?;
        #[derive(Deserialize)]
        struct Layout {
            layout: u64,
        }
        let Layout { layout } = read(&store, MARKER)?.ok_or_else(|| Error::NoRegistry(store.url.clone()))?;
        if layout > LAYOUT {
            return Err(Error::Layout { url: store.url, expected: LAYOUT, found: layout });
        }
        let marker: Marker = read(&store, MARKER)?.ok_or_else(|| Error::NoRegistry(store.url.clone()))?;
        Ok(Self { store, settings: marker.settings })
    }

    /// The folder or URL.
    fn url(&self) -> &str {
        &self.store.url
    }

    /// The models, sorted by name.
    fn models(&self) -> Result<Vec<Name>, Error> {
        // Other names are not the registry's.
        Ok(self.store.folders("models")?.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// The versions of a model, ascending.
    fn versions(&self, model: &Name) -> Result<Vec<u64>, Error> {
        let versions = self.numbers(&versions(model))?;
        match versions.is_empty() {
            true => Err(Error::NoModel(self.url().to_owned(), model.clone())),
            false => Ok(versions),
        }
    }

    /// A version of a model.
    fn manifest(&self, model: &Name, version: u64) -> Result<Manifest, Error> {
        let name = manifest(model, version);
        let found: Option<Manifest> = read(&self.store, &name)?;
        let found = found.ok_or_else(|| Error::NoVersion(format!("{}/{model}:{version}", self.url())))?;
        match (&found.model, found.version) == (model, version) {
            true => Ok(found),
            false => {
                let what = format!("expected the manifest of `{model}:{version}`, found that of `{}`", found.title());
                Err(Error::Damaged(self.store.place(&name), what))
            }
        }
    }

    /// The version that a selector names; the newest of those with the same digest.
    fn resolve(&self, model: &Name, selector: &Selector) -> Result<Manifest, Error> {
        match selector {
            Selector::Version(version) => self.manifest(model, *version),
            Selector::Alias(alias) => {
                let entry = self.current(model, alias)?;
                let version = entry.and_then(|entry| entry.to);
                let version = version.ok_or_else(|| Error::NoAlias(format!("{}/{model}@{alias}", self.url())))?;
                self.manifest(model, version)
            }
            Selector::Digest(digest) => {
                for version in self.versions(model)?.into_iter().rev() {
                    let manifest = self.manifest(model, version)?;
                    if manifest.file.digest == *digest {
                        return Ok(manifest);
                    }
                }
                Err(Error::NoVersion(format!("{}/{model}@{digest}", self.url())))
            }
        }
    }

    /// Writes a blob to a file, which appears when it is whole and has the digest that it is named by.
    fn fetch(&self, wanted: &Blob, path: &Path) -> Result<(), Error> {
        let unwritable = |error| Error::File(path.to_owned(), error);
        let mut file = NewFile::create(path).map_err(unwritable)?;
        let name = blob(&wanted.digest);
        let found = self.store.receive(&name, wanted.size, &mut file).map_err(|error| match error {
            Receiving::Store(error) => error,
            Receiving::Output(error) => unwritable(error),
        })?;
        match found == wanted.digest {
            true => file.finish().map_err(unwritable),
            false => Err(Error::Digest { place: self.store.place(&name), expected: wanted.digest.clone(), found }),
        }
    }

    /// The numbers of the objects in a folder, ascending.
    fn numbers(&self, folder: &str) -> Result<Vec<u64>, Error> {
        let mut numbers: Vec<u64> = self.store.list(folder)?.iter().filter_map(store::Listed::number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}

impl Backend for Objects {
    fn url(&self) -> &str {
        self.url()
    }

    fn models(&self) -> Result<Vec<Name>, Error> {
        self.models()
    }

    fn versions(&self, model: &Name) -> Result<Vec<u64>, Error> {
        self.versions(model)
    }

    fn manifest(&self, model: &Name, version: u64) -> Result<Manifest, Error> {
        self.manifest(model, version)
    }

    fn resolve(&self, model: &Name, selector: &Selector) -> Result<Manifest, Error> {
        self.resolve(model, selector)
    }

    fn fetch(&self, _: &Name, wanted: &Blob, path: &Path) -> Result<(), Error> {
        self.fetch(wanted, path)
    }

    fn push(&self, model: &Name, push: Push<'_>) -> Result<Pushed, Error> {
        self.push(model, push)
    }

    fn aliases(&self, model: &Name) -> Result<Vec<(Name, AliasEntry)>, Error> {
        self.aliases(model)
    }

    fn current(&self, model: &Name, alias: &Name) -> Result<Option<AliasEntry>, Error> {
        self.current(model, alias)
    }

    fn history(&self, model: &Name, alias: &Name) -> Result<Vec<AliasEntry>, Error> {
        self.history(model, alias)
    }

    fn change(&self, model: &Name, alias: &Name, to: Move, change: &AliasChange) -> Result<AliasEntry, Error> {
        self.change(model, alias, to, change)
    }

    fn collect(&self, dry_run: bool) -> Result<Collected, Error> {
        self.collect(dry_run)
    }

    fn verify(&self) -> Result<Report, Error> {
        self.verify()
    }
}

/// The folder of a model's manifests.
fn versions(model: &Name) -> String {
    format!("models/{model}/versions")
}

/// The manifest of a version.
fn manifest(model: &Name, version: u64) -> String {
    format!("{}/{version:06}.json", versions(model))
}

/// The blob of a digest; folders of a hundred thousand names are slow to list.
fn blob(digest: &Digest) -> String {
    let hex = digest.hex();
    format!("blobs/sha256/{}/{hex}", hex.get(..2).unwrap_or_default())
}

/// A JSON object of the registry; `None` if there is none.
fn read<T: DeserializeOwned>(store: &Store, name: &str) -> Result<Option<T>, Error> {
    let Some(bytes) = store.read(name)? else { return Ok(None) };
    let parsed = serde_json::from_slice(&bytes);
    parsed.map(Some).map_err(|error| Error::Damaged(store.place(name), format!("it cannot be read: {error}")))
}

/// An object's text.
fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("maps with string keys, and numbers, are always JSON");
    text.push(b'\n');
    text
}
