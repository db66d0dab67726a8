//! `sklearn.semi_supervised.SelfTrainingClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Dtype, Finite, SparseRule};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, class};

pub(crate) const SELF_TRAINING_CLASSIFIER: Class = class! {
    /// A classifier that was fitted to its own most certain labels as well.
    ///
    /// # Reads
    /// `estimator_`, `base_estimator_` before 1.6: any supported classifier.
    /// # Predicts
    /// Each method of that classifier.
    /// # Older versions
    /// New in 0.24, which did not validate rows itself.
    paths: ["sklearn.semi_supervised._self_training.SelfTrainingClassifier"],
    training_only: ["base_estimator", "classes_", "criterion", "estimator", "k_best", "labeled_iter_", "max_iter", "n_iter_",
        "termination_condition_", "threshold", "transduction_", "verbose"],
    read: SelfTrainingClassifier::read,
};

/// A fitted `SelfTrainingClassifier`.
#[derive(Debug)]
pub struct SelfTrainingClassifier {
    model: Arc<Model>,
    name: &'static str,
    /// Since 1.0.
    checks_rows: bool,
}

impl SelfTrainingClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let name = if fields.has("base_estimator_") { "base_estimator_" } else { "estimator_" };
        Ok(Self { model: fields.model(name)?, name, checks_rows: !fields.before(1, 0) })
    }
}

impl Estimator for SelfTrainingClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict | Method::PredictProba | Method::PredictLogProba | Method::DecisionFunction => {
                let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).finite(Finite::Any).sparse(SparseRule::Accept);
                let x = if self.checks_rows { plan.check(input, rule, None) } else { input };
                plan.inner(&self.model, method, x, params)
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.model.estimator().classes()
    }

    fn n_features_in(&self) -> Option<usize> {
        self.model.n_features_in()
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![(self.name.to_owned(), Arc::clone(&self.model))]
    }
}
