//! Aliases: the log of their changes is what they are.
//!
//! A change is created as the entry after the last that its writer has seen, which the store does for one writer only.
//! The others look at what happened, and decide again. That is compare-and-swap without an object that is ever
//! overwritten, so it works in a folder too, and the history cannot be lost: it is the alias.

use serde::{Deserialize, Serialize};

use crate::address::Name;
use crate::registry::{Registry, json, now, random, read};
use crate::store::Created;
use crate::{Author, Error};

/// A change of an alias: an entry of its log, never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasEntry {
    /// Its place in the log, from 1.
    pub number: u64,
    /// Random, so that a writer knows its own entry.
    pub id: String,
    /// The version before; `None` if the alias did not exist.
    pub from: Option<u64>,
    /// The version after; `None` if the alias was removed.
    pub to: Option<u64>,
    /// Whether it went back to an earlier version, so that going back again goes further.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rollback: bool,
    /// Who changed it.
    pub by: Author,
    /// When, in UTC.
    pub at: String,
    /// Why, if they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// How an alias changes.
#[derive(Clone, Debug)]
pub struct AliasChange {
    /// Who changes it.
    pub by: Author,
    /// Why.
    pub why: Option<String>,
    /// What it must be now.
    pub expected: Expected,
}

/// What an alias must be for a change to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Anything: the change follows whatever others did.
    Any,
    /// At this version, or, for `None`, not there.
    At(Option<u64>),
}

impl Registry {
    /// The aliases of a model, sorted, with their last change; removed ones too.
    ///
    /// # Errors
    /// When the store fails, or an entry is damaged.
    pub fn aliases(&self, model: &Name) -> Result<Vec<(Name, AliasEntry)>, Error> {
        let names = self.store.folders(&format!("models/{model}/aliases"))?;
        let names = names.iter().filter_map(|name| name.parse().ok());
        let mut all = Vec::new();
        for alias in names {
            if let Some(entry) = self.current(model, &alias)? {
                all.push((alias, entry));
            }
        }
        Ok(all)
    }

    /// The last change of an alias; `None` if there was none.
    ///
    /// # Errors
    /// When the store fails, or the entry is damaged.
    pub fn current(&self, model: &Name, alias: &Name) -> Result<Option<AliasEntry>, Error> {
        let mut last = None;
        let listed = self.numbers(&log(model, alias))?.last().copied();
        // What others created since the listing follows.
        let mut number = listed.unwrap_or(1);
        while let Some(entry) = self.entry(model, alias, number)? {
            last = Some(entry);
            number = number.saturating_add(1);
        }
        match (last, listed) {
            (None, Some(number)) => {
                let place = self.store.place(&entry(model, alias, number));
                Err(Error::Damaged(place, "the entry is listed, but it is not there".to_owned()))
            }
            (last, _) => Ok(last),
        }
    }

    /// All changes of an alias, in their order.
    ///
    /// # Errors
    /// When there is no such alias, or an entry is missing or damaged.
    pub fn history(&self, model: &Name, alias: &Name) -> Result<Vec<AliasEntry>, Error> {
        let count = self.current(model, alias)?.map_or(0, |entry| entry.number);
        let missing =
            |number| Error::Damaged(self.store.place(&entry(model, alias, number)), "it is missing".to_owned());
        let entries = (1..=count).map(|number| self.entry(model, alias, number)?.ok_or_else(|| missing(number)));
        let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
        match entries.is_empty() {
            true => Err(Error::NoAlias(format!("{}/{model}@{alias}", self.url()))),
            false => Ok(entries),
        }
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
        if let Some(version) = to {
            self.manifest(model, version)?;
        }
        self.change(model, alias, change, false, |last| match (to, last.and_then(|entry| entry.to)) {
            (None, None) => Err(Error::NoAlias(format!("{}/{model}@{alias}", self.url()))),
            _ => Ok(to),
        })
    }

    /// Sets an alias back to what it was before its last change; after that, to what it was before that one.
    ///
    /// # Errors
    /// When there is nothing to go back to, or the alias is not what the change expects.
    pub fn rollback(&self, model: &Name, alias: &Name, change: &AliasChange) -> Result<AliasEntry, Error> {
        let place = || format!("{}/{model}@{alias}", self.url());
        self.history(model, alias)?;
        self.change(model, alias, change, true, |_| {
            let earlier = earlier(&self.history(model, alias)?);
            earlier.map(Some).ok_or_else(|| Error::NoEarlier(place()))
        })
    }

    /// Appends the entry that `decide` makes of the last one; again if somebody else was faster.
    fn change(
        &self,
        model: &Name,
        alias: &Name,
        change: &AliasChange,
        rollback: bool,
        decide: impl Fn(Option<&AliasEntry>) -> Result<Option<u64>, Error>,
    ) -> Result<AliasEntry, Error> {
        let mut last = self.current(model, alias)?;
        loop {
            let from = last.as_ref().and_then(|entry| entry.to);
            match change.expected {
                Expected::At(expected) if expected != from => {
                    let alias = format!("{}/{model}@{alias}", self.url());
                    return Err(Error::Moved { alias, expected, found: from });
                }
                _ => {}
            }
            let new = AliasEntry {
                number: last.as_ref().map_or(0, |entry| entry.number).saturating_add(1),
                id: random()?,
                from,
                to: decide(last.as_ref())?,
                rollback,
                by: change.by.clone(),
                at: now(),
                why: change.why.clone(),
            };
            if self.store.create(&entry(model, alias, new.number), json(&new))? == Created::Yes {
                return Ok(new);
            }
            // The writer that was faster may not have been the last.
            let mut number = new.number;
            while let Some(entry) = self.entry(model, alias, number)? {
                number = number.saturating_add(1);
                last = Some(entry);
            }
        }
    }

    /// An entry of an alias's log; `None` if there is none.
    pub(crate) fn entry(&self, model: &Name, alias: &Name, number: u64) -> Result<Option<AliasEntry>, Error> {
        let name = entry(model, alias, number);
        let found: Option<AliasEntry> = read(&self.store, &name)?;
        match &found {
            Some(entry) if entry.number != number => {
                let what = format!("expected the entry {number}, found the entry {}", entry.number);
                Err(Error::Damaged(self.store.place(&name), what))
            }
            _ => Ok(found),
        }
    }
}

/// The version to go back to: the changes that were not gone back on are a stack.
fn earlier(history: &[AliasEntry]) -> Option<u64> {
    let mut stack = Vec::new();
    for entry in history {
        match entry.rollback {
            true => drop(stack.pop()),
            false => stack.push(entry.from),
        }
    }
    stack.pop().flatten()
}

/// The folder of an alias's log.
pub(crate) fn log(model: &Name, alias: &Name) -> String {
    format!("models/{model}/aliases/{alias}")
}

/// The entry of that number.
pub(crate) fn entry(model: &Name, alias: &Name, number: u64) -> String {
    format!("{}/{number:06}.json", log(model, alias))
}
