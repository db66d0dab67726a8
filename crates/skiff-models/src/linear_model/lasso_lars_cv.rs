//! `sklearn.linear_model.LassoLarsCV`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const LASSO_LARS_CV: Class = class! {
    /// Lasso by least angle regression, its penalty found by cross-validation.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column of it for each output.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: ["sklearn.linear_model._least_angle.LassoLarsCV", "sklearn.linear_model.least_angle.LassoLarsCV"],
    read: LassoLarsCV::read,
};

/// A fitted `LassoLarsCV`.
#[derive(Debug)]
pub struct LassoLarsCV(LinearRegressor);

impl LassoLarsCV {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "active_",
            "alpha_",
            "alphas_",
            "coef_path_",
            "copy_X",
            "cv",
            "cv_alphas_",
            "cv_mse_path_",
            "eps",
            "fit_intercept",
            "fit_path",
            "jitter",
            "max_iter",
            "max_n_alphas",
            "method",
            "mse_path_",
            "n_iter_",
            "n_jobs",
            "n_nonzero_coefs",
            "normalize",
            "positive",
            "precompute",
            "random_state",
            "verbose",
        ]);
        LinearRegressor::read(fields).map(Self)
    }
}

impl Estimator for LassoLarsCV {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        self.0.lower(method, input, plan)
    }

    fn n_features_in(&self) -> Option<usize> {
        self.0.n_features_in()
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
