//! `sklearn.linear_model._ridge`: `Ridge` and `RidgeCV`.

use super::LinearRegressor;
use crate::model::{Class, class};

pub(crate) const RIDGE: Class = class! {
    /// Linear least squares with an l2 penalty.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._ridge.Ridge", "sklearn.linear_model.ridge.Ridge"],
    training_only: [
        "alpha", "copy_X", "fit_intercept", "max_iter", "n_iter_", "_normalize", "normalize", "positive",
        "random_state", "solver", "solver_", "tol",
    ],
    read: LinearRegressor::read,
};

pub(crate) const RIDGE_CV: Class = class! {
    /// Ridge regression with a penalty chosen by cross-validation.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._ridge.RidgeCV", "sklearn.linear_model.ridge.RidgeCV"],
    training_only: [
        "alpha_", "alpha_per_target", "alphas", "best_score_", "cv", "cv_results_", "cv_values_", "fit_intercept",
        "gcv_mode", "normalize", "scoring", "_store_cv_results", "store_cv_results", "store_cv_values",
    ],
    read: LinearRegressor::read,
};
