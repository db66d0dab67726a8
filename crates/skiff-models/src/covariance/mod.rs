//! `sklearn.covariance`.

mod elliptic_envelope;
mod estimated_covariance;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    elliptic_envelope::ELLIPTIC_ENVELOPE,
    estimated_covariance::EMPIRICAL_COVARIANCE,
    estimated_covariance::GRAPHICAL_LASSO,
    estimated_covariance::GRAPHICAL_LASSO_CV,
    estimated_covariance::LEDOIT_WOLF,
    estimated_covariance::MIN_COV_DET,
    estimated_covariance::OAS,
    estimated_covariance::SHRUNK_COVARIANCE,
];
