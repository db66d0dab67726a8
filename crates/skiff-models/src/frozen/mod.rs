//! `sklearn.frozen`.

mod frozen_estimator;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[frozen_estimator::FROZEN_ESTIMATOR];
