//! `sklearn.linear_model.TweedieRegressor`.

use skiff_plan::{Method, Output, ValueId};

use super::generalized_linear_model::{GeneralizedLinearModel, Link};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const TWEEDIE_REGRESSOR: Class = class! {
    /// Generalised linear model with a Tweedie distribution.
    ///
    /// # Reads
    /// `coef_`, `intercept_`; `link` and `power` decide the link.
    /// # Predicts
    /// `exp(X · coef_ + intercept_)`, or without `exp` where the link is the identity: `'identity'`, or `'auto'` with a
    /// `power` of at most 0.
    /// # Older versions
    /// There is none before 0.23.
    paths: ["sklearn.linear_model._glm.glm.TweedieRegressor"],
    read: TweedieRegressor::read,
};

/// A fitted `TweedieRegressor`.
#[derive(Debug)]
pub struct TweedieRegressor(GeneralizedLinearModel);

impl TweedieRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let power = fields.float("power")?;
        let link = match fields.string("link")?.as_str() {
            "identity" => Link::Identity,
            "log" => Link::Log,
            "auto" if power <= 0.0 => Link::Identity,
            "auto" => Link::Log,
            other => return Err(fields.unsupported("link", format!("`{other}`"))),
        };
        GeneralizedLinearModel::read(fields, link).map(Self)
    }
}

impl Estimator for TweedieRegressor {
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
