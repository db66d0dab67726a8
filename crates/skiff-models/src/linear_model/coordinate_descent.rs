//! `sklearn.linear_model._coordinate_descent`: `Lasso`, `ElasticNet`, and their cross-validated and multi-task forms.

use super::LinearRegressor;
use crate::model::{Class, class};

pub(crate) const ELASTIC_NET: Class = class! {
    /// Linear model with both an l1 and an l2 penalty, fitted by coordinate descent.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// Sparse rows are not checked for NaN and infinity, as in scikit-learn.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: [
        "sklearn.linear_model._coordinate_descent.ElasticNet",
        "sklearn.linear_model.coordinate_descent.ElasticNet",
    ],
    training_only: [
        "alpha", "copy_X", "dual_gap_", "fit_intercept", "l1_ratio", "max_iter", "n_iter_", "normalize", "positive",
        "precompute", "random_state", "selection", "tol", "warm_start",
    ],
    read: LinearRegressor::read_elastic_net,
};

pub(crate) const ELASTIC_NET_CV: Class = class! {
    /// Elastic net with penalties chosen by cross-validation.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: [
        "sklearn.linear_model._coordinate_descent.ElasticNetCV",
        "sklearn.linear_model.coordinate_descent.ElasticNetCV",
    ],
    training_only: [
        "alpha_", "_alphas", "alphas", "alphas_", "copy_X", "cv", "dual_gap_", "eps", "fit_intercept", "l1_ratio",
        "l1_ratio_", "max_iter", "mse_path_", "n_alphas", "n_iter_", "n_jobs", "normalize", "positive", "precompute",
        "random_state", "selection", "tol", "verbose",
    ],
    read: LinearRegressor::read,
};

pub(crate) const LASSO: Class = class! {
    /// Linear model with an l1 penalty, fitted by coordinate descent.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// Sparse rows are not checked for NaN and infinity, as in scikit-learn.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._coordinate_descent.Lasso", "sklearn.linear_model.coordinate_descent.Lasso"],
    training_only: [
        "alpha", "copy_X", "dual_gap_", "fit_intercept", "l1_ratio", "max_iter", "n_iter_", "normalize", "positive",
        "precompute", "random_state", "selection", "tol", "warm_start",
    ],
    read: LinearRegressor::read_elastic_net,
};

pub(crate) const LASSO_CV: Class = class! {
    /// Lasso with a penalty chosen by cross-validation.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._coordinate_descent.LassoCV", "sklearn.linear_model.coordinate_descent.LassoCV"],
    training_only: [
        "alpha_", "_alphas", "alphas", "alphas_", "copy_X", "cv", "dual_gap_", "eps", "fit_intercept", "max_iter",
        "mse_path_", "n_alphas", "n_iter_", "n_jobs", "normalize", "positive", "precompute", "random_state",
        "selection", "tol", "verbose",
    ],
    read: LinearRegressor::read,
};

pub(crate) const MULTI_TASK_ELASTIC_NET: Class = class! {
    /// Elastic net for several targets with jointly selected features.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// Sparse rows are not checked for NaN and infinity, as in scikit-learn.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: [
        "sklearn.linear_model._coordinate_descent.MultiTaskElasticNet",
        "sklearn.linear_model.coordinate_descent.MultiTaskElasticNet",
    ],
    training_only: [
        "alpha", "copy_X", "dual_gap_", "eps_", "fit_intercept", "l1_ratio", "max_iter", "n_iter_", "normalize",
        "random_state", "selection", "tol", "warm_start",
    ],
    read: LinearRegressor::read_elastic_net,
};

pub(crate) const MULTI_TASK_ELASTIC_NET_CV: Class = class! {
    /// Multi-task elastic net with penalties chosen by cross-validation.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: [
        "sklearn.linear_model._coordinate_descent.MultiTaskElasticNetCV",
        "sklearn.linear_model.coordinate_descent.MultiTaskElasticNetCV",
    ],
    training_only: [
        "alpha_", "_alphas", "alphas", "alphas_", "copy_X", "cv", "dual_gap_", "eps", "fit_intercept", "l1_ratio",
        "l1_ratio_", "max_iter", "mse_path_", "n_alphas", "n_iter_", "n_jobs", "normalize", "random_state",
        "selection", "tol", "verbose",
    ],
    read: LinearRegressor::read,
};

pub(crate) const MULTI_TASK_LASSO: Class = class! {
    /// Lasso for several targets with jointly selected features.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// Sparse rows are not checked for NaN and infinity, as in scikit-learn.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: [
        "sklearn.linear_model._coordinate_descent.MultiTaskLasso",
        "sklearn.linear_model.coordinate_descent.MultiTaskLasso",
    ],
    training_only: [
        "alpha", "copy_X", "dual_gap_", "eps_", "fit_intercept", "l1_ratio", "max_iter", "n_iter_", "normalize",
        "random_state", "selection", "tol", "warm_start",
    ],
    read: LinearRegressor::read_elastic_net,
};

pub(crate) const MULTI_TASK_LASSO_CV: Class = class! {
    /// Multi-task Lasso with a penalty chosen by cross-validation.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: [
        "sklearn.linear_model._coordinate_descent.MultiTaskLassoCV",
        "sklearn.linear_model.coordinate_descent.MultiTaskLassoCV",
    ],
    training_only: [
        "alpha_", "_alphas", "alphas", "alphas_", "copy_X", "cv", "dual_gap_", "eps", "fit_intercept", "max_iter",
        "mse_path_", "n_alphas", "n_iter_", "n_jobs", "normalize", "positive", "precompute", "random_state",
        "selection", "tol", "verbose",
    ],
    read: LinearRegressor::read,
};
