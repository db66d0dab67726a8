//! What every kind of registry does; `Registry` documents it.

use std::fmt::Debug;
use std::path::Path;

use crate::address::{Name, Selector};
use crate::aliases::Move;
use crate::{AliasChange, AliasEntry, Blob, Collected, Error, Manifest, Push, Pushed, Report};

pub(crate) trait Backend: Debug + Send + Sync {
    fn url(&self) -> &str;
    fn models(&self) -> Result<Vec<Name>, Error>;
    fn versions(&self, model: &Name) -> Result<Vec<u64>, Error>;
    fn manifest(&self, model: &Name, version: u64) -> Result<Manifest, Error>;
    fn resolve(&self, model: &Name, selector: &Selector) -> Result<Manifest, Error>;
    fn fetch(&self, model: &Name, wanted: &Blob, path: &Path) -> Result<(), Error>;
    fn push(&self, model: &Name, push: Push<'_>) -> Result<Pushed, Error>;
    fn aliases(&self, model: &Name) -> Result<Vec<(Name, AliasEntry)>, Error>;
    fn current(&self, model: &Name, alias: &Name) -> Result<Option<AliasEntry>, Error>;
    fn history(&self, model: &Name, alias: &Name) -> Result<Vec<AliasEntry>, Error>;
    fn change(&self, model: &Name, alias: &Name, to: Move, change: &AliasChange) -> Result<AliasEntry, Error>;
    fn collect(&self, dry_run: bool) -> Result<Collected, Error>;
    fn verify(&self) -> Result<Report, Error>;
    /// The caller says that there is no other writer, where the store cannot keep writers apart.
    fn allow_writing(&mut self) {}
    /// An error if the caller did not say so, and must.
    fn check_writable(&self, _: &Name) -> Result<(), Error> {
        Ok(())
    }
}
