//! `sklearn.ensemble.StackingRegressor`.

use std::sync::Arc;

use skiff_plan::{Method, Output, ValueId};

use super::heterogeneous::takes_rows_of;
use super::stacking::Stacking;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, Scoring, class};

pub(crate) const STACKING_REGRESSOR: Class = class! {
    /// A regressor on the predictions of other regressors.
    ///
    /// # Reads
    /// `estimators_` and `final_estimator_`, any supported ones; `stack_method_`, `passthrough`; the names in `estimators`, of
    /// which `'drop'` removes one.
    /// # Predicts
    /// The prediction of the final estimator for the result of `transform`.
    /// # Transforms
    /// The regressors' predictions side by side, and the rows themselves with `passthrough=True`.
    /// # Not supported
    /// What the inner estimators do not support.
    /// # Older versions
    /// New in 0.22.
    paths: ["sklearn.ensemble._stacking.StackingRegressor"],
    read: StackingRegressor::read,
};

/// A fitted `StackingRegressor`.
#[derive(Debug)]
pub struct StackingRegressor {
    stacking: Stacking,
}

impl StackingRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { stacking: Stacking::read(fields)? })
    }
}

impl Estimator for StackingRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => self.stacking.finish(method, false, input, plan, params),
            Method::Transform => Ok(Output::matrix(self.stacking.transform(false, input, plan)?)),
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        self.stacking.feature_names_out(header, input, "stackingregressor")
    }

    takes_rows_of!(self => self.stacking.estimators);

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.stacking.inner()
    }
}
