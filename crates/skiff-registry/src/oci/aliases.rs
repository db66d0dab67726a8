//! Aliases as tags: what the tag is at is the truth, as other programs move tags too.
//!
//! The history of `production` is an artifact with the tag `_history.production`, which no alias can have as its name. A
//! move of another program is found by comparing, and becomes an entry of the history with the next change.

use super::artifact::{self, Artifact, Small};
use super::repository::Repository;
use super::{Oci, is_version, small};
use crate::address::{Digest, Name};
use crate::aliases::Move;
use crate::backend::Backend;
use crate::stamp::{now, random};
use crate::{AliasChange, AliasEntry, Author, Error};

/// What the tags of histories begin with.
pub(super) const HISTORY: &str = "_history.";
/// The longest tag.
const MOST_TAG: usize = 128;

impl Oci {
    /// The aliases of a model, and where they are. Tags at something that skiff did not push are none.
    pub(super) fn aliases(&self, model: &Name) -> Result<Vec<(Name, AliasEntry)>, Error> {
        let repository = self.repository(model)?;
        let mut all = Vec::new();
        for alias in aliases_of(&self.tags(model, &repository)?) {
            match self.log(&repository, model, &alias) {
                Ok(mut log) => all.extend(log.pop().map(|entry| (alias, entry))),
                Err(Error::NotAVersion(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// All changes of an alias; the last is where its tag is.
    pub(super) fn log(&self, repository: &Repository, model: &Name, alias: &Name) -> Result<Vec<AliasEntry>, Error> {
        let mut log = self.recorded(repository, model, alias)?;
        let at = self.tagged(repository, model, alias)?.map(|(version, _)| version);
        let last = log.last().and_then(|entry| entry.to);
        if at != last {
            log.push(AliasEntry {
                number: log.last().map_or(0, |entry| entry.number).saturating_add(1),
                id: random()?,
                from: last,
                to: at,
                rollback: false,
                by: Author { name: "unknown".to_owned(), host: None },
                at: now(),
                why: Some("found there: another program moved the tag, or a change was interrupted".to_owned()),
            });
        }
        Ok(log)
    }

    /// The history as it was last written.
    fn recorded(&self, repository: &Repository, model: &Name, alias: &Name) -> Result<Vec<AliasEntry>, Error> {
        let tag = format!("{HISTORY}{alias}");
        let Some((artifact, _)) = self.artifact(repository, model, &tag)? else { return Ok(Vec::new()) };
        let damaged = |what: String| Error::Damaged(self.place(model, &tag), what);
        let layer = artifact.history().ok_or_else(|| damaged("it is not the history of an alias".to_owned()))?;
        let log: Vec<AliasEntry> = serde_json::from_slice(&small(repository, layer)?)
            .map_err(|error| damaged(format!("it cannot be read: {error}")))?;
        let mut from = None;
        for (number, entry) in (1_u64..).zip(&log) {
            if entry.number != number || entry.from != from {
                return Err(damaged(format!("its entry {number} does not follow the entry before it")));
            }
            from = entry.to;
        }
        Ok(log)
    }

    /// The version that a tag is at, and the digest of its artifact.
    pub(super) fn tagged(
        &self,
        repository: &Repository,
        model: &Name,
        alias: &Name,
    ) -> Result<Option<(u64, Digest)>, Error> {
        let Some((artifact, digest)) = self.artifact(repository, model, alias.as_str())? else { return Ok(None) };
        let version = artifact.version().ok_or_else(|| Error::NotAVersion(self.place(model, alias.as_str())))?;
        Ok(Some((version, digest)))
    }

    /// Moves the tag, then records it: what is interrupted in between is found by the next change.
    pub(super) fn change(
        &self,
        model: &Name,
        alias: &Name,
        to: Move,
        change: &AliasChange,
    ) -> Result<AliasEntry, Error> {
        let place = || self.place(model, alias.as_str());
        if alias.as_str().bytes().all(|byte| byte.is_ascii_digit()) {
            let what = "in an OCI registry, tags of digits are versions: an alias needs a letter";
            return Err(Error::Unsupported(place(), what.to_owned()));
        }
        if HISTORY.len() + alias.as_str().len() > MOST_TAG {
            let most = MOST_TAG - HISTORY.len();
            let what = format!("expected at most {most} characters, as the tag of the history has more");
            return Err(Error::Unsupported(place(), what));
        }
        let repository = self.writable(model)?;
        if let Move::To(Some(version)) = to {
            self.manifest(model, version)?;
        }
        let mut log = self.log(&repository, model, alias)?;
        let from = log.last().and_then(|entry| entry.to);
        change.expected.check(from, place)?;
        let to_version = to.target(&log, place)?;
        log.push(AliasEntry {
            number: log.last().map_or(0, |entry| entry.number).saturating_add(1),
            id: random()?,
            from,
            to: to_version,
            rollback: to == Move::Back,
            by: change.by.clone(),
            at: now(),
            why: change.why.clone(),
        });
        match to_version {
            Some(version) => self.put_tag(&repository, model, alias, version)?,
            None => repository.remove_tag(alias.as_str())?,
        }
        let (manifest, blobs) = artifact::of_history(&log);
        send(&repository, blobs)?;
        repository.put_manifest(&format!("{HISTORY}{alias}"), &manifest)?;
        log.pop().ok_or_else(|| Error::NoAlias(place()))
    }

    /// Puts the artifact of a version at the tag of an alias.
    fn put_tag(&self, repository: &Repository, model: &Name, alias: &Name, version: u64) -> Result<(), Error> {
        let missing = || Error::NoVersion(self.place(model, &version.to_string()));
        let found = repository.manifest(&version.to_string())?.ok_or_else(missing)?;
        Artifact::parse(&found.bytes, &self.place(model, &version.to_string()))?;
        repository.put_manifest(alias.as_str(), &found.bytes)?;
        self.check_tag(repository, model, alias.as_str(), &found.digest)
    }

    /// An error if a tag is not where it was just put: then there is another writer.
    pub(super) fn check_tag(
        &self,
        repository: &Repository,
        model: &Name,
        tag: &str,
        expected: &Digest,
    ) -> Result<(), Error> {
        match repository.tagged(tag)? {
            Some(found) if found == *expected => Ok(()),
            _ => Err(Error::OtherWriter(self.place(model, tag))),
        }
    }
}

/// Sends small blobs.
pub(super) fn send(repository: &Repository, blobs: [Small; 2]) -> Result<(), Error> {
    for Small { digest, bytes } in blobs {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        repository.send_blob(&digest, size, &|| Ok(Box::new(std::io::Cursor::new(bytes.clone()))))?;
    }
    Ok(())
}

/// The aliases among tags, also removed ones, which have a history; sorted.
pub(super) fn aliases_of(tags: &[String]) -> Vec<Name> {
    let named = tags.iter().map(|tag| tag.strip_prefix(HISTORY).unwrap_or(tag));
    let mut names: Vec<Name> = named.filter(|tag| !is_version(tag)).filter_map(|tag| tag.parse().ok()).collect();
    names.sort();
    names.dedup();
    names
}
