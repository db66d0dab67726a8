//! Served models whose aliases are moved: the version that an alias is at is the one that is served.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use skiff_registry::{Address, Manifest, Registry, Selector};
use skiff_server::Repository;

use super::resolve;
use crate::commands::serve;
use crate::report::{self, Failure};

/// The number that the server gives the one version of a model.
const VERSION: u64 = 1;

/// A model that is served from an alias.
struct Followed {
    /// The model's name in the server.
    name: String,
    registry: Registry,
    address: Address,
    /// The version that is served.
    manifest: Manifest,
    /// What was wrong the last time.
    problem: Option<String>,
}

/// The models of this command's arguments.
static FOLLOWED: Mutex<Vec<Followed>> = Mutex::new(Vec::new());

/// Remembers which version of an address is served, if it is that of an alias.
pub(super) fn remember(name: &str, registry: Registry, address: &str, manifest: Manifest) -> Result<(), Failure> {
    let address: Address = address.parse()?;
    if matches!(address.selector, Some(Selector::Alias(_))) {
        let followed = Followed { name: name.to_owned(), registry, address, manifest, problem: None };
        FOLLOWED.lock().unwrap_or_else(PoisonError::into_inner).push(followed);
    }
    Ok(())
}

/// Looks up the aliases of all served models from time to time, in a thread of its own, which ends with the process.
pub fn follow(repository: &Arc<Repository>, every: Duration) {
    let mut all = std::mem::take(&mut *FOLLOWED.lock().unwrap_or_else(PoisonError::into_inner));
    if all.is_empty() || every.is_zero() {
        return;
    }
    let repository = Arc::clone(repository);
    thread::spawn(move || {
        loop {
            thread::sleep(every);
            for followed in &mut all {
                let problem = followed.look(&repository).err().map(|failure| failure.to_string());
                // A store that is away for an hour is one message.
                if let Some(problem) = problem.as_ref().filter(|_| problem != followed.problem) {
                    report::note(&format!(
                        "{} cannot be followed: {problem}; {} is still served",
                        followed.address,
                        followed.manifest.title()
                    ));
                }
                followed.problem = problem;
            }
        }
    });
}

impl Followed {
    /// Serves the version that the alias is at. Requests that have begun keep the old one.
    fn look(&mut self, repository: &Repository) -> Result<(), Failure> {
        let manifest = self.registry.resolve(&self.address.model, self.address.version()?)?;
        if manifest.id == self.manifest.id {
            return Ok(());
        }
        let cached = resolve::fetch(&self.registry, &manifest)?;
        repository.move_to(&self.name, VERSION, &cached.model).map_err(serve::failure)?;
        report::note(&format!("{} was moved: {} is served", self.address, manifest.title()));
        self.manifest = manifest;
        Ok(())
    }
}
