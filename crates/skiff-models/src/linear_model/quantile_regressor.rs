//! `sklearn.linear_model.QuantileRegressor`.

use super::LinearRegressor;
use crate::model::{Class, class};

pub(crate) const QUANTILE_REGRESSOR: Class = class! {
    /// Linear regression of a quantile.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// New in 1.0.
    paths: ["sklearn.linear_model._quantile.QuantileRegressor"],
    training_only: ["alpha", "fit_intercept", "n_iter_", "quantile", "solver", "solver_options"],
    read: LinearRegressor::read,
};
