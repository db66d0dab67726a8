//! `sklearn.linear_model.LinearRegression`.

use super::LinearRegressor;
use crate::model::{Class, class};

pub(crate) const LINEAR_REGRESSION: Class = class! {
    /// Ordinary least squares.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._base.LinearRegression", "sklearn.linear_model.base.LinearRegression"],
    training_only: [
        "copy_X", "fit_intercept", "n_jobs", "normalize", "positive", "rank_", "_residues", "residues_", "singular_",
        "tol",
    ],
    read: LinearRegressor::read,
};
