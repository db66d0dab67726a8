//! `sklearn.impute`.

mod missing;
mod missing_indicator;
mod simple_imputer;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[missing_indicator::MISSING_INDICATOR, simple_imputer::SIMPLE_IMPUTER];
