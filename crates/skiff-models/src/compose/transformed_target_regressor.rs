//! `sklearn.compose.TransformedTargetRegressor`.

use std::sync::Arc;

use skiff_plan::{Method, Output, Rank, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, Scoring, class, delegates_rows};

pub(crate) const TRANSFORMED_TARGET_REGRESSOR: Class = class! {
    /// A regressor of transformed targets.
    ///
    /// # Reads
    /// `regressor_` and `transformer_`, any supported ones; `_training_dim`.
    /// # Predicts
    /// `transformer_.inverse_transform` of the regressor's prediction: a column if the training targets were a column.
    /// # Not supported
    /// User functions as `func` and `inverse_func`, unless they are registered; numpy's are supported.
    /// # Older versions
    /// New in 0.20.
    paths: ["sklearn.compose._target.TransformedTargetRegressor"],
    training_only: ["check_inverse", "func", "inverse_func", "regressor", "transformer"],
    read: TransformedTargetRegressor::read,
};

/// A fitted `TransformedTargetRegressor`.
#[derive(Debug)]
pub struct TransformedTargetRegressor {
    regressor: Arc<Model>,
    transformer: Arc<Model>,
    /// `_training_dim` is 1.
    flat: bool,
}

impl TransformedTargetRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let (regressor, transformer) = (fields.model("regressor_")?, fields.model("transformer_")?);
        Ok(Self { regressor, transformer, flat: fields.int("_training_dim")? == 1 })
    }
}

impl Estimator for TransformedTargetRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Predict {
            return plan.no_method(method);
        }
        let Output::One(predictions, _) = plan.inner(&self.regressor, method, input, params)? else {
            return plan.unsupported(method, "a regressor that returns a tuple");
        };
        let targets = plan.inner_value(&self.transformer, Method::InverseTransform, predictions)?;
        Ok(Output::One(targets, if self.flat { Rank::OneOrTwo } else { Rank::Two }))
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![
            ("regressor_".to_owned(), Arc::clone(&self.regressor)),
            ("transformer_".to_owned(), Arc::clone(&self.transformer)),
        ]
    }

    delegates_rows!(self => Some(&self.regressor));
}
