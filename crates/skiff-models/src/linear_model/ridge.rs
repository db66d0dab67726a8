//! `sklearn.linear_model.Ridge`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const RIDGE: Class = class! {
    /// Linear least squares with an l2 penalty.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column of it for each output.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: ["sklearn.linear_model._ridge.Ridge", "sklearn.linear_model.ridge.Ridge"],
    read: Ridge::read,
};

/// A fitted `Ridge`.
#[derive(Debug)]
pub struct Ridge(LinearRegressor);

impl Ridge {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "alpha",
            "copy_X",
            "fit_intercept",
            "max_iter",
            "n_iter_",
            "_normalize",
            "normalize",
            "positive",
            "random_state",
            "solver",
            "solver_",
            "tol",
        ]);
        LinearRegressor::read(fields).map(Self)
    }
}

impl Estimator for Ridge {
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
