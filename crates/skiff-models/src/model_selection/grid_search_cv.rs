//! `sklearn.model_selection.GridSearchCV`.

use super::search::{Search, search_estimator};
use crate::fields::{Fields, ReadError};
use crate::model::{Class, class};

pub(crate) const GRID_SEARCH_CV: Class = class! {
    /// The best estimator of a grid of parameters.
    ///
    /// # Reads
    /// `best_estimator_`.
    /// # Predicts
    /// Each method of the best estimator. With `refit=False` there is none, and therefore no method.
    /// # Older versions
    /// Until 0.19 the class could also be `sklearn.grid_search.GridSearchCV`.
    paths: ["sklearn.model_selection._search.GridSearchCV", "sklearn.grid_search.GridSearchCV"],
    read: GridSearchCV::read,
};

/// A fitted `GridSearchCV`.
#[derive(Debug)]
pub struct GridSearchCV {
    search: Search,
}

impl GridSearchCV {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&["param_grid"]);
        Ok(Self { search: Search::read(fields)? })
    }
}

search_estimator!(GridSearchCV);
