//! `sklearn.ensemble.HistGradientBoostingClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{Argmax, BothSides, Elementwise, Function, GreaterThan, Softmax, TakeLabels};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::hist_gradient_boosting::{HistGradientBoosting, read_loss};
use crate::computed::{Attributes, Computed};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Model, class};

pub(crate) const HIST_GRADIENT_BOOSTING_CLASSIFIER: Class = class! {
    /// Histogram-based gradient boosting on the log loss.
    ///
    /// # Reads
    /// `_predictors`, `_baseline_prediction`, `classes_`, `_bin_mapper` and `_preprocessor` (categories).
    /// # Predicts
    /// Raw scores: `_baseline_prediction` and the value of each tree, in their order. Two classes have one score, whose
    /// logistic function is the second class's probability; more classes have one score each, with the softmax as probabilities.
    /// Missing values go to the side that the tree records, and so do unknown and negative categories.
    /// # Older versions
    /// Experimental until 0.24. Before 0.22 no value could be missing. Before 1.3 probabilities decided the label. Before 1.4
    /// categories were numbers from 0 to 255.
    paths: ["sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier"],
    read: HistGradientBoostingClassifier::read,
};

/// A fitted `HistGradientBoostingClassifier`.
#[derive(Debug)]
pub struct HistGradientBoostingClassifier {
    boosting: HistGradientBoosting,
    classes: Arc<Classes>,
    decision: Decision,
}

/// From scores to labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// A score above 0 is the second class; of several scores the greatest.
    Scores,
    /// The greatest probability, the first of equals.
    Probabilities,
}

impl HistGradientBoostingClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let classes = fields.classes("classes_")?;
        // `categorical_crossentropy` had a score for each of two classes as well.
        let columns = match (read_loss(fields)?.as_str(), classes.len()) {
            ("auto" | "log_loss" | "binary_crossentropy", 2) => 1,
            ("auto" | "log_loss" | "categorical_crossentropy", count @ 3..) => count,
            (loss, count) => return Err(fields.unsupported("loss", format!("`{loss}` with {count} classes"))),
        };
        let decision = if fields.before(1, 3) { Decision::Probabilities } else { Decision::Scores };
        Ok(Self { boosting: HistGradientBoosting::read(fields, columns)?, classes, decision })
    }

    fn is_binary(&self) -> bool {
        self.classes.len() == 2
    }

    fn probabilities(&self, scores: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        if !self.is_binary() {
            return plan.push(Softmax, &[scores]);
        }
        let second = plan.push(Elementwise { function: Function::Expit }, &[scores]);
        plan.push(BothSides::Complement, &[second])
    }

    fn label(&self, scores: ValueId, plan: &mut Lowering<'_>) -> Output {
        let numbers = match self.decision {
            Decision::Probabilities => {
                let probabilities = self.probabilities(scores, plan);
                plan.push(Argmax, &[probabilities])
            }
            Decision::Scores if self.is_binary() => plan.push(GreaterThan { bound: 0.0 }, &[scores]),
            Decision::Scores => plan.push(Argmax, &[scores]),
        };
        Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers]))
    }

    /// The result of `method` for raw scores.
    fn answer(&self, method: Method, scores: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        Ok(match method {
            Method::Predict | Method::StagedPredict => self.label(scores, plan),
            Method::PredictProba | Method::StagedPredictProba => Output::matrix(self.probabilities(scores, plan)),
            Method::DecisionFunction | Method::StagedDecisionFunction if self.is_binary() => Output::column(scores),
            Method::DecisionFunction | Method::StagedDecisionFunction => Output::matrix(scores),
            _ => return plan.no_method(method),
        })
    }
}

impl Estimator for HistGradientBoostingClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict | Method::PredictProba | Method::DecisionFunction => {
                let scores = self.boosting.scores(input, plan)?;
                self.answer(method, scores, plan)
            }
            Method::StagedPredict | Method::StagedPredictProba | Method::StagedDecisionFunction => {
                let stages = self.boosting.staged_scores(input, plan)?;
                let answers = stages.into_iter().map(|scores| self.answer(method, scores, plan));
                Ok(Output::List(answers.collect::<Result<_, _>>()?))
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.boosting.n_features())
    }

    fn selects_by_name(&self) -> bool {
        self.boosting.selects_by_name()
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.boosting.inner()
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        // One entry for each iteration.
        let compute = |boosting: &Attributes<'_>| boosting.items("_predictors").map(|all| Computed::Count(all.len()));
        vec![("n_iter_", Box::new(compute))]
    }
}
