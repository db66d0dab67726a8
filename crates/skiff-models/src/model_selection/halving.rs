//! `sklearn.model_selection.HalvingGridSearchCV` and `HalvingRandomSearchCV`.

use super::search::{Search, search_estimator};
use crate::fields::{Fields, ReadError};
use crate::model::Room;

/// The best estimator of a grid of parameters, searched by successive halving.
///
/// # Reads
/// `best_estimator_`.
/// # Predicts
/// Each method of the best estimator. With `refit=False` there is none, and no method.
/// # Older versions
/// New in 0.24.
#[derive(Debug)]
pub struct HalvingGridSearchCV {
    search: Search,
}

/// The best estimator of parameters that were drawn at random, searched by successive halving.
///
/// # Reads
/// `best_estimator_`.
/// # Predicts
/// Each method of the best estimator. With `refit=False` there is none, and no method.
/// # Older versions
/// New in 0.24.
#[derive(Debug)]
pub struct HalvingRandomSearchCV {
    search: Search,
}

/// What only successive halving has: how many candidates met how much data.
const HALVING: &[&str] = &[
    "_n_samples_orig",
    "aggressive_elimination",
    "factor",
    "max_resources",
    "max_resources_",
    "min_resources",
    "min_resources_",
    "n_candidates",
    "n_candidates_",
    "n_iterations_",
    "n_possible_iterations_",
    "n_remaining_candidates_",
    "n_required_iterations_",
    "n_resources_",
    "param_distributions",
    "param_grid",
    "random_state",
    "resource",
];

impl Room for HalvingGridSearchCV {
    const CLASSES: &'static [&'static str] =
        &["sklearn.model_selection._search_successive_halving.HalvingGridSearchCV"];
    const SOURCE: &'static str = include_str!("halving.rs");

    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(HALVING);
        Ok(Self { search: Search::read(fields)? })
    }
}

impl Room for HalvingRandomSearchCV {
    const CLASSES: &'static [&'static str] =
        &["sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV"];
    const SOURCE: &'static str = include_str!("halving.rs");

    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(HALVING);
        Ok(Self { search: Search::read(fields)? })
    }
}

search_estimator!(HalvingGridSearchCV);
search_estimator!(HalvingRandomSearchCV);
