//! `sklearn.model_selection.RandomizedSearchCV`.

use super::search::{Search, search_estimator};
use crate::fields::{Fields, ReadError};
use crate::model::{Class, class};

pub(crate) const RANDOMIZED_SEARCH_CV: Class = class! {
    /// The best estimator of randomly drawn parameters.
    ///
    /// # Reads
    /// `best_estimator_`.
    /// # Predicts
    /// Each method of the best estimator. With `refit=False` there is none, and therefore no method.
    /// # Older versions
    /// Until 0.19 the class could also be `sklearn.grid_search.RandomizedSearchCV`.
    paths: ["sklearn.model_selection._search.RandomizedSearchCV", "sklearn.grid_search.RandomizedSearchCV"],
    read: RandomizedSearchCV::read,
};

/// A fitted `RandomizedSearchCV`.
#[derive(Debug)]
pub struct RandomizedSearchCV {
    search: Search,
}

impl RandomizedSearchCV {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&["n_iter", "param_distributions", "random_state"]);
        Ok(Self { search: Search::read(fields)? })
    }
}

search_estimator!(RandomizedSearchCV);
