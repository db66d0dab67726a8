//! `sklearn.multiclass.OneVsOneClassifier`.

use std::sync::Arc;

use skiff_pickle::NodeId;
use skiff_plan::operators::{
    Argmax, ArrayRule, Concatenate, ConfidenceScale, Dtype, Finite, GreaterThan, Layout, PairwiseScores, SparseRule,
    TakeLabels,
};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::response::{binary_score, binary_threshold, column, predicted_numbers};
use crate::model::{Class, Estimator, Model, class, delegates_rows};

pub(crate) const ONE_VS_ONE_CLASSIFIER: Class = class! {
    /// A classifier for each pair of classes.
    ///
    /// # Reads
    /// `estimators_`, any supported classifiers or regressors, one for each pair; `classes_`.
    /// # Predicts
    /// Each pair votes for one of its classes; equal votes are decided by the sums of the confidences, which are brought
    /// into (-1/3, 1/3) and added to the votes: `decision_function`, of two classes the second's. The label is the class of
    /// the greatest score, the first of equals.
    /// # Not supported
    /// `pairwise_indices_`, of kernels that were computed before.
    /// # Older versions
    /// Before 0.19 two classes had a score each; before 0.21 the confidences were scaled by the greatest one of the whole
    /// table. Before 1.1 scores of two classes were compared with 0 even where they are probabilities; before 0.24 the rows were
    /// not validated.
    paths: ["sklearn.multiclass.OneVsOneClassifier"],
    training_only: ["estimator", "n_jobs"],
    read: OneVsOneClassifier::read,
};

/// A fitted `OneVsOneClassifier`.
#[derive(Debug)]
pub struct OneVsOneClassifier {
    /// `estimators_`
    models: Vec<Arc<Model>>,
    classes: Arc<Classes>,
    n_features: Option<usize>,
    age: Age,
}

/// What the versions did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    /// Before 0.19: two classes have a score each.
    Columns,
    /// Before 0.21: scaled by the whole table.
    Scaled,
    /// Before 1.0: rows are not validated.
    Unchecked,
    /// Before 1.1: compared with 0.
    Zero,
    Present,
}

impl OneVsOneClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let classes = fields.classes("classes_")?;
        let nodes: Vec<NodeId> = fields.list("estimators_")?;
        let path = fields.path_of("estimators_");
        let each = nodes.into_iter().enumerate();
        let models = each.map(|(index, node)| fields.model_at(node, format!("{path}[{index}]")));
        let models = models.collect::<Result<Vec<_>, _>>()?;
        let pairs = classes.len().saturating_mul(classes.len().saturating_sub(1)) / 2;
        fields.expect_len("estimators_", models.len(), pairs)?;
        if models.is_empty() {
            return Err(fields.damaged("estimators_", "no estimator"));
        }
        if fields.has("pairwise_indices_") {
            return Err(fields.unsupported("pairwise_indices_", "estimators of precomputed kernels"));
        }
        let ages = [(0, 19, Age::Columns), (0, 21, Age::Scaled), (1, 0, Age::Unchecked), (1, 1, Age::Zero)];
        let age = ages.into_iter().find(|(major, minor, _)| fields.before(*major, *minor));
        let age = age.map_or(Age::Present, |(.., age)| age);
        Ok(Self { models, classes, n_features: fields.header().n_features_in, age })
    }

    fn check(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        if self.age <= Age::Unchecked {
            return input;
        }
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).finite(Finite::Any).sparse(SparseRule::Accept);
        plan.check(input, rule, self.n_features)
    }

    /// A score for each class, or the second's of two.
    fn scores(&self, x: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let predictions = self.models.iter().map(|model| predicted_numbers(model, x, plan));
        let predictions = predictions.collect::<Result<Vec<_>, _>>()?;
        let confidences = self.models.iter().map(|model| binary_score(model, x, plan));
        let confidences = confidences.collect::<Result<Vec<_>, _>>()?;
        let predictions = plan.push(Concatenate { layout: Layout::Dense }, &predictions);
        let confidences = plan.push(Concatenate { layout: Layout::Dense }, &confidences);
        let classes = self.classes.len();
        let scale = if self.age <= Age::Scaled { ConfidenceScale::WholeTable } else { ConfidenceScale::Bounded };
        let scores = plan.push(PairwiseScores { classes, scale }, &[predictions, confidences]);
        Ok(if self.has_one_score() { column(scores, 1, plan) } else { scores })
    }

    /// Whether there is a score of the second class alone.
    fn has_one_score(&self) -> bool {
        self.classes.len() == 2 && self.age != Age::Columns
    }
}

impl Estimator for OneVsOneClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => {
                let x = self.check(input, plan);
                let bound = match (self.age, self.models.first()) {
                    (Age::Present, Some(first)) => binary_threshold(first, x, plan),
                    _ => 0.0,
                };
                let scores = self.scores(x, plan)?;
                let numbers = match self.has_one_score() {
                    true => plan.push(GreaterThan { bound }, &[scores]),
                    false => plan.push(Argmax, &[scores]),
                };
                Ok(Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers])))
            }
            Method::DecisionFunction => {
                let x = self.check(input, plan);
                let scores = self.scores(x, plan)?;
                Ok(if self.has_one_score() { Output::column(scores) } else { Output::matrix(scores) })
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let all = self.models.iter().enumerate();
        all.map(|(index, model)| (format!("estimators_[{index}]"), Arc::clone(model))).collect()
    }

    delegates_rows!(self => self.models.first());
}
