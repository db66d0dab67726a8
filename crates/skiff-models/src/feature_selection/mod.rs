//! `sklearn.feature_selection`.

mod allow_nan;
pub(crate) mod old_selector;
mod rfe;
mod select_from_model;
pub(crate) mod selector_mixin;
mod univariate_selection;
mod variance_threshold;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    rfe::RFE,
    rfe::RFECV,
    rfe::SEQUENTIAL_FEATURE_SELECTOR,
    select_from_model::SELECT_FROM_MODEL,
    univariate_selection::GENERIC_UNIVARIATE_SELECT,
    univariate_selection::SELECT_FDR,
    univariate_selection::SELECT_FPR,
    univariate_selection::SELECT_FWE,
    univariate_selection::SELECT_K_BEST,
    univariate_selection::SELECT_PERCENTILE,
    variance_threshold::VARIANCE_THRESHOLD,
];
