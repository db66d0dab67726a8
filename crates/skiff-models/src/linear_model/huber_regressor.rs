//! `sklearn.linear_model.HuberRegressor`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const HUBER_REGRESSOR: Class = class! {
    /// Linear regression that is robust to outliers.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column of it for each output.
    /// # Older versions
    /// The state has been the same since 0.18, when it began.
    paths: ["sklearn.linear_model._huber.HuberRegressor", "sklearn.linear_model.huber.HuberRegressor"],
    read: HuberRegressor::read,
};

/// A fitted `HuberRegressor`.
#[derive(Debug)]
pub struct HuberRegressor(LinearRegressor);

impl HuberRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "alpha",
            "epsilon",
            "fit_intercept",
            "max_iter",
            "n_iter_",
            "outliers_",
            "scale_",
            "tol",
            "warm_start",
        ]);
        LinearRegressor::read(fields).map(Self)
    }
}

impl Estimator for HuberRegressor {
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
