//! `BaseWeightBoosting`: the common part of `AdaBoostClassifier` and `AdaBoostRegressor`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Dtype, SparseRule};
use skiff_plan::value::Value;
use skiff_plan::{Answer, Method, ValueId};

use crate::computed::{Attributes, Computed};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Refusal};
use crate::model::Model;

/// The estimators of the stages and their weights.
#[derive(Debug)]
pub(crate) struct AdaBoost {
    estimators: Vec<Arc<Model>>,
    /// `estimator_weights_`, those of `estimators_`: where boosting stopped early, more were made.
    pub(crate) weights: Vec<f64>,
    /// The sum of all `estimator_weights_`, in numpy's order.
    pub(crate) norm: f64,
    rule: ArrayRule,
    n_features: Option<usize>,
}

impl AdaBoost {
    pub(crate) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let estimators = fields.models("estimators_")?;
        if estimators.is_empty() {
            return Err(fields.damaged("estimators_", "no estimator"));
        }
        let mut weights = fields.vector("estimator_weights_")?;
        if weights.len() < estimators.len() {
            fields.expect_len("estimator_weights_", weights.len(), estimators.len())?;
        }
        let norm = skiff_plan::kernels::pairwise_sum::pairwise_sum(&weights);
        weights.truncate(estimators.len());
        // Before 0.21 rows had to be numbers, even if the estimators take other values.
        let rule = ArrayRule::FLOATS.sparse(SparseRule::Accept);
        let rule = if fields.before(0, 21) { rule.dtype(Dtype::Numeric) } else { rule.dtype(Dtype::Any) };
        fields.training_only(&[
            "base_estimator",
            "base_estimator_",
            "estimator",
            "estimator_",
            "estimator_errors_",
            "estimator_params",
            "learning_rate",
            "n_estimators",
            "random_state",
        ]);
        Ok(Self { estimators, weights, norm, rule, n_features: fields.header().n_features_in })
    }

    pub(crate) fn check(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        plan.check(input, self.rule, self.n_features)
    }

    /// The result of `method` of each estimator for the checked rows.
    pub(crate) fn each(&self, method: Method, x: ValueId, plan: &mut Lowering<'_>) -> Result<Vec<ValueId>, Refusal> {
        self.estimators.iter().map(|model| plan.inner_value(model, method, x)).collect()
    }

    pub(crate) fn n_features_in(&self) -> Option<usize> {
        self.n_features.or_else(|| self.estimators.first()?.n_features_in())
    }

    pub(crate) fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let all = self.estimators.iter().enumerate();
        all.map(|(index, model)| (format!("estimators_[{index}]"), Arc::clone(model))).collect()
    }

    /// `feature_importances_`: the weighted mean of the estimators'. `None` if they have none.
    pub(crate) fn importances(&self, boosting: &Attributes<'_>) -> Option<Computed> {
        let n_features = self.n_features_in()?;
        let mut sums = vec![0.0; n_features];
        for (model, weight) in self.estimators.iter().zip(&self.weights) {
            let Computed::Array(Answer::One(Value::Floats(importances, _), _)) =
                model.computed(boosting.graph(), "feature_importances_")?
            else {
                return None;
            };
            for (sum, importance) in sums.iter_mut().zip(importances.data.iter()) {
                *sum += weight * importance;
            }
        }
        Some(Computed::vector(sums.into_iter().map(|sum| sum / self.norm).collect()))
    }
}
