//! `sklearn.kernel_ridge`.

mod kernel_ridge_regression;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[kernel_ridge_regression::KERNEL_RIDGE];
