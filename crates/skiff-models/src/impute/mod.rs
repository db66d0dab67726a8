//! `sklearn.impute`.

mod imputer;
mod iterative_imputer;
mod knn_imputer;
mod missing;
mod missing_indicator;
mod simple_imputer;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    imputer::IMPUTER,
    iterative_imputer::ITERATIVE_IMPUTER,
    knn_imputer::KNN_IMPUTER,
    missing_indicator::MISSING_INDICATOR,
    simple_imputer::SIMPLE_IMPUTER,
];
