//! `sklearn.linear_model.Lars`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const LARS: Class = class! {
    /// Least angle regression.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column of it for each output.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: ["sklearn.linear_model._least_angle.Lars", "sklearn.linear_model.least_angle.Lars"],
    read: Lars::read,
};

/// A fitted `Lars`.
#[derive(Debug)]
pub struct Lars(LinearRegressor);

impl Lars {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "active_",
            "alphas_",
            "coef_path_",
            "copy_X",
            "eps",
            "fit_intercept",
            "fit_path",
            "jitter",
            "method",
            "n_iter_",
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

impl Estimator for Lars {
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
