//! `sklearn.linear_model.TheilSenRegressor`.

use super::LinearRegressor;
use crate::model::{Class, class};

pub(crate) const THEIL_SEN_REGRESSOR: Class = class! {
    /// Theil-Sen estimator: the spatial median of many least squares fits.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._theil_sen.TheilSenRegressor", "sklearn.linear_model.theil_sen.TheilSenRegressor"],
    training_only: [
        "breakdown_", "copy_X", "fit_intercept", "max_iter", "_max_subpopulation", "max_subpopulation", "n_iter_",
        "n_jobs", "n_subpopulation_", "n_subsamples", "random_state", "tol", "verbose",
    ],
    read: LinearRegressor::read,
};
