//! `sklearn.linear_model.LinearRegression`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const LINEAR_REGRESSION: Class = class! {
    /// Ordinary least squares.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column of it for each output.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: ["sklearn.linear_model._base.LinearRegression", "sklearn.linear_model.base.LinearRegression"],
    read: LinearRegression::read,
};

/// A fitted `LinearRegression`.
#[derive(Debug)]
pub struct LinearRegression(LinearRegressor);

impl LinearRegression {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "copy_X",
            "fit_intercept",
            "n_jobs",
            "normalize",
            "positive",
            "rank_",
            "_residues",
            "residues_",
            "singular_",
            "tol",
        ]);
        LinearRegressor::read(fields).map(Self)
    }
}

impl Estimator for LinearRegression {
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
