//! `sklearn.ensemble`.

mod extra_trees_classifier;
mod extra_trees_regressor;
mod forest;
mod gradient_boosting;
mod gradient_boosting_classifier;
mod gradient_boosting_regressor;
mod hist_gradient_boosting;
mod hist_gradient_boosting_classifier;
mod hist_gradient_boosting_regressor;
mod hist_predictors;
mod random_forest_classifier;
mod random_forest_regressor;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    extra_trees_classifier::EXTRA_TREES_CLASSIFIER,
    extra_trees_regressor::EXTRA_TREES_REGRESSOR,
    gradient_boosting_classifier::GRADIENT_BOOSTING_CLASSIFIER,
    gradient_boosting_regressor::GRADIENT_BOOSTING_REGRESSOR,
    hist_gradient_boosting_classifier::HIST_GRADIENT_BOOSTING_CLASSIFIER,
    hist_gradient_boosting_regressor::HIST_GRADIENT_BOOSTING_REGRESSOR,
    random_forest_classifier::RANDOM_FOREST_CLASSIFIER,
    random_forest_regressor::RANDOM_FOREST_REGRESSOR,
];
