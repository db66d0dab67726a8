//! The changes of aliases, and what a change may expect.

use serde::{Deserialize, Serialize};

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

/// Where a change moves an alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// To a version, or, for `None`, away.
    To(Option<u64>),
    /// Back to what it was before its last change; after that, to what it was before that one.
    Back,
}

impl Move {
    /// The version that the alias, which has this history, is at afterwards.
    pub(crate) fn target(self, history: &[AliasEntry], place: impl Fn() -> String) -> Result<Option<u64>, Error> {
        let at = history.last().and_then(|entry| entry.to);
        match self {
            Self::To(None) if at.is_none() => Err(Error::NoAlias(place())),
            Self::To(version) => Ok(version),
            Self::Back if history.is_empty() => Err(Error::NoAlias(place())),
            Self::Back => earlier(history).map(Some).ok_or_else(|| Error::NoEarlier(place())),
        }
    }
}

impl Expected {
    /// An error if the alias is at another version.
    pub(crate) fn check(self, found: Option<u64>, place: impl Fn() -> String) -> Result<(), Error> {
        match self {
            Self::At(expected) if expected != found => Err(Error::Moved { alias: place(), expected, found }),
            _ => Ok(()),
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
