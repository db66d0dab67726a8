//! `sklearn.linear_model.SGDRegressor`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const SGD_REGRESSOR: Class = class! {
    /// Linear model fitted by stochastic gradient descent.
    ///
    /// # Reads
    /// `coef_` (dense, or sparse after `sparsify`), `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, flattened.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: [
        "sklearn.linear_model._stochastic_gradient.SGDRegressor",
        "sklearn.linear_model.stochastic_gradient.SGDRegressor",
    ],
    read: SGDRegressor::read,
};

/// A fitted `SGDRegressor`.
#[derive(Debug)]
pub struct SGDRegressor(LinearRegressor);

impl SGDRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "alpha",
            "average",
            "_average_coef",
            "average_coef_",
            "_average_intercept",
            "average_intercept_",
            "C",
            "early_stopping",
            "epsilon",
            "eta0",
            "fit_intercept",
            "l1_ratio",
            "learning_rate",
            "loss",
            "_max_iter",
            "max_iter",
            "n_iter",
            "n_iter_",
            "n_iter_no_change",
            "penalty",
            "power_t",
            "random_state",
            "shuffle",
            "_standard_coef",
            "standard_coef_",
            "_standard_intercept",
            "standard_intercept_",
            "t_",
            "_tol",
            "tol",
            "validation_fraction",
            "verbose",
            "warm_start",
        ]);
        LinearRegressor::read_single(fields).map(Self)
    }
}

impl Estimator for SGDRegressor {
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
