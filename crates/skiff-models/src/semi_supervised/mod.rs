//! `sklearn.semi_supervised`.

mod self_training_classifier;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[self_training_classifier::SELF_TRAINING_CLASSIFIER];
