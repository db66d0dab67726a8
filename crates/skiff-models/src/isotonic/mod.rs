//! `sklearn.isotonic`.

mod isotonic_regression;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[isotonic_regression::ISOTONIC_REGRESSION];
