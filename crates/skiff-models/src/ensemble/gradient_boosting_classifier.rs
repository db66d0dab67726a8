//! `sklearn.ensemble.GradientBoostingClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{Argmax, AtLeast, BothSides, Elementwise, Function, Softmax, StartLink, TakeLabels};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, Rank, ValueId};

use super::gradient_boosting::GradientBoosting;
use crate::computed::Attributes;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Model, class};
use crate::tree::importances;

pub(crate) const GRADIENT_BOOSTING_CLASSIFIER: Class = class! {
    /// Gradient boosting of regression trees on the log loss or the exponential loss.
    ///
    /// # Reads
    /// `estimators_`, `learning_rate`, `init_`, `classes_`; `loss` decides the link.
    /// # Predicts
    /// Raw scores: the prediction of `init_`, on the loss's scale, plus `learning_rate` times each tree's value, stage by stage. Two
    /// classes have one score, whose logistic function is the second class's probability (of twice the score for the
    /// exponential loss); more classes have one score each, with the softmax as probabilities.
    /// # Older versions
    /// Before 1.4 a score of exactly 0 meant the first class under the log loss, and probabilities decided the label.
    /// Before 0.21 `init_` was a special class for each loss, and another estimator returned raw scores.
    paths: [
        "sklearn.ensemble._gb.GradientBoostingClassifier",
        "sklearn.ensemble.gradient_boosting.GradientBoostingClassifier",
    ],
    read: GradientBoostingClassifier::read,
};

/// A fitted `GradientBoostingClassifier`.
#[derive(Debug)]
pub struct GradientBoostingClassifier {
    boosting: GradientBoosting,
    classes: Arc<Classes>,
    link: Link,
    decision: Decision,
}

/// From scores to probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Logistic,
    /// The logistic function of twice the score.
    HalfLogistic,
    Softmax,
}

/// From scores to labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// A score of 0 and more is the second class; of several scores the greatest.
    Scores,
    /// The greatest probability, the first of equals.
    Probabilities,
}

impl GradientBoostingClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let classes = fields.classes("classes_")?;
        let (link, start) = match (fields.string("loss")?.as_str(), classes.len()) {
            ("exponential", 2) => (Link::HalfLogistic, StartLink::HalfLogit),
            ("deviance" | "log_loss", 2) => (Link::Logistic, StartLink::Logit),
            ("deviance" | "log_loss", 3..) if fields.before(1, 4) => (Link::Softmax, StartLink::Log),
            ("deviance" | "log_loss", 3..) => (Link::Softmax, StartLink::SymmetricLog),
            (loss, count) => return Err(fields.unsupported("loss", format!("`{loss}` with {count} classes"))),
        };
        let boosting = GradientBoosting::read(fields, Some(start))?;
        let columns = if link == Link::Softmax { classes.len() } else { 1 };
        fields.expect_len("estimators_", boosting.columns, columns)?;
        let decision = match link {
            Link::Logistic | Link::Softmax if fields.before(1, 4) => Decision::Probabilities,
            _ => Decision::Scores,
        };
        Ok(Self { boosting, classes, link, decision })
    }

    fn probabilities(&self, scores: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let expit = Elementwise { function: Function::Expit };
        let second = match self.link {
            Link::Softmax => return plan.push(Softmax, &[scores]),
            Link::Logistic => plan.push(expit, &[scores]),
            Link::HalfLogistic => {
                let twice = plan.push(Elementwise { function: Function::Multiply(2.0) }, &[scores]);
                plan.push(expit, &[twice])
            }
        };
        plan.push(BothSides::Complement, &[second])
    }

    fn label(&self, scores: ValueId, plan: &mut Lowering<'_>) -> Output {
        let numbers = match (self.decision, self.link) {
            (Decision::Probabilities, _) => {
                let probabilities = self.probabilities(scores, plan);
                plan.push(Argmax, &[probabilities])
            }
            (Decision::Scores, Link::Softmax) => plan.push(Argmax, &[scores]),
            (Decision::Scores, _) => plan.push(AtLeast { bound: 0.0 }, &[scores]),
        };
        Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers]))
    }

    /// The result of `method` for raw scores.
    fn answer(&self, method: Method, scores: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        Ok(match method {
            Method::Predict | Method::StagedPredict => self.label(scores, plan),
            Method::PredictProba | Method::StagedPredictProba => Output::matrix(self.probabilities(scores, plan)),
            Method::PredictLogProba => {
                let probabilities = self.probabilities(scores, plan);
                Output::matrix(plan.push(Elementwise { function: Function::Log }, &[probabilities]))
            }
            Method::DecisionFunction if self.link != Link::Softmax => Output::column(scores),
            Method::DecisionFunction | Method::StagedDecisionFunction => Output::matrix(scores),
            _ => return plan.no_method(method),
        })
    }
}

impl Estimator for GradientBoostingClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict | Method::PredictProba | Method::PredictLogProba | Method::DecisionFunction => {
                let scores = self.boosting.scores(input, plan)?;
                self.answer(method, scores, plan)
            }
            Method::StagedPredict | Method::StagedPredictProba | Method::StagedDecisionFunction => {
                let stages = self.boosting.staged_scores(input, plan)?;
                let answers = stages.into_iter().map(|scores| self.answer(method, scores, plan));
                Ok(Output::List(answers.collect::<Result<_, _>>()?))
            }
            Method::Apply => {
                let leaves = self.boosting.leaves(input, plan);
                Ok(Output::One(leaves, Rank::Three { depth: self.boosting.columns }))
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

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.boosting.inner()
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let compute = |boosting: &Attributes<'_>| importances::of_ensemble(boosting, self.boosting.n_features(), false);
        vec![("feature_importances_", Box::new(compute))]
    }
}
