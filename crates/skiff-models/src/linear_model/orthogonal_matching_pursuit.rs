//! `sklearn.linear_model.OrthogonalMatchingPursuit`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const ORTHOGONAL_MATCHING_PURSUIT: Class = class! {
    /// Orthogonal matching pursuit.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column of it for each output.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: [
        "sklearn.linear_model._omp.OrthogonalMatchingPursuit",
        "sklearn.linear_model.omp.OrthogonalMatchingPursuit",
    ],
    read: OrthogonalMatchingPursuit::read,
};

/// A fitted `OrthogonalMatchingPursuit`.
#[derive(Debug)]
pub struct OrthogonalMatchingPursuit(LinearRegressor);

impl OrthogonalMatchingPursuit {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "fit_intercept",
            "n_iter_",
            "n_nonzero_coefs",
            "n_nonzero_coefs_",
            "normalize",
            "precompute",
            "tol",
        ]);
        LinearRegressor::read(fields).map(Self)
    }
}

impl Estimator for OrthogonalMatchingPursuit {
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
