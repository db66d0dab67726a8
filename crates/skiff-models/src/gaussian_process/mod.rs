//! `sklearn.gaussian_process`.

#[expect(clippy::module_inception, reason = "scikit-learn's own name of the file")]
mod gaussian_process;
mod gaussian_process_classifier;
mod gaussian_process_regressor;
mod kernels;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    gaussian_process::GAUSSIAN_PROCESS,
    gaussian_process_classifier::BINARY_LAPLACE,
    gaussian_process_classifier::GAUSSIAN_PROCESS_CLASSIFIER,
    gaussian_process_regressor::GAUSSIAN_PROCESS_REGRESSOR,
];
