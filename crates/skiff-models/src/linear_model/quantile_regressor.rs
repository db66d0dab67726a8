//! `sklearn.linear_model.QuantileRegressor`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const QUANTILE_REGRESSOR: Class = class! {
    /// Linear regression of a quantile.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column of it for each output.
    /// # Older versions
    /// There is none before 1.0.
    paths: ["sklearn.linear_model._quantile.QuantileRegressor"],
    read: QuantileRegressor::read,
};

/// A fitted `QuantileRegressor`.
#[derive(Debug)]
pub struct QuantileRegressor(LinearRegressor);

impl QuantileRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&["alpha", "fit_intercept", "n_iter_", "quantile", "solver", "solver_options"]);
        LinearRegressor::read(fields).map(Self)
    }
}

impl Estimator for QuantileRegressor {
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
