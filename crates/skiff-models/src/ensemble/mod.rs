//! `sklearn.ensemble`.

mod ada_boost;
mod ada_boost_classifier;
mod ada_boost_regressor;
mod bagging;
mod bagging_classifier;
mod bagging_regressor;
mod forest;
mod gradient_boosting;
mod gradient_boosting_classifier;
mod gradient_boosting_regressor;
mod heterogeneous;
mod hist_gradient_boosting;
mod hist_gradient_boosting_classifier;
mod hist_gradient_boosting_regressor;
mod hist_predictors;
mod isolation_forest;
mod joined_trees;
mod predictor_view;
mod random_forest;
mod random_trees_embedding;
mod stacking;
mod stacking_classifier;
mod stacking_regressor;
mod voting_classifier;
mod voting_regressor;

use crate::model::Class;

pub use predictor_view::PredictorView;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    ada_boost_classifier::ADA_BOOST_CLASSIFIER,
    ada_boost_regressor::ADA_BOOST_REGRESSOR,
    bagging_classifier::BAGGING_CLASSIFIER,
    bagging_regressor::BAGGING_REGRESSOR,
    isolation_forest::ISOLATION_FOREST,
    random_forest::EXTRA_TREES_CLASSIFIER,
    random_forest::EXTRA_TREES_REGRESSOR,
    random_forest::RANDOM_FOREST_CLASSIFIER,
    random_forest::RANDOM_FOREST_REGRESSOR,
    gradient_boosting_classifier::GRADIENT_BOOSTING_CLASSIFIER,
    gradient_boosting_regressor::GRADIENT_BOOSTING_REGRESSOR,
    hist_gradient_boosting_classifier::HIST_GRADIENT_BOOSTING_CLASSIFIER,
    hist_gradient_boosting_regressor::HIST_GRADIENT_BOOSTING_REGRESSOR,
    random_trees_embedding::RANDOM_TREES_EMBEDDING,
    stacking_classifier::STACKING_CLASSIFIER,
    stacking_regressor::STACKING_REGRESSOR,
    voting_classifier::VOTING_CLASSIFIER,
    voting_regressor::VOTING_REGRESSOR,
];
