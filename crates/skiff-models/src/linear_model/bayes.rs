//! `sklearn.linear_model._bayes`: `ARDRegression` and `BayesianRidge`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const ARD_REGRESSION: Class = class! {
    /// Bayesian regression with automatic relevance determination.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Not supported
    /// `return_std`.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._bayes.ARDRegression", "sklearn.linear_model.bayes.ARDRegression"],
    training_only: [
        "alpha_", "alpha_1", "alpha_2", "compute_score", "copy_X", "fit_intercept", "lambda_", "lambda_1", "lambda_2",
        "max_iter", "n_iter", "n_iter_", "_normalize", "normalize", "scores_", "sigma_", "threshold_lambda", "tol",
        "verbose", "X_offset_", "X_scale_",
    ],
    read: BayesianRegressor::read,
};

pub(crate) const BAYESIAN_RIDGE: Class = class! {
    /// Bayesian ridge regression.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column for each output.
    /// # Not supported
    /// `return_std`.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.linear_model._bayes.BayesianRidge", "sklearn.linear_model.bayes.BayesianRidge"],
    training_only: [
        "alpha_", "alpha_1", "alpha_2", "alpha_init", "compute_score", "copy_X", "fit_intercept", "lambda_",
        "lambda_1", "lambda_2", "lambda_init", "max_iter", "n_iter", "n_iter_", "_normalize", "normalize", "scores_",
        "sigma_", "tol", "verbose", "X_offset_", "X_scale_",
    ],
    read: BayesianRegressor::read,
};

/// A linear regressor whose `predict` has the parameter `return_std`.
#[derive(Debug)]
struct BayesianRegressor(LinearRegressor);

impl BayesianRegressor {
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        LinearRegressor::read(fields).map(Self)
    }
}

impl Estimator for BayesianRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if params.flag("return_std", false) {
            return plan.unsupported(method, "`return_std`");
        }
        self.0.lower(method, input, plan, params)
    }

    fn n_features_in(&self) -> Option<usize> {
        self.0.n_features_in()
    }

    fn scoring(&self) -> Option<Scoring> {
        self.0.scoring()
    }
}
