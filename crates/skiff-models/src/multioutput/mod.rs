//! `sklearn.multioutput`.

mod chains;
mod multi_output;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    chains::CLASSIFIER_CHAIN,
    chains::REGRESSOR_CHAIN,
    multi_output::MULTI_OUTPUT_CLASSIFIER,
    multi_output::MULTI_OUTPUT_REGRESSOR,
];
