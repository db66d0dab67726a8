//! `sklearn.semi_supervised`.

mod label_propagation;
mod self_training_classifier;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    label_propagation::LABEL_PROPAGATION,
    label_propagation::LABEL_SPREADING,
    self_training_classifier::SELF_TRAINING_CLASSIFIER,
];
