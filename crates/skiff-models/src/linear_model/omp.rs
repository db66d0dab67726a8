//! `sklearn.linear_model._omp`: `OrthogonalMatchingPursuit` and its cross-validated form.

use super::LinearRegressor;
use crate::model::{Class, class};

pub(crate) const ORTHOGONAL_MATCHING_PURSUIT: Class = class! {
    /// Orthogonal matching pursuit.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: [
        "sklearn.linear_model._omp.OrthogonalMatchingPursuit",
        "sklearn.linear_model.omp.OrthogonalMatchingPursuit",
    ],
    training_only: [
        "fit_intercept", "n_iter_", "n_nonzero_coefs", "n_nonzero_coefs_", "normalize", "precompute", "tol",
    ],
    read: LinearRegressor::read,
};

pub(crate) const ORTHOGONAL_MATCHING_PURSUIT_CV: Class = class! {
    /// Orthogonal matching pursuit with a number of coefficients chosen by cross-validation.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: [
        "sklearn.linear_model._omp.OrthogonalMatchingPursuitCV",
        "sklearn.linear_model.omp.OrthogonalMatchingPursuitCV",
    ],
    training_only: [
        "copy", "cv", "fit_intercept", "max_iter", "n_iter_", "n_jobs", "n_nonzero_coefs_", "normalize", "verbose",
    ],
    read: LinearRegressor::read,
};
