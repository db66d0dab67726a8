//! `sklearn.frozen.FrozenEstimator`.

use std::sync::Arc;

use skiff_plan::value::Classes;
use skiff_plan::{Answer, Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, Scoring, class, delegates_rows};

pub(crate) const FROZEN_ESTIMATOR: Class = class! {
    /// A fitted estimator that `fit` does not change.
    ///
    /// # Reads
    /// `estimator`, any supported one.
    /// # Predicts
    /// Each method of that estimator.
    /// # Transforms
    /// The same.
    /// # Older versions
    /// New in 1.6.
    paths: ["sklearn.frozen._frozen.FrozenEstimator"],
    read: FrozenEstimator::read,
};

/// A fitted `FrozenEstimator`.
#[derive(Debug)]
pub struct FrozenEstimator {
    model: Arc<Model>,
}

impl FrozenEstimator {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { model: fields.model("estimator")? })
    }
}

impl Estimator for FrozenEstimator {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        plan.inner(&self.model, method, input, params)
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.model.estimator().classes()
    }

    fn feature_names_out(&self, _header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        self.model.feature_names_out(Some(input))
    }

    fn without_rows(&self, method: &str, params: &Params) -> Option<Answer> {
        self.model.estimator().without_rows(method, params)
    }

    fn scoring(&self) -> Option<Scoring> {
        self.model.estimator().scoring()
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![("estimator".to_owned(), Arc::clone(&self.model))]
    }

    delegates_rows!(self => Some(&self.model));
}
