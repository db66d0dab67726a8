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

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[
    Entry::of::<extra_trees_classifier::ExtraTreesClassifier>(),
    Entry::of::<extra_trees_regressor::ExtraTreesRegressor>(),
    Entry::of::<gradient_boosting_classifier::GradientBoostingClassifier>(),
    Entry::of::<gradient_boosting_regressor::GradientBoostingRegressor>(),
    Entry::of::<hist_gradient_boosting_classifier::HistGradientBoostingClassifier>(),
    Entry::of::<hist_gradient_boosting_regressor::HistGradientBoostingRegressor>(),
    Entry::of::<random_forest_classifier::RandomForestClassifier>(),
    Entry::of::<random_forest_regressor::RandomForestRegressor>(),
];
