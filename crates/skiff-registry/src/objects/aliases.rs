//! Aliases: the log of their changes is what they are.
//!
//! A change is created as the entry after the last that its writer has seen, which the store does for one writer only.
//! The others look at what happened, and decide again. That is compare-and-swap without an object that is ever
//! overwritten, so it works in a folder too, and the history cannot be lost: it is the alias.

use super::store::Created;
use super::{Objects, json, read};
use crate::address::Name;
use crate::aliases::Move;
use crate::stamp::{now, random};
use crate::{AliasChange, AliasEntry, Error};

impl Objects {
    /// The aliases of a model, sorted, with their last change; removed ones too.
    pub(super) fn aliases(&self, model: &Name) -> Result<Vec<(Name, AliasEntry)>, Error> {
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
    pub(super) fn current(&self, model: &Name, alias: &Name) -> Result<Option<AliasEntry>, Error> {
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
    pub(super) fn history(&self, model: &Name, alias: &Name) -> Result<Vec<AliasEntry>, Error> {
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

    /// Appends a change to the log of an alias; again if somebody else was faster.
    pub(super) fn change(
        &self,
        model: &Name,
        alias: &Name,
        to: Move,
        change: &AliasChange,
    ) -> Result<AliasEntry, Error> {
        if let Move::To(Some(version)) = to {
            self.manifest(model, version)?;
        }
        let place = || format!("{}/{model}@{alias}", self.url());
        let mut last = self.current(model, alias)?;
        loop {
            let from = last.as_ref().and_then(|entry| entry.to);
            change.expected.check(from, place)?;
            let to_version = match to {
                Move::To(_) => to.target(last.as_slice(), place)?,
                Move::Back => to.target(&self.history(model, alias)?, place)?,
            };
            let new = AliasEntry {
                number: last.as_ref().map_or(0, |entry| entry.number).saturating_add(1),
                id: random()?,
                from,
                to: to_version,
                rollback: to == Move::Back,
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

/// The folder of an alias's log.
pub(crate) fn log(model: &Name, alias: &Name) -> String {
    format!("models/{model}/aliases/{alias}")
}

/// The entry of that number.
pub(crate) fn entry(model: &Name, alias: &Name, number: u64) -> String {
    format!("{}/{number:06}.json", log(model, alias))
}
