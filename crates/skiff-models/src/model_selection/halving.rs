//! `sklearn.model_selection.HalvingGridSearchCV` and `HalvingRandomSearchCV`.

use super::search::{Search, search_estimator};
use crate::fields::{Fields, ReadError};
use crate::model::{Class, class};

pub(crate) const HALVING_GRID_SEARCH_CV: Class = class! {
    /// The best estimator of a grid of parameters, searched by successive halving.
    ///
    /// # Reads
    /// `best_estimator_`.
    /// # Predicts
    /// Each method of the best estimator. With `refit=False` there is none, and therefore no method.
    /// # Older versions
    /// New in 0.24.
    paths: ["sklearn.model_selection._search_successive_halving.HalvingGridSearchCV"],
    read: HalvingGridSearchCV::read,
};

/// A fitted `HalvingGridSearchCV`.
#[derive(Debug)]
pub struct HalvingGridSearchCV {
    search: Search,
}

pub(crate) const HALVING_RANDOM_SEARCH_CV: Class = class! {
    /// The best estimator of randomly drawn parameters, searched by successive halving.
    ///
    /// # Reads
    /// `best_estimator_`.
    /// # Predicts
    /// Each method of the best estimator. With `refit=False` there is none, and therefore no method.
    /// # Older versions
    /// New in 0.24.
    paths: ["sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV"],
    read: HalvingRandomSearchCV::read,
};

/// A fitted `HalvingRandomSearchCV`.
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

impl HalvingGridSearchCV {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(HALVING);
        Ok(Self { search: Search::read(fields)? })
    }
}

impl HalvingRandomSearchCV {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(HALVING);
        Ok(Self { search: Search::read(fields)? })
    }
}

search_estimator!(HalvingGridSearchCV);
search_estimator!(HalvingRandomSearchCV);
