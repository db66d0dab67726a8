//! `sklearn.linear_model._glm`: `GammaRegressor`, `PoissonRegressor` and `TweedieRegressor`.

use skiff_plan::operators::{ArrayRule, Elementwise, Function, SparseRule};
use skiff_plan::value::Precision;
use skiff_plan::{Method, Output, Rank, ValueId};

use super::Coefficients;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const GAMMA_REGRESSOR: Class = class! {
    /// Generalized linear model with a Gamma distribution.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `exp(X · coef_ + intercept_)`.
    /// # Older versions
    /// New in 0.23; until 1.0 it had a `link`, which was always the logarithm.
    paths: ["sklearn.linear_model._glm.glm.GammaRegressor"],
    read: GeneralizedLinearModel::read_gamma,
};

pub(crate) const POISSON_REGRESSOR: Class = class! {
    /// Generalized linear model with a Poisson distribution.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `exp(X · coef_ + intercept_)`.
    /// # Older versions
    /// New in 0.23; until 1.0 it had a `link`, which was always the logarithm.
    paths: ["sklearn.linear_model._glm.glm.PoissonRegressor"],
    read: GeneralizedLinearModel::read_poisson,
};

pub(crate) const TWEEDIE_REGRESSOR: Class = class! {
    /// Generalized linear model with a Tweedie distribution.
    ///
    /// # Reads
    /// `coef_`, `intercept_`; `link` and `power` decide the link.
    /// # Predicts
    /// `exp(X · coef_ + intercept_)`, or without `exp` where the link is the identity: `'identity'`, or `'auto'` with a
    /// `power` of at most 0.
    /// # Older versions
    /// New in 0.23.
    paths: ["sklearn.linear_model._glm.glm.TweedieRegressor"],
    read: GeneralizedLinearModel::read_tweedie,
};

/// `coef_`, `intercept_` and the inverse link.
#[derive(Debug)]
struct GeneralizedLinearModel {
    coefficients: Coefficients,
    link: Link,
    /// Of the Tweedie deviance that it was fitted by.
    power: f64,
}

/// How the mean follows from the linear predictor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// The mean is the linear predictor.
    Identity,
    /// The mean is the exponential of the linear predictor.
    Log,
}

impl GeneralizedLinearModel {
    fn read_gamma(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Self::read_log(fields, 2.0)
    }

    fn read_poisson(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Self::read_log(fields, 1.0)
    }

    /// Reads a model whose link is always the logarithm.
    fn read_log(fields: &Fields<'_, '_>, power: f64) -> Result<Self, ReadError> {
        match fields.string_or_none("link")?.as_deref() {
            None | Some("log") => Self::read(fields, Link::Log, power),
            Some(other) => Err(fields.unsupported("link", format!("`{other}`"))),
        }
    }

    /// Reads a model whose link is a parameter; `auto` means what suits `power`.
    fn read_tweedie(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let power = fields.float("power")?;
        let link = match fields.string("link")?.as_str() {
            "identity" => Link::Identity,
            "log" => Link::Log,
            "auto" if power <= 0.0 => Link::Identity,
            "auto" => Link::Log,
            other => return Err(fields.unsupported("link", format!("`{other}`"))),
        };
        Self::read(fields, link, power)
    }

    /// Reads `coef_` and `intercept_`.
    fn read(fields: &Fields<'_, '_>, link: Link, power: f64) -> Result<Self, ReadError> {
        fields.training_only(&[
            "_base_loss",
            "_family_instance",
            "_link_instance",
            "alpha",
            "fit_intercept",
            "max_iter",
            "n_iter_",
            "solver",
            "tol",
            "verbose",
            "warm_start",
        ]);
        let coefficients = Coefficients::read(fields)?;
        match coefficients.rank {
            Rank::One => Ok(Self { coefficients, link, power }),
            _ => Err(fields.unexpected("coef_", "an array of one dimension")),
        }
    }
}

impl Estimator for GeneralizedLinearModel {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Predict {
            return plan.no_method(method);
        }
        let rule = ArrayRule::FLOATS.half(Precision::Double).sparse(SparseRule::Accept);
        let x = plan.check(input, rule, self.coefficients.n_features());
        let mut mean = self.coefficients.of_checked(x, plan);
        if self.link == Link::Log {
            mean = plan.push(Elementwise { function: Function::Exp }, &[mean]);
        }
        Ok(Output::column(mean))
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::D2(self.power))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.coefficients.n_features())
    }
}
