//! `sklearn.linear_model.HuberRegressor`.

use super::LinearRegressor;
use crate::model::{Class, class};

pub(crate) const HUBER_REGRESSOR: Class = class! {
    /// Linear regression that is robust to outliers.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.18, which introduced the class.
    paths: ["sklearn.linear_model._huber.HuberRegressor", "sklearn.linear_model.huber.HuberRegressor"],
    training_only: [
        "alpha", "epsilon", "fit_intercept", "max_iter", "n_iter_", "outliers_", "scale_", "tol", "warm_start",
    ],
    read: LinearRegressor::read,
};
