//! `sklearn.linear_model.Perceptron`.

use super::LinearClassifier;
use crate::model::{Class, class};

pub(crate) const PERCEPTRON: Class = class! {
    /// Linear classifier fitted by the perceptron rule.
    ///
    /// # Reads
    /// `coef_` (dense, or sparse after `sparsify`), `intercept_`, `classes_`.
    /// # Predicts
    /// The class with the greatest of the scores `X · coef_ᵀ + intercept_`; of two classes the second where the only score
    /// is above 0. There are no probabilities.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._perceptron.Perceptron", "sklearn.linear_model.perceptron.Perceptron"],
    training_only: [
        "alpha", "average", "_average_coef", "average_coef_", "_average_intercept", "average_intercept_", "C",
        "class_weight", "early_stopping", "epsilon", "eta0", "_expanded_class_weight", "fit_intercept", "l1_ratio",
        "learning_rate", "loss", "loss_function", "_loss_function_", "loss_function_", "_max_iter", "max_iter",
        "n_iter", "n_iter_", "n_iter_no_change", "n_jobs", "penalty", "power_t", "random_state", "shuffle",
        "_standard_coef", "standard_coef_", "_standard_intercept", "standard_intercept_", "t_", "_tol", "tol",
        "validation_fraction", "verbose", "warm_start",
    ],
    read: LinearClassifier::read,
};
