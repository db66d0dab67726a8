//! Garbage collection: blobs that no version has, which pushes left that were killed.
//!
//! A push sends blobs before its manifest exists, so a young blob is never removed. For older ones: a collection first
//! shows that it runs, then reads the manifests; a push first writes its manifest, then looks for collections. So the one
//! sees the manifest, or the other waits and sends again what was removed.

use std::collections::HashSet;
use std::fs;

use chrono::{DateTime, TimeDelta, Utc};

use super::store::Store;
use super::{Objects, json};
use crate::stamp::{now, random};
use crate::{Collected, Error};

/// The folder of the collections that run.
const RUNNING: &str = "collections";
/// What began longer ago, a collection or an object of a folder, was killed.
const MOST_TIME: TimeDelta = TimeDelta::hours(1);

impl Objects {
    /// Removes what no version has and is older than the registry's grace; only counts it if `dry_run`.
    pub(super) fn collect(&self, dry_run: bool) -> Result<Collected, Error> {
        if dry_run {
            return self.collect_now(true);
        }
        let marker = format!("{RUNNING}/{}.json", random()?);
        self.store.create(&marker, json(&serde_json::json!({ "at": now() })))?;
        let collected = self.collect_now(false);
        self.store.delete(&marker)?;
        for old in self.store.list(RUNNING)? {
            if Utc::now().signed_duration_since(old.at) > MOST_TIME {
                self.store.delete(&old.name)?;
            }
        }
        collected
    }

    fn collect_now(&self, dry_run: bool) -> Result<Collected, Error> {
        let mut needed = HashSet::new();
        for model in self.models()? {
            for version in self.numbers(&super::versions(&model))? {
                let manifest = self.manifest(&model, version)?;
                needed.extend(manifest.blobs().map(|blob| super::blob(&blob.digest)));
            }
        }
        let grace = TimeDelta::try_seconds(i64::try_from(self.settings.grace).unwrap_or(i64::MAX));
        let grace = grace.unwrap_or(TimeDelta::MAX);
        let is_old = |at: DateTime<Utc>| Utc::now().signed_duration_since(at) > grace;
        let mut collected = Collected::default();
        for listed in self.store.list("blobs")? {
            if needed.contains(&listed.name) {
                continue;
            }
            // It may have been sent again since it was listed.
            let Some(blob) = self.store.head(&listed.name)? else { continue };
            if !is_old(blob.at) {
                collected.young += 1;
                continue;
            }
            if !dry_run {
                self.store.delete(&blob.name)?;
            }
            collected.bytes = collected.bytes.saturating_add(blob.size);
            collected.blobs.push(blob.name);
        }
        for path in self.store.unfinished() {
            let at = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
            // A writer that sends it now could not finish.
            let is_left = |at| is_old(at) && Utc::now().signed_duration_since(at) > MOST_TIME;
            if at.is_some_and(|at| is_left(at.into())) {
                if !dry_run {
                    fs::remove_file(&path).map_err(|error| Error::File(path, error))?;
                }
                collected.unfinished += 1;
            }
        }
        Ok(collected)
    }
}

/// The collections that run: each is an object that it removes at its end.
pub(crate) fn running(store: &Store) -> Result<Vec<String>, Error> {
    let now = Utc::now();
    let markers = store.list(RUNNING)?.into_iter();
    let running = markers.filter(|marker| now.signed_duration_since(marker.at) < MOST_TIME);
    Ok(running.map(|marker| marker.name).collect())
}
