//! `sklearn.multiclass`.

mod binary;
mod one_vs_one_classifier;
mod one_vs_rest_classifier;
mod output_code_classifier;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    one_vs_one_classifier::ONE_VS_ONE_CLASSIFIER,
    one_vs_rest_classifier::ONE_VS_REST_CLASSIFIER,
    output_code_classifier::OUTPUT_CODE_CLASSIFIER,
];
