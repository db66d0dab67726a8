//! `sklearn.ensemble.AdaBoostClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{
    Argmax, BothSides, ClassIndicator, Concatenate, ConstantRow, Difference, DivideByRowSum, Elementwise, Function,
    GreaterThan, Layout, Repeat, SammeScores, Softmax, SumUp, TakeLabels, argmax,
};
use skiff_plan::value::{Classes, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::ada_boost::AdaBoost;
use super::joined_trees::{JoinedTrees, tree_answers};
use crate::computed::Attributes;
use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Model, class};

pub(crate) const ADA_BOOST_CLASSIFIER: Class = class! {
    /// Boosted classifiers, each fitted with more weight on rows that earlier ones misclassified.
    ///
    /// # Reads
    /// `estimators_`, any supported classifiers; `estimator_weights_`, `classes_`; `algorithm` of files before 1.8.
    /// # Predicts
    /// Scores: for each estimator its weight in the column of the predicted class and `-weight / (n_classes - 1)` in the
    /// others, over the sum of the weights (SAMME); or, for `SAMME.R`, the logarithms of its probabilities less their mean.
    /// Two classes have one score, that of the second less that of the first. The label is the class of the greatest score,
    /// the first of equals; probabilities are the softmax of the scores over `n_classes - 1`.
    /// # Not supported
    /// `decision_function` of one class for rows that are not a dense array of numbers, where scikit-learn returns objects; of
    /// 1.3 to 1.5, its `decision_function` and `predict`, which raise.
    /// # Older versions
    /// `algorithm='SAMME.R'` was the default until 1.5. Before 1.3 other classes got 0 by SAMME. Before 0.22 probabilities were
    /// computed from the estimators' probabilities, not of the scores. Before 0.21 rows had to be numbers.
    paths: [
        "sklearn.ensemble._weight_boosting.AdaBoostClassifier",
        "sklearn.ensemble.weight_boosting.AdaBoostClassifier",
    ],
    read: AdaBoostClassifier::read,
};

/// A fitted `AdaBoostClassifier`.
#[derive(Debug)]
pub struct AdaBoostClassifier {
    boosting: AdaBoost,
    classes: Arc<Classes>,
    algorithm: Algorithm,
    /// Whether probabilities are computed from probabilities.
    probabilities_of_their_own: bool,
    /// Whether scores of one class divide by zero, an error.
    divides_by_zero: bool,
    /// Trees whose leaves have what they add to the scores.
    votes: JoinedTrees,
}

/// `algorithm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    /// `'SAMME'`, of 1.3 and later.
    Samme,
    /// `'SAMME'`, which adds 0 for the classes that are not predicted.
    SammeWithoutPenalty,
    /// `'SAMME.R'`
    SammeReal,
}

impl AdaBoostClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let boosting = AdaBoost::read(fields)?;
        let classes = fields.classes("classes_")?;
        if classes.is_empty() {
            return Err(fields.damaged("classes_", "there is no class"));
        }
        fields.expect_len("classes_", classes.len(), fields.count("n_classes_")?)?;
        let algorithm = match fields.string_or_none("algorithm")?.as_deref() {
            None | Some("SAMME" | "deprecated") if !fields.before(1, 3) => Algorithm::Samme,
            Some("SAMME") => Algorithm::SammeWithoutPenalty,
            Some("SAMME.R") if fields.before(1, 6) => Algorithm::SammeReal,
            other => return Err(fields.unsupported("algorithm", format!("`{}`", other.unwrap_or("None")))),
        };
        let divides_by_zero = fields.before(1, 6) && algorithm == Algorithm::Samme;
        Ok(Self {
            boosting,
            classes,
            algorithm,
            probabilities_of_their_own: fields.before(0, 22),
            divides_by_zero,
            votes: JoinedTrees::default(),
        })
    }

    fn others(&self) -> f64 {
        real(self.classes.len()) - 1.0
    }

    /// What each estimator adds to the scores, (n_samples, n_classes).
    fn parts(&self, x: ValueId, plan: &mut Lowering<'_>) -> Result<Vec<ValueId>, Refusal> {
        if self.algorithm == Algorithm::SammeReal {
            let all = self.boosting.each(Method::PredictProba, x, plan)?;
            return Ok(all.into_iter().map(|probabilities| plan.push(SammeScores, &[probabilities])).collect());
        }
        let predictions = self.boosting.each(Method::Predict, x, plan)?;
        Ok(self.votes_of(&predictions, plan))
    }

    /// What predictions of each estimator add to the scores by SAMME.
    fn votes_of(&self, predictions: &[ValueId], plan: &mut Lowering<'_>) -> Vec<ValueId> {
        let votes = predictions.iter().zip(&self.boosting.weights).map(|(&predictions, &weight)| {
            let miss = self.miss(weight);
            plan.push(ClassIndicator { classes: Arc::clone(&self.classes), hit: weight, miss }, &[predictions])
        });
        votes.collect()
    }

    /// What an estimator of this weight adds to the scores of the classes that it does not predict.
    fn miss(&self, weight: f64) -> f64 {
        match self.algorithm {
            Algorithm::Samme => -1.0 / self.others() * weight,
            _ => 0.0,
        }
    }

    /// The scores where all estimators are single trees, by one operator.
    fn scores_of_trees(&self, predictions: &[ValueId], plan: &mut Lowering<'_>) -> Option<ValueId> {
        let trees = tree_answers(predictions, plan)?;
        // Of two classes one has exactly the negative of the other's score, and their difference is twice the score.
        let is_mirrored = self.classes.len() == 2 && self.algorithm == Algorithm::Samme;
        let classes = if is_mirrored { 1..2 } else { 0..self.classes.len() };
        let votes = |tree: usize, leaf: &[f64]| {
            let label = trees.get(tree)?.classes.as_ref()?.get(argmax(leaf))?;
            let (&hit, predicted) = (self.boosting.weights.get(tree)?, self.classes.position(&label));
            let vote = |class| if predicted == Some(class) { hit } else { self.miss(hit) };
            // A label that is no class would be a miss for both.
            (predicted.is_some() || !is_mirrored).then(|| classes.clone().map(vote).collect())
        };
        let sum = self.votes.sum(&trees, classes.len(), votes, self.boosting.norm, plan)?;
        Some(match is_mirrored {
            true => plan.push(Elementwise { function: Function::Multiply(2.0) }, &[sum]),
            false => self.decision(sum, plan),
        })
    }

    /// A score for each class, or one for two.
    fn decision(&self, scores: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        if self.classes.len() == 2 { plan.push(Difference, &[scores]) } else { scores }
    }

    fn scores(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let x = self.boosting.check(input, plan);
        let parts = match self.algorithm {
            Algorithm::SammeReal => self.parts(x, plan)?,
            Algorithm::Samme | Algorithm::SammeWithoutPenalty => {
                let predictions = self.boosting.each(Method::Predict, x, plan)?;
                if let Some(scores) = self.scores_of_trees(&predictions, plan) {
                    return Ok(scores);
                }
                self.votes_of(&predictions, plan)
            }
        };
        let sum = plan.push(SumUp { weights: None, divisor: self.boosting.norm }, &parts);
        Ok(self.decision(sum, plan))
    }

    /// The sums of `parts` after each stage, each over the weights so far.
    fn stages(&self, parts: Vec<ValueId>, plan: &mut Lowering<'_>) -> Vec<ValueId> {
        let (mut sum, mut norm) = (None, 0.0);
        let stages = parts.into_iter().zip(&self.boosting.weights).map(|(part, weight)| {
            norm += weight;
            let so_far = match sum {
                Some(sum) => plan.push(SumUp::PLAIN, &[sum, part]),
                None => part,
            };
            sum = Some(so_far);
            plan.push(Elementwise { function: Function::Divide(norm) }, &[so_far])
        });
        stages.collect()
    }

    fn staged_scores(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Vec<ValueId>, Refusal> {
        let x = self.boosting.check(input, plan);
        let parts = self.parts(x, plan)?;
        let stages = self.stages(parts, plan);
        Ok(stages.into_iter().map(|scores| self.decision(scores, plan)).collect())
    }

    fn labels(&self, decision: ValueId, plan: &mut Lowering<'_>) -> Output {
        let numbers = match self.classes.len() {
            2 => plan.push(GreaterThan { bound: 0.0 }, &[decision]),
            _ => plan.push(Argmax, &[decision]),
        };
        Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers]))
    }

    /// `_compute_proba_from_decision`.
    fn probabilities(&self, decision: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let scaled = if self.classes.len() == 2 {
            let both = plan.push(BothSides::Negative, &[decision]);
            plan.push(Elementwise { function: Function::Divide(2.0) }, &[both])
        } else {
            plan.push(Elementwise { function: Function::Divide(self.others()) }, &[decision])
        };
        plan.push(Softmax, &[scaled])
    }

    /// What the estimators' probabilities add to those of before 0.22.
    fn own_parts(&self, x: ValueId, plan: &mut Lowering<'_>) -> Result<Vec<ValueId>, Refusal> {
        if self.algorithm == Algorithm::SammeReal {
            return self.parts(x, plan);
        }
        let all = self.boosting.each(Method::PredictProba, x, plan)?;
        let weighted = all.into_iter().zip(&self.boosting.weights);
        let weighted =
            weighted.map(|(value, &weight)| plan.push(Elementwise { function: Function::Multiply(weight) }, &[value]));
        Ok(weighted.collect())
    }

    /// `exp(sum / (n_classes - 1))`, as shares.
    fn own_probabilities(&self, sum: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let factor = 1.0 / self.others();
        let scaled = plan.push(Elementwise { function: Function::Multiply(factor) }, &[sum]);
        let exp = plan.push(Elementwise { function: Function::Exp }, &[scaled]);
        plan.push(DivideByRowSum, &[exp])
    }

    fn predict_proba(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        if self.classes.len() == 1 {
            let row = ConstantRow::Floats(vec![1.0], Precision::Double);
            return Ok(plan.push(Repeat { row }, &[input]));
        }
        if self.probabilities_of_their_own {
            let x = self.boosting.check(input, plan);
            let parts = self.own_parts(x, plan)?;
            let sum = plan.push(SumUp { weights: None, divisor: self.boosting.norm }, &parts);
            return Ok(self.own_probabilities(sum, plan));
        }
        let decision = self.scores(input, plan)?;
        Ok(self.probabilities(decision, plan))
    }

    fn staged_predict_proba(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Vec<ValueId>, Refusal> {
        if self.probabilities_of_their_own {
            let x = self.boosting.check(input, plan);
            let parts = self.own_parts(x, plan)?;
            let stages = self.stages(parts, plan);
            return Ok(stages.into_iter().map(|sum| self.own_probabilities(sum, plan)).collect());
        }
        let stages = self.staged_scores(input, plan)?;
        Ok(stages.into_iter().map(|decision| self.probabilities(decision, plan)).collect())
    }

    fn decision_output(&self, decision: ValueId) -> Output {
        if self.classes.len() == 2 { Output::column(decision) } else { Output::matrix(decision) }
    }

    /// A single class is the label of every valid row.
    fn only_class(&self, input: ValueId, plan: &mut Lowering<'_>) -> Output {
        let x = self.boosting.check(input, plan);
        let row = ConstantRow::Floats(vec![0.0], Precision::Double);
        let scores = plan.push(Repeat { row }, &[x]);
        self.labels(scores, plan)
    }
}

impl Estimator for AdaBoostClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict if self.classes.len() == 1 && !self.divides_by_zero => Ok(self.only_class(input, plan)),
            Method::DecisionFunction if self.classes.len() == 1 && !self.divides_by_zero => {
                let x = self.boosting.check(input, plan);
                let x = plan.push(Concatenate { layout: Layout::Any }, &[x]);
                Ok(Output::matrix(plan.push(Repeat { row: ConstantRow::Zero }, &[x])))
            }
            Method::Predict
            | Method::DecisionFunction
            | Method::StagedDecisionFunction
            | Method::StagedPredict
            | Method::StagedPredictProba
                if self.classes.len() == 1 =>
            {
                plan.unsupported(method, "one class")
            }
            Method::Predict => {
                let decision = self.scores(input, plan)?;
                Ok(self.labels(decision, plan))
            }
            Method::DecisionFunction => Ok(self.decision_output(self.scores(input, plan)?)),
            Method::PredictProba => Ok(Output::matrix(self.predict_proba(input, plan)?)),
            Method::PredictLogProba => {
                let probabilities = self.predict_proba(input, plan)?;
                Ok(Output::matrix(plan.push(Elementwise { function: Function::Log }, &[probabilities])))
            }
            Method::StagedPredict => {
                let stages = self.staged_scores(input, plan)?;
                Ok(Output::List(stages.into_iter().map(|decision| self.labels(decision, plan)).collect()))
            }
            Method::StagedDecisionFunction => {
                let stages = self.staged_scores(input, plan)?;
                Ok(Output::List(stages.into_iter().map(|decision| self.decision_output(decision)).collect()))
            }
            Method::StagedPredictProba => {
                let stages = self.staged_predict_proba(input, plan)?;
                Ok(Output::List(stages.into_iter().map(Output::matrix).collect()))
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        self.boosting.n_features_in()
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.boosting.inner()
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let compute = |boosting: &Attributes<'_>| self.boosting.importances(boosting);
        vec![("feature_importances_", Box::new(compute))]
    }
}
