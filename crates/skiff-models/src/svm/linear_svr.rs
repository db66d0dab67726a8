//! `sklearn.svm.LinearSVR`.

use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::linear_model::LinearRegressor;
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const LINEAR_SVR: Class = class! {
    /// Linear support vector regression by liblinear.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ + intercept_`.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: ["sklearn.svm._classes.LinearSVR", "sklearn.svm.classes.LinearSVR"],
    read: LinearSVR::read,
};

/// A fitted `LinearSVR`.
#[derive(Debug)]
pub struct LinearSVR(LinearRegressor);

impl LinearSVR {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "C",
            "dual",
            "epsilon",
            "fit_intercept",
            "intercept_scaling",
            "loss",
            "max_iter",
            "n_iter_",
            "random_state",
            "tol",
            "verbose",
        ]);
        LinearRegressor::read(fields).map(Self)
    }
}

impl Estimator for LinearSVR {
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
