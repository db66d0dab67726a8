//! `sklearn.kernel_approximation`.

mod additive_chi2_sampler;
mod kernel;
mod nystroem;
mod polynomial_count_sketch;
mod random_features;

use crate::model::Class;

pub(crate) use kernel::FittedKernel;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    additive_chi2_sampler::ADDITIVE_CHI2_SAMPLER,
    nystroem::NYSTROEM,
    polynomial_count_sketch::POLYNOMIAL_COUNT_SKETCH,
    random_features::RBF_SAMPLER,
    random_features::SKEWED_CHI2_SAMPLER,
];
