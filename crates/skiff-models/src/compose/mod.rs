//! `sklearn.compose`.

mod column_transformer;
mod columns;
mod transformed_target_regressor;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] =
    &[column_transformer::COLUMN_TRANSFORMER, transformed_target_regressor::TRANSFORMED_TARGET_REGRESSOR];
