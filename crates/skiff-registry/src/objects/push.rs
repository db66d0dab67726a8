//! A new version of a model.
//!
//! Blobs first, then the manifest, whose number only one writer can take: a writer that is killed in between leaves blobs
//! that no version has, which a collection removes later.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};

use super::store::Created;
use super::{Objects, blob, collect, json, manifest, versions};
use crate::address::Name;
use crate::push::blob_of;
use crate::stamp::{now, random};
use crate::{Blob, Error, Manifest, Push, Pushed};

/// How long a push waits for a collection to end.
const WAIT: Duration = Duration::from_secs(60);

impl Objects {
    /// Makes a file the next version of a model: 1, 2, …
    pub(super) fn push(&self, model: &Name, push: Push<'_>) -> Result<Pushed, Error> {
        let mut file = blob_of(push.file)?;
        if let Some(name) = push.name {
            name.clone_into(&mut file.name);
        }
        let signature = push.signature.map(blob_of).transpose()?;
        let sources = [Some((&file, push.file)), signature.as_ref().zip(push.signature)];
        let sources: Vec<(&Blob, &Path)> = sources.into_iter().flatten().collect();
        let last = self.numbers(&versions(model))?.last().copied();
        if let Some(last) = last.filter(|_| !push.repeat) {
            let newest = self.manifest(model, last)?;
            if newest.file.digest == file.digest
                && newest.signature.as_ref().map(|blob| &blob.digest) == signature.as_ref().map(|blob| &blob.digest)
            {
                // It may be pushed again because a blob of it was found to be damaged.
                self.repair(&newest, &sources)?;
                return Ok(Pushed { manifest: newest, is_new: false });
            }
        }
        for (blob, path) in &sources {
            self.send(blob, path)?;
        }
        let mut new = Manifest {
            model: model.clone(),
            version: last.unwrap_or(0),
            id: random()?,
            file: file.clone(),
            signature: signature.clone(),
            description: push.description,
            parents: push.parents,
            by: push.by,
            at: now(),
            why: push.why,
        };
        loop {
            new.version = new.version.saturating_add(1);
            if self.store.create(&manifest(model, new.version), json(&new))? == Created::Yes {
                break;
            }
        }
        self.settle(&new, &sources)?;
        Ok(Pushed { manifest: new, is_new: true })
    }

    /// Sends a blob, unless it is there and young enough not to be collected while it is pushed.
    fn send(&self, blob_: &Blob, path: &Path) -> Result<(), Error> {
        let name = blob(&blob_.digest);
        let half = i64::try_from(self.settings.grace / 2).unwrap_or(i64::MAX);
        let is_young =
            |at| Utc::now().signed_duration_since(at) < TimeDelta::try_seconds(half).unwrap_or(TimeDelta::MAX);
        match self.store.head(&name)? {
            Some(found) if found.size == blob_.size && is_young(found.at) => Ok(()),
            _ => self.store.send(&name, path, blob_),
        }
    }

    /// Waits for a collection that may have read the manifests before this version's was among them, and sends again
    /// what it removed. A later one sees the manifest.
    fn settle(&self, new: &Manifest, sources: &[(&Blob, &Path)]) -> Result<(), Error> {
        let until = Instant::now() + WAIT;
        for collection in collect::running(&self.store)? {
            while self.store.head(&collection)?.is_some() {
                if Instant::now() > until {
                    return Err(Error::Collecting(format!("{}/{}", self.url(), new.title())));
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
        for (wanted, path) in sources {
            let name = blob(&wanted.digest);
            if self.store.head(&name)?.is_none_or(|found| found.size != wanted.size) {
                self.store.send(&name, path, wanted)?;
            }
        }
        Ok(())
    }

    /// Sends again each blob of a version that is missing or damaged.
    fn repair(&self, version: &Manifest, sources: &[(&Blob, &Path)]) -> Result<(), Error> {
        for (wanted, path) in sources {
            if self.check(wanted)?.is_some() {
                self.store.send(&blob(&wanted.digest), path, wanted)?;
            }
        }
        self.settle(version, sources)
    }
}
