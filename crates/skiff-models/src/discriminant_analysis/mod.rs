//! `sklearn.discriminant_analysis`.

mod linear_discriminant_analysis;
mod prediction_mixin;
mod quadratic_discriminant_analysis;

use crate::model::Class;

pub(crate) use prediction_mixin::DiscriminantScores;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    linear_discriminant_analysis::LINEAR_DISCRIMINANT_ANALYSIS,
    quadratic_discriminant_analysis::QUADRATIC_DISCRIMINANT_ANALYSIS,
];
