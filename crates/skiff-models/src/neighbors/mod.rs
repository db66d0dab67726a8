//! `sklearn.neighbors`.

mod binary_tree;
mod k_neighbors_classifier;
mod k_neighbors_regressor;
mod nearest_neighbors;
mod neighbors_base;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    k_neighbors_classifier::K_NEIGHBORS_CLASSIFIER,
    k_neighbors_regressor::K_NEIGHBORS_REGRESSOR,
    nearest_neighbors::NEAREST_NEIGHBORS,
];
