//! Whether a store creates an object for one writer only: what everything in a registry relies on.

use super::store::{Created, Store};
use crate::Error;
use crate::stamp::random;

/// How often writers race, and how many. A store that checks first and writes later, as some emulators of S3 do, lets
/// several of them win within a few rounds.
const ROUNDS: usize = 12;
const WRITERS: usize = 8;

/// Tries it. What is written is removed again.
///
/// # Errors
/// When the store lets several writers create the same object, or forgets what it was told.
pub(crate) fn probe(store: &Store) -> Result<(), Error> {
    let folder = format!("probe/{}", random()?);
    let tried = (0..ROUNDS).try_for_each(|round| race(store, &format!("{folder}/{round}.json")));
    for round in 0..ROUNDS {
        store.delete(&format!("{folder}/{round}.json"))?;
    }
    tried
}

fn race(store: &Store, name: &str) -> Result<(), Error> {
    let broken = |what: String| Err(Error::Unsafe(store.url.clone(), what));
    let contents: Vec<Vec<u8>> = (0..WRITERS).map(|writer| format!("{{\"writer\": {writer}}}").into_bytes()).collect();
    let won = match store.race(name, &contents) {
        Err(Error::Store { source, .. }) if matches!(*source, object_store::Error::NotImplemented { .. }) => {
            return broken(source.to_string());
        }
        won => won?,
    };
    if won != 1 {
        return broken(format!("of {WRITERS} writers that created the same object at once, {won} succeeded"));
    }
    let found = store.read(name)?;
    if !found.as_ref().is_some_and(|found| contents.contains(found)) {
        return broken("an object that was just created is not what any writer wrote".to_owned());
    }
    if store.create(name, b"{\"writer\": \"late\"}".to_vec())? != Created::Existed {
        return broken("an object that existed was created again".to_owned());
    }
    if store.read(name)? != found {
        return broken("an object was changed by a writer that was to create it only".to_owned());
    }
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    match store.list(folder)?.iter().any(|listed| listed.name == name) {
        true => Ok(()),
        false => broken("an object that was just created is not listed".to_owned()),
    }
}
