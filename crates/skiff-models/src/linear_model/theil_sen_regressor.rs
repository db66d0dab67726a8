//! `sklearn.linear_model.TheilSenRegressor`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const THEIL_SEN_REGRESSOR: Class = class! {
    /// Theil-Sen estimator: the spatial median of many least squares fits.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column of it for each output.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: ["sklearn.linear_model._theil_sen.TheilSenRegressor", "sklearn.linear_model.theil_sen.TheilSenRegressor"],
    read: TheilSenRegressor::read,
};

/// A fitted `TheilSenRegressor`.
#[derive(Debug)]
pub struct TheilSenRegressor(LinearRegressor);

impl TheilSenRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "breakdown_",
            "copy_X",
            "fit_intercept",
            "max_iter",
            "_max_subpopulation",
            "max_subpopulation",
            "n_iter_",
            "n_jobs",
            "n_subpopulation_",
            "n_subsamples",
            "random_state",
            "tol",
            "verbose",
        ]);
        LinearRegressor::read(fields).map(Self)
    }
}

impl Estimator for TheilSenRegressor {
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
