//! `sklearn.model_selection`.

mod grid_search_cv;
mod halving;
mod randomized_search_cv;
mod search;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[
    Entry::of::<grid_search_cv::GridSearchCV>(),
    Entry::of::<halving::HalvingGridSearchCV>(),
    Entry::of::<halving::HalvingRandomSearchCV>(),
    Entry::of::<randomized_search_cv::RandomizedSearchCV>(),
];
