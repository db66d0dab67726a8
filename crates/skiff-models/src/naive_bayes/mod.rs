//! `sklearn.naive_bayes`.

mod bernoulli_nb;
mod categorical_nb;
mod complement_nb;
mod gaussian_nb;
mod joint_log_likelihood;
mod multinomial_nb;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[
    Entry::of::<bernoulli_nb::BernoulliNB>(),
    Entry::of::<categorical_nb::CategoricalNB>(),
    Entry::of::<complement_nb::ComplementNB>(),
    Entry::of::<gaussian_nb::GaussianNB>(),
    Entry::of::<multinomial_nb::MultinomialNB>(),
];
