//! `_GeneralizedLinearRegressor`: what the generalised linear models share.

use skiff_plan::operators::{ArrayRule, Elementwise, Function, SparseRule};
use skiff_plan::{Method, Output, Rank, ValueId};

use super::Coefficients;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Refusal};

/// `coef_`, `intercept_` and the inverse link.
#[derive(Debug)]
pub(super) struct GeneralizedLinearModel {
    coefficients: Coefficients,
    link: Link,
}

/// How the mean follows from the linear predictor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// The mean is the linear predictor.
    Identity,
    /// The mean is the exponential of the linear predictor.
    Log,
}

impl GeneralizedLinearModel {
    /// Reads `coef_` and `intercept_`.
    pub(super) fn read(fields: &Fields<'_, '_>, link: Link) -> Result<Self, ReadError> {
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
            Rank::One => Ok(Self { coefficients, link }),
            _ => Err(fields.unexpected("coef_", "an array of one dimension")),
        }
    }

    /// The only method there is.
    pub(super) fn lower(&self, method: Method, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        if method != Method::Predict {
            return plan.no_method(method);
        }
        let x = plan.check(input, ArrayRule::FLOATS.sparse(SparseRule::Accept), self.coefficients.n_features());
        let mut mean = self.coefficients.of_checked(x, plan);
        if self.link == Link::Log {
            mean = plan.push(Elementwise { function: Function::Exp }, &[mean]);
        }
        Ok(Output::column(mean))
    }

    /// How many columns a row needs.
    pub(super) fn n_features_in(&self) -> Option<usize> {
        Some(self.coefficients.n_features())
    }
}
