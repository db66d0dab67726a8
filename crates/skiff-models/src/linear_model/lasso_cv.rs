//! `sklearn.linear_model.LassoCV`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const LASSO_CV: Class = class! {
    /// Lasso whose penalty was found by cross-validation.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column of it for each output.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: ["sklearn.linear_model._coordinate_descent.LassoCV", "sklearn.linear_model.coordinate_descent.LassoCV"],
    read: LassoCV::read,
};

/// A fitted `LassoCV`.
#[derive(Debug)]
pub struct LassoCV(LinearRegressor);

impl LassoCV {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "alpha_",
            "_alphas",
            "alphas",
            "alphas_",
            "copy_X",
            "cv",
            "dual_gap_",
            "eps",
            "fit_intercept",
            "max_iter",
            "mse_path_",
            "n_alphas",
            "n_iter_",
            "n_jobs",
            "normalize",
            "positive",
            "precompute",
            "random_state",
            "selection",
            "tol",
            "verbose",
        ]);
        LinearRegressor::read(fields).map(Self)
    }
}

impl Estimator for LassoCV {
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
