//! `sklearn.calibration`.

mod calibrated_classifier_cv;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[calibrated_classifier_cv::CALIBRATED_CLASSIFIER_CV];
