//! `sklearn.mixture`.

mod base_mixture;
mod bayesian_gaussian_mixture;
mod dpgmm;
mod gaussian_mixture;
mod gmm;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    bayesian_gaussian_mixture::BAYESIAN_GAUSSIAN_MIXTURE,
    dpgmm::DPGMM,
    dpgmm::VBGMM,
    gaussian_mixture::GAUSSIAN_MIXTURE,
    gmm::GMM,
];
