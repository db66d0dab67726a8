//! `sklearn.neighbors`.

mod binary_tree;
mod k_neighbors_classifier;
mod k_neighbors_regressor;
mod nearest_neighbors;
mod neighbors_base;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[
    Entry::of::<k_neighbors_classifier::KNeighborsClassifier>(),
    Entry::of::<k_neighbors_regressor::KNeighborsRegressor>(),
    Entry::of::<nearest_neighbors::NearestNeighbors>(),
];
