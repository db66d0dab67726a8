//! `sklearn.mixture`.

mod base_mixture;
mod bayesian_gaussian_mixture;
mod gaussian_mixture;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] =
    &[bayesian_gaussian_mixture::BAYESIAN_GAUSSIAN_MIXTURE, gaussian_mixture::GAUSSIAN_MIXTURE];
