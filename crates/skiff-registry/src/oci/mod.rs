//! OCI registries, which keep container images: a model is a repository, a version and an alias are tags.
//!
//! Their specification has no conditional write: a tag is put whatever it is at, and of two writers the later wins. So
//! nothing here can keep two writers apart, and every change is refused unless the caller says that there is one only.

mod aliases;
mod artifact;
mod client;
mod credentials;
mod push;
mod repository;
mod verify;

use std::io::Write;
use std::path::Path;

use skiff_files::write::NewFile;

use self::artifact::Artifact;
use self::repository::Found;
use crate::address::{Digest, Name, Selector};
use crate::aliases::Move;
use crate::backend::Backend;
use crate::{AliasChange, AliasEntry, Blob, Collected, Error, Manifest, Push, Pushed, Report};

pub use self::repository::Repository;

/// The largest manifest of a version that is read, and the largest history.
const MOST_JSON: u64 = 16 << 20;

/// The repositories below a path of an OCI registry.
#[derive(Debug)]
pub(crate) struct Oci {
    /// `oci://HOST[:PORT][/PATH]`.
    url: String,
    /// Whether the caller says that nobody else writes.
    is_single_writer: bool,
}

impl Oci {
    pub(crate) fn open(url: &str) -> Result<Self, Error> {
        let url = url.trim_end_matches('/');
        repository::split(url)?;
        Ok(Self { url: url.to_owned(), is_single_writer: false })
    }

    fn repository(&self, model: &Name) -> Result<Repository, Error> {
        Repository::open(&format!("{}/{model}", self.url))
    }

    fn writable(&self, model: &Name) -> Result<Repository, Error> {
        self.check_writable(model)?;
        self.repository(model)
    }

    /// The tags of a model.
    fn tags(&self, model: &Name, repository: &Repository) -> Result<Vec<String>, Error> {
        repository.tags()?.ok_or_else(|| Error::NoModel(self.url.clone(), model.clone()))
    }

    /// The artifact of a tag or digest, and its digest.
    fn artifact(
        &self,
        repository: &Repository,
        model: &Name,
        reference: &str,
    ) -> Result<Option<(Artifact, Digest)>, Error> {
        let Some(Found { digest, bytes }) = repository.manifest(reference)? else { return Ok(None) };
        let place = self.place(model, reference);
        Ok(Some((Artifact::parse(&bytes, &place)?, digest)))
    }

    /// The version that an artifact is.
    fn read(
        &self,
        repository: &Repository,
        model: &Name,
        reference: &str,
        artifact: &Artifact,
    ) -> Result<Manifest, Error> {
        let place = self.place(model, reference);
        let damaged = |what: String| Error::Damaged(place.clone(), what);
        let record = artifact.record().ok_or_else(|| Error::NotAVersion(place.clone()))?;
        let bytes = small(repository, record)?;
        let found: Manifest =
            serde_json::from_slice(&bytes).map_err(|error| damaged(format!("it cannot be read: {error}")))?;
        if found.model != *model || artifact.version() != Some(found.version) {
            let what = format!("expected the manifest of a version of `{model}`, found that of `{}`", found.title());
            return Err(damaged(what));
        }
        if let Some(blob) = found.blobs().find(|blob| !artifact.has(blob)) {
            return Err(damaged(format!("its file `{}`, {}, is none of its layers", blob.name, blob.digest)));
        }
        Ok(found)
    }

    /// `oci://host/models/churn@production`
    fn place(&self, model: &Name, reference: &str) -> String {
        let separator = if is_version(reference) { ":" } else { "@" };
        format!("{}/{model}{separator}{reference}", self.url)
    }

    /// The version of a digest: of an artifact, or of a model's file.
    fn by_digest(&self, repository: &Repository, model: &Name, digest: &Digest) -> Result<Manifest, Error> {
        let reference = digest.to_string();
        if let Some((artifact, _)) = self.artifact(repository, model, &reference)? {
            return self.read(repository, model, &reference, &artifact);
        }
        for version in self.versions(model)?.into_iter().rev() {
            let version = version.to_string();
            if let Some((artifact, _)) = self.artifact(repository, model, &version)?
                && artifact.is_of_file(digest)
            {
                return self.read(repository, model, &version, &artifact);
            }
        }
        Err(Error::NoVersion(self.place(model, &reference)))
    }
}

/// A small blob, which has the digest that its descriptor says.
fn small(repository: &Repository, wanted: &artifact::Descriptor) -> Result<Vec<u8>, Error> {
    let place = || repository.place(wanted.digest());
    if wanted.size() > MOST_JSON {
        return Err(Error::Damaged(place(), format!("expected at most {MOST_JSON} bytes, found {}", wanted.size())));
    }
    let mut bytes = Vec::new();
    let found = repository.blob(wanted.digest(), wanted.size(), &mut |part| {
        bytes.extend_from_slice(part);
        Ok(())
    })?;
    match found == *wanted.digest() {
        true => Ok(bytes),
        false => Err(Error::Digest { place: place(), expected: wanted.digest().clone(), found }),
    }
}

/// Whether a tag is that of a version: 1, 2, …
fn is_version(tag: &str) -> bool {
    number(tag).is_some()
}

/// The version of a tag.
fn number(tag: &str) -> Option<u64> {
    let number: u64 = tag.parse().ok()?;
    (number > 0 && number.to_string() == tag).then_some(number)
}

impl Backend for Oci {
    fn url(&self) -> &str {
        &self.url
    }

    fn models(&self) -> Result<Vec<Name>, Error> {
        let (_, path) = repository::split(&self.url)?;
        let below = |name: &String| -> Option<Name> {
            let rest = if path.is_empty() { name } else { name.strip_prefix(path)?.strip_prefix('/')? };
            rest.parse().ok()
        };
        let mut models: Vec<Name> = repository::catalog(&self.url)?.iter().filter_map(below).collect();
        models.sort();
        models.dedup();
        Ok(models)
    }

    fn versions(&self, model: &Name) -> Result<Vec<u64>, Error> {
        let tags = self.tags(model, &self.repository(model)?)?;
        let mut versions: Vec<u64> = tags.iter().filter_map(|tag| number(tag)).collect();
        versions.sort_unstable();
        match versions.is_empty() {
            true => Err(Error::NoModel(self.url.clone(), model.clone())),
            false => Ok(versions),
        }
    }

    fn manifest(&self, model: &Name, version: u64) -> Result<Manifest, Error> {
        let (repository, tag) = (self.repository(model)?, version.to_string());
        let found = self.artifact(&repository, model, &tag)?;
        let (artifact, _) = found.ok_or_else(|| Error::NoVersion(self.place(model, &tag)))?;
        let found = self.read(&repository, model, &tag, &artifact)?;
        match found.version == version {
            true => Ok(found),
            false => Err(Error::Damaged(
                self.place(model, &tag),
                format!("expected the manifest of `{model}:{version}`, found that of `{}`", found.title()),
            )),
        }
    }

    fn resolve(&self, model: &Name, selector: &Selector) -> Result<Manifest, Error> {
        let repository = self.repository(model)?;
        match selector {
            Selector::Version(version) => self.manifest(model, *version),
            Selector::Digest(digest) => self.by_digest(&repository, model, digest),
            Selector::Alias(alias) => {
                let found = self.artifact(&repository, model, alias.as_str())?;
                let (artifact, _) = found.ok_or_else(|| Error::NoAlias(self.place(model, alias.as_str())))?;
                self.read(&repository, model, alias.as_str(), &artifact)
            }
        }
    }

    fn fetch(&self, model: &Name, wanted: &Blob, path: &Path) -> Result<(), Error> {
        let repository = self.repository(model)?;
        let unwritable = |error| Error::File(path.to_owned(), error);
        let mut file = NewFile::create(path).map_err(unwritable)?;
        let found =
            repository.blob(&wanted.digest, wanted.size, &mut |part| file.write_all(part).map_err(unwritable))?;
        match found == wanted.digest {
            true => file.finish().map_err(unwritable),
            false => {
                let place = repository.place(&wanted.digest);
                Err(Error::Digest { place, expected: wanted.digest.clone(), found })
            }
        }
    }

    fn push(&self, model: &Name, push: Push<'_>) -> Result<Pushed, Error> {
        self.push(model, push)
    }

    fn aliases(&self, model: &Name) -> Result<Vec<(Name, AliasEntry)>, Error> {
        self.aliases(model)
    }

    fn current(&self, model: &Name, alias: &Name) -> Result<Option<AliasEntry>, Error> {
        Ok(self.log(&self.repository(model)?, model, alias)?.pop())
    }

    fn history(&self, model: &Name, alias: &Name) -> Result<Vec<AliasEntry>, Error> {
        let history = self.log(&self.repository(model)?, model, alias)?;
        match history.is_empty() {
            true => Err(Error::NoAlias(self.place(model, alias.as_str()))),
            false => Ok(history),
        }
    }

    fn change(&self, model: &Name, alias: &Name, to: Move, change: &AliasChange) -> Result<AliasEntry, Error> {
        self.change(model, alias, to, change)
    }

    fn collect(&self, _: bool) -> Result<Collected, Error> {
        let what = "an OCI registry removes by itself what no tag has: see its own garbage collection";
        Err(Error::Unsupported(self.url.clone(), what.to_owned()))
    }

    fn verify(&self) -> Result<Report, Error> {
        self.verify()
    }

    fn allow_writing(&mut self) {
        self.is_single_writer = true;
    }

    fn check_writable(&self, model: &Name) -> Result<(), Error> {
        match self.is_single_writer {
            true => Ok(()),
            false => Err(Error::ManyWriters(format!("{}/{model}", self.url))),
        }
    }
}
