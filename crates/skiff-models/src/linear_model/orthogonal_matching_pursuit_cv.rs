//! `sklearn.linear_model.OrthogonalMatchingPursuitCV`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const ORTHOGONAL_MATCHING_PURSUIT_CV: Class = class! {
    /// Orthogonal matching pursuit whose number of coefficients was found by cross-validation.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column of it for each output.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: [
        "sklearn.linear_model._omp.OrthogonalMatchingPursuitCV",
        "sklearn.linear_model.omp.OrthogonalMatchingPursuitCV",
    ],
    read: OrthogonalMatchingPursuitCV::read,
};

/// A fitted `OrthogonalMatchingPursuitCV`.
#[derive(Debug)]
pub struct OrthogonalMatchingPursuitCV(LinearRegressor);

impl OrthogonalMatchingPursuitCV {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "copy",
            "cv",
            "fit_intercept",
            "max_iter",
            "n_iter_",
            "n_jobs",
            "n_nonzero_coefs_",
            "normalize",
            "verbose",
        ]);
        LinearRegressor::read(fields).map(Self)
    }
}

impl Estimator for OrthogonalMatchingPursuitCV {
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
