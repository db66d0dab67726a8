//! `sklearn.neural_network`.

mod bernoulli_rbm;
mod mlp_classifier;
mod mlp_regressor;
mod multilayer_perceptron;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] =
    &[bernoulli_rbm::BERNOULLI_RBM, mlp_classifier::MLP_CLASSIFIER, mlp_regressor::MLP_REGRESSOR];
