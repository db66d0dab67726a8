//! `sklearn.svm.LinearSVR`.

use crate::linear_model::LinearRegressor;
use crate::model::{Class, class};

pub(crate) const LINEAR_SVR: Class = class! {
    /// Linear support vector regression by liblinear.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ + intercept_`.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.svm._classes.LinearSVR", "sklearn.svm.classes.LinearSVR"],
    training_only: [
        "C", "dual", "epsilon", "fit_intercept", "intercept_scaling", "loss", "max_iter", "n_iter_", "random_state",
        "tol", "verbose",
    ],
    read: LinearRegressor::read,
};
