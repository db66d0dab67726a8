//! `sklearn.model_selection`.

mod grid_search_cv;
mod halving;
mod randomized_search_cv;
mod search;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    grid_search_cv::GRID_SEARCH_CV,
    halving::HALVING_GRID_SEARCH_CV,
    halving::HALVING_RANDOM_SEARCH_CV,
    randomized_search_cv::RANDOMIZED_SEARCH_CV,
];
