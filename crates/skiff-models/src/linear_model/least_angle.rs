//! `sklearn.linear_model._least_angle`: `Lars`, `LassoLars`, and their cross-validated forms.

use super::LinearRegressor;
use crate::model::{Class, class};

pub(crate) const LARS: Class = class! {
    /// Least angle regression.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._least_angle.Lars", "sklearn.linear_model.least_angle.Lars"],
    training_only: [
        "active_", "alphas_", "coef_path_", "copy_X", "eps", "fit_intercept", "fit_path", "jitter", "method",
        "n_iter_", "n_nonzero_coefs", "normalize", "positive", "precompute", "random_state", "verbose",
    ],
    read: LinearRegressor::read,
};

pub(crate) const LARS_CV: Class = class! {
    /// Least angle regression with a path length chosen by cross-validation.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._least_angle.LarsCV", "sklearn.linear_model.least_angle.LarsCV"],
    training_only: [
        "active_", "alpha_", "alphas_", "coef_path_", "copy_X", "cv", "cv_alphas_", "cv_mse_path_", "eps",
        "fit_intercept", "fit_path", "jitter", "max_iter", "max_n_alphas", "method", "mse_path_", "n_iter_", "n_jobs",
        "n_nonzero_coefs", "normalize", "positive", "precompute", "random_state", "verbose",
    ],
    read: LinearRegressor::read,
};

pub(crate) const LASSO_LARS: Class = class! {
    /// Lasso, fitted by least angle regression.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._least_angle.LassoLars", "sklearn.linear_model.least_angle.LassoLars"],
    training_only: [
        "active_", "alpha", "alphas_", "coef_path_", "copy_X", "eps", "fit_intercept", "fit_path", "jitter",
        "max_iter", "method", "n_iter_", "normalize", "positive", "precompute", "random_state", "verbose",
    ],
    read: LinearRegressor::read,
};

pub(crate) const LASSO_LARS_CV: Class = class! {
    /// Lasso by least angle regression, with a penalty chosen by cross-validation.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._least_angle.LassoLarsCV", "sklearn.linear_model.least_angle.LassoLarsCV"],
    training_only: [
        "active_", "alpha_", "alphas_", "coef_path_", "copy_X", "cv", "cv_alphas_", "cv_mse_path_", "eps",
        "fit_intercept", "fit_path", "jitter", "max_iter", "max_n_alphas", "method", "mse_path_", "n_iter_", "n_jobs",
        "n_nonzero_coefs", "normalize", "positive", "precompute", "random_state", "verbose",
    ],
    read: LinearRegressor::read,
};

pub(crate) const LASSO_LARS_IC: Class = class! {
    /// Lasso by least angle regression, with a penalty chosen by an information criterion.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._least_angle.LassoLarsIC", "sklearn.linear_model.least_angle.LassoLarsIC"],
    training_only: [
        "active_", "alpha", "alpha_", "alphas_", "coef_path_", "copy_X", "criterion", "criterion_", "eps",
        "fit_intercept", "fit_path", "jitter", "max_iter", "method", "n_iter_", "noise_variance", "noise_variance_",
        "normalize", "positive", "precompute", "random_state", "verbose",
    ],
    read: LinearRegressor::read,
};
