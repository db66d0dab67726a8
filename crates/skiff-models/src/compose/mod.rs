//! `sklearn.compose`.

mod column_transformer;
mod columns;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[column_transformer::COLUMN_TRANSFORMER];
