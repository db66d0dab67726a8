//! `sklearn.linear_model.PassiveAggressiveRegressor`.

use super::LinearRegressor;
use crate::model::{Class, class};

pub(crate) const PASSIVE_AGGRESSIVE_REGRESSOR: Class = class! {
    /// Passive aggressive regression.
    ///
    /// # Reads
    /// `coef_` (dense, or sparse after `sparsify`), `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, flattened.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: [
        "sklearn.linear_model._passive_aggressive.PassiveAggressiveRegressor",
        "sklearn.linear_model.passive_aggressive.PassiveAggressiveRegressor",
    ],
    training_only: [
        "alpha", "average", "_average_coef", "average_coef_", "_average_intercept", "average_intercept_", "C",
        "early_stopping", "epsilon", "eta0", "fit_intercept", "l1_ratio", "learning_rate", "loss", "_max_iter",
        "max_iter", "n_iter", "n_iter_", "n_iter_no_change", "penalty", "power_t", "random_state", "shuffle",
        "_standard_coef", "standard_coef_", "_standard_intercept", "standard_intercept_", "t_", "_tol", "tol",
        "validation_fraction", "verbose", "warm_start",
    ],
    read: LinearRegressor::read_single,
};
