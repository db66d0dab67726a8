//! `sklearn.linear_model.PoissonRegressor`.

use skiff_plan::{Method, Output, ValueId};

use super::generalized_linear_model::{GeneralizedLinearModel, Link};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const POISSON_REGRESSOR: Class = class! {
    /// Generalised linear model with a Poisson distribution.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `exp(X · coef_ + intercept_)`.
    /// # Older versions
    /// There is none before 0.23; until 1.0 it had a `link`, which was always the logarithm.
    paths: ["sklearn.linear_model._glm.glm.PoissonRegressor"],
    read: PoissonRegressor::read,
};

/// A fitted `PoissonRegressor`.
#[derive(Debug)]
pub struct PoissonRegressor(GeneralizedLinearModel);

impl PoissonRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        match fields.string_or_none("link")?.as_deref() {
            None | Some("log") => GeneralizedLinearModel::read(fields, Link::Log).map(Self),
            Some(other) => Err(fields.unsupported("link", format!("`{other}`"))),
        }
    }
}

impl Estimator for PoissonRegressor {
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
}
