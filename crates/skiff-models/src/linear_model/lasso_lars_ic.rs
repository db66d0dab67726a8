//! `sklearn.linear_model.LassoLarsIC`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const LASSO_LARS_IC: Class = class! {
    /// Lasso by least angle regression, its penalty found by an information criterion.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column of it for each output.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: ["sklearn.linear_model._least_angle.LassoLarsIC", "sklearn.linear_model.least_angle.LassoLarsIC"],
    read: LassoLarsIC::read,
};

/// A fitted `LassoLarsIC`.
#[derive(Debug)]
pub struct LassoLarsIC(LinearRegressor);

impl LassoLarsIC {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "active_",
            "alpha",
            "alpha_",
            "alphas_",
            "coef_path_",
            "copy_X",
            "criterion",
            "criterion_",
            "eps",
            "fit_intercept",
            "fit_path",
            "jitter",
            "max_iter",
            "method",
            "n_iter_",
            "noise_variance",
            "noise_variance_",
            "normalize",
            "positive",
            "precompute",
            "random_state",
            "verbose",
        ]);
        LinearRegressor::read(fields).map(Self)
    }
}

impl Estimator for LassoLarsIC {
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
