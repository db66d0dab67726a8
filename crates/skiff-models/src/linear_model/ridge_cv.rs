//! `sklearn.linear_model.RidgeCV`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const RIDGE_CV: Class = class! {
    /// Ridge regression whose penalty was found by cross-validation.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column of it for each output.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: ["sklearn.linear_model._ridge.RidgeCV", "sklearn.linear_model.ridge.RidgeCV"],
    read: RidgeCV::read,
};

/// A fitted `RidgeCV`.
#[derive(Debug)]
pub struct RidgeCV(LinearRegressor);

impl RidgeCV {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "alpha_",
            "alpha_per_target",
            "alphas",
            "best_score_",
            "cv",
            "cv_results_",
            "cv_values_",
            "fit_intercept",
            "gcv_mode",
            "normalize",
            "scoring",
            "_store_cv_results",
            "store_cv_results",
            "store_cv_values",
        ]);
        LinearRegressor::read(fields).map(Self)
    }
}

impl Estimator for RidgeCV {
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
