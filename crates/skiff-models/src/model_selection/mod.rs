//! `sklearn.model_selection`.

mod classification_threshold;
mod grid_search_cv;
mod halving;
mod randomized_search_cv;
mod search;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    classification_threshold::FIXED_THRESHOLD_CLASSIFIER,
    classification_threshold::TUNED_THRESHOLD_CLASSIFIER_CV,
    grid_search_cv::GRID_SEARCH_CV,
    halving::HALVING_GRID_SEARCH_CV,
    halving::HALVING_RANDOM_SEARCH_CV,
    randomized_search_cv::RANDOMIZED_SEARCH_CV,
];
