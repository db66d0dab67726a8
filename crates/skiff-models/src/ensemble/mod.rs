//! `sklearn.ensemble`.

mod forest;
mod gradient_boosting;
mod gradient_boosting_classifier;
mod gradient_boosting_regressor;
mod hist_gradient_boosting;
mod hist_gradient_boosting_classifier;
mod hist_gradient_boosting_regressor;
mod hist_predictors;
mod random_forest;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    random_forest::EXTRA_TREES_CLASSIFIER,
    random_forest::EXTRA_TREES_REGRESSOR,
    random_forest::RANDOM_FOREST_CLASSIFIER,
    random_forest::RANDOM_FOREST_REGRESSOR,
    gradient_boosting_classifier::GRADIENT_BOOSTING_CLASSIFIER,
    gradient_boosting_regressor::GRADIENT_BOOSTING_REGRESSOR,
    hist_gradient_boosting_classifier::HIST_GRADIENT_BOOSTING_CLASSIFIER,
    hist_gradient_boosting_regressor::HIST_GRADIENT_BOOSTING_REGRESSOR,
];
