//! `sklearn.naive_bayes`.

mod bernoulli_nb;
mod categorical_nb;
mod complement_nb;
mod gaussian_nb;
mod joint_log_likelihood;
mod multinomial_nb;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    bernoulli_nb::BERNOULLI_NB,
    categorical_nb::CATEGORICAL_NB,
    complement_nb::COMPLEMENT_NB,
    gaussian_nb::GAUSSIAN_NB,
    multinomial_nb::MULTINOMIAL_NB,
];
