//! `sklearn.dummy`.

mod dummy_classifier;
mod dummy_regressor;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] =
    &[Entry::of::<dummy_classifier::DummyClassifier>(), Entry::of::<dummy_regressor::DummyRegressor>()];
