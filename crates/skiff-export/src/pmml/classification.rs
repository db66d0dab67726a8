//! From the plans of a classification to its model.

use skiff_plan::ValueId;
use skiff_plan::operators::{AnyOperator, BothSides, Function as Elementwise, Question, Start, TreeTables};

use super::expression::{ExprId, Scalar};
use super::mining_model::{ensemble_of, shifted_segment};
use super::model::{Body, Feature, Function, Model, OutputField, Owner, Score};
use super::regression_model::{RegressionModel, RegressionTable};
use super::translation::{PlanValues, Translation};
use super::tree_model::{Node, Test, TreeModel};
use crate::expand::{Reason, Refused};

/// What is exported of a classifier.
pub(super) struct Classification<'c> {
    /// The value of the numbers of classes, in the plan of `predict`.
    pub codes: ValueId,
    /// The classes as texts, none of them twice.
    pub classes: &'c [String],
    /// The class of each number, where some have the same.
    pub places: &'c [usize],
    /// The value of the probabilities, in the plan of `predict_proba`.
    pub probabilities: Option<ValueId>,
}

/// A model, and why its probabilities are not in it.
pub(super) type Classified = (Model, Option<Refused>);

impl Translation {
    /// The model of a class: an element of PMML where there is one, else a tree that turns the number of the class into the
    /// class, next to which probabilities are derived fields.
    pub(super) fn classification(
        &mut self,
        predict: &mut PlanValues<'_>,
        proba: &mut Option<PlanValues<'_>>,
        wanted: &Classification<'_>,
    ) -> Result<Classified, Refused> {
        if wanted.places.len() != wanted.classes.len() {
            return self.any_classification(predict, proba, wanted);
        }
        if let Some(model) = self.tree_classification(predict, proba, wanted)? {
            return Ok((model, None));
        }
        if let Some(model) = self.support_vector_classification(predict, proba, wanted)? {
            return Ok((model, None));
        }
        if let Some(model) = self.network_classification(predict, proba, wanted)? {
            return Ok((model, None));
        }
        if let Some(model) = self.linear_classification(predict, proba, wanted)? {
            return Ok((model, None));
        }
        if let Some(model) = self.vote(predict, proba, wanted)? {
            return Ok((model, None));
        }
        self.any_classification(predict, proba, wanted)
    }

    /// Trees whose leaves hold probabilities: one, or the mean of several.
    fn tree_classification(
        &mut self,
        predict: &mut PlanValues<'_>,
        proba: &Option<PlanValues<'_>>,
        wanted: &Classification<'_>,
    ) -> Result<Option<Model>, Refused> {
        if !matches!(operator(predict, wanted.codes), Some(AnyOperator::Argmax(_))) {
            return Ok(None);
        }
        let Some(scores) = predict.before(wanted.codes) else { return Ok(None) };
        let same = match (operator(predict, scores), proba, wanted.probabilities) {
            (Some(AnyOperator::TreeEnsemble(ensemble)), Some(plan), Some(value)) => match operator(plan, value) {
                Some(AnyOperator::TreeEnsemble(other)) => same_trees(&ensemble.trees, &other.trees),
                _ => false,
            },
            _ => true,
        };
        let model = if same { self.tree_probabilities(predict, scores, wanted.classes.len())? } else { None };
        let outputs = if wanted.probabilities.is_some() { probabilities(wanted.classes) } else { Vec::new() };
        Ok(model.map(|model| Model { target: Owner::Document, outputs, ..model }))
    }

    /// The model of probabilities that are the mean of trees.
    pub(super) fn tree_probabilities(
        &mut self,
        plan: &mut PlanValues<'_>,
        value: ValueId,
        classes: usize,
    ) -> Result<Option<Model>, Refused> {
        let Some(AnyOperator::TreeEnsemble(ensemble)) = operator(plan, value) else { return Ok(None) };
        let Question::Sum { start: Start::Values(start), divisor } = &ensemble.question else { return Ok(None) };
        let (width, count) = match &ensemble.trees {
            TreeTables::Single(trees) => (trees.leaves.width, trees.len()),
            TreeTables::Double(trees) => (trees.leaves.width, trees.len()),
        };
        #[expect(clippy::cast_precision_loss, reason = "a number of trees")]
        let is_mean = count as f64 == *divisor && start.iter().all(|&start| start == 0.0);
        if !is_mean || width < 2 || width != classes {
            return Ok(None);
        }
        let Some(before) = plan.before(value) else { return Ok(None) };
        let x = self.numbers(plan, before)?;
        let score = |row: &[f64]| Score::Distribution(row.to_vec());
        let trees: Result<Vec<TreeModel>, _> = match &ensemble.trees {
            TreeTables::Single(trees) => (0..count).map(|tree| self.tree(trees, tree, &x, score)).collect(),
            TreeTables::Double(trees) => (0..count).map(|tree| self.tree(trees, tree, &x, score)).collect(),
        };
        let trees = trees.map_err(|reason| Refused { node: value.index() - 1, reason })?;
        Ok(Some(ensemble_of(trees, "average", Function::Classification)))
    }

    /// Support vectors of two classes. Of more, the votes are derived fields, since PMML leaves open which of equals wins;
    /// so is the vote of two whose score is an output field, which the vectors are then written for.
    fn support_vector_classification(
        &mut self,
        predict: &mut PlanValues<'_>,
        proba: &Option<PlanValues<'_>>,
        wanted: &Classification<'_>,
    ) -> Result<Option<Model>, Refused> {
        let votes = matches!(operator(predict, wanted.codes), Some(AnyOperator::PairVotes(_)));
        let Some(scores) = predict.before(wanted.codes).filter(|_| votes && proba.is_none() && !self.has_decision)
        else {
            return Ok(None);
        };
        let Some(AnyOperator::SupportVectors(vectors)) = operator(predict, scores) else { return Ok(None) };
        let Some(before) = predict.before(scores).filter(|_| wanted.classes.len() == 2) else { return Ok(None) };
        let x = self.numbers(predict, before)?;
        let models = self.support_vector_models(vectors, &x);
        let mut models = models.map_err(|reason| Refused { node: scores.index() - 1, reason })?;
        let Some(Body::SupportVectors(mut machine)) = models.pop() else { return Ok(None) };
        // libsvm's first class is above 0, PMML's below it.
        machine.coefficients.iter_mut().for_each(|coefficient| *coefficient = -*coefficient);
        machine.intercept = -machine.intercept;
        machine.classes = Some((0, 1));
        Ok(Some(classifier(Body::SupportVectors(machine), Vec::new())))
    }

    /// A neural network with hidden layers.
    fn network_classification(
        &mut self,
        predict: &mut PlanValues<'_>,
        proba: &mut Option<PlanValues<'_>>,
        wanted: &Classification<'_>,
    ) -> Result<Option<Model>, Refused> {
        let (Some(plan), Some(value)) = (proba, wanted.probabilities) else { return Ok(None) };
        let binary = is_complement(plan, value);
        let inner = if binary { plan.before(value) } else { Some(value) };
        let is_argmax = match operator(predict, wanted.codes) {
            Some(AnyOperator::Argmax(_)) => !binary,
            Some(AnyOperator::GreaterThan(own)) => binary && own.bound == 0.5,
            _ => false,
        };
        let Some(inner) = inner.filter(|_| is_argmax) else { return Ok(None) };
        let Some(network) = self.network(plan, inner)? else { return Ok(None) };
        let network = if binary { network.with_both_classes() } else { network };
        if network.layers.last().is_none_or(|layer| layer.biases.len() != wanted.classes.len()) {
            return Ok(None);
        }
        Ok(Some(classifier(Body::Neural(network), probabilities(wanted.classes))))
    }

    /// Scores whose logistic function or softmax are the probabilities.
    fn linear_classification(
        &mut self,
        predict: &mut PlanValues<'_>,
        proba: &mut Option<PlanValues<'_>>,
        wanted: &Classification<'_>,
    ) -> Result<Option<Model>, Refused> {
        let Some(scores) = predict.before(wanted.codes) else { return Ok(None) };
        let count = wanted.classes.len();
        let is_binary = match operator(predict, wanted.codes) {
            Some(AnyOperator::GreaterThan(own)) if own.bound == 0.0 && count == 2 => true,
            Some(AnyOperator::AtLeast(own)) if own.bound == 0.0 && count == 2 => true,
            Some(AnyOperator::Argmax(_)) if count > 1 => false,
            _ => return Ok(None),
        };
        // The scores behind the probabilities, where there are some.
        let behind = match (proba.as_mut(), wanted.probabilities) {
            (Some(plan), Some(value)) => {
                let inner = if is_binary {
                    let complement = Some(value).filter(|&value| is_complement(plan, value));
                    let inner = complement.and_then(|value| plan.before(value)).filter(|&inner| is_expit(plan, inner));
                    inner.and_then(|inner| plan.before(inner))
                } else {
                    behind_softmax(plan, value)
                };
                let Some(inner) = inner else { return Ok(None) };
                Some((plan, inner))
            }
            _ => None,
        };
        // Without probabilities, only linear scores: a softmax may make numbers equal that are not.
        if behind.is_none() && !matches!(operator(predict, scores), Some(AnyOperator::Affine(_))) {
            return Ok(None);
        }
        let mut tables = self.tables(predict, scores)?;
        if is_binary && tables.len() != 1 {
            return Ok(None);
        }
        if let Some((plan, inner)) = behind
            && self.tables(plan, inner)? != tables
        {
            return Ok(None);
        }
        if matches!(operator(predict, wanted.codes), Some(AnyOperator::GreaterThan(_))) && self.may_be_zero(&tables) {
            return Ok(None);
        }
        let normalization = if is_binary { "logit" } else { "softmax" };
        if is_binary {
            tables.push(RegressionTable { intercept: 0.0, terms: Vec::new(), class: Some(0) });
            tables[0].class = Some(1);
        } else {
            tables.iter_mut().enumerate().for_each(|(class, table)| table.class = Some(class));
        }
        // Evaluators take a second class without a predictor as that of a logistic function.
        if tables.len() != count || (!is_binary && tables[1].terms.is_empty()) {
            return Ok(None);
        }
        let outputs = if wanted.probabilities.is_some() { probabilities(wanted.classes) } else { Vec::new() };
        Ok(Some(classifier(Body::Regression(RegressionModel { normalization, tables }), outputs)))
    }

    /// Whether a score without a constant part is likely to be 0: there the first class wins in scikit-learn, and the second
    /// one in evaluators of PMML.
    fn may_be_zero(&self, tables: &[RegressionTable]) -> bool {
        tables.iter().any(|RegressionTable { intercept, terms, .. }| {
            let shift = match terms[..] {
                [(field, _)] => shifted_segment(self, &Scalar::Expr(field)).map_or(0.0, |(_, shift, _)| shift),
                _ => 0.0,
            };
            *intercept == 0.0 && shift == 0.0
        })
    }

    /// A leaf for each class, chosen by the number of the class.
    fn any_classification(
        &mut self,
        predict: &mut PlanValues<'_>,
        proba: &mut Option<PlanValues<'_>>,
        wanted: &Classification<'_>,
    ) -> Result<Classified, Refused> {
        let codes = self.numbers(predict, wanted.codes)?;
        let code = codes.first().cloned().unwrap_or(Scalar::I64(0));
        let field = self.expressions.id(&code);
        let tree = TreeModel { nodes: by_number(field, wanted.places), has_default_children: false };
        let (mut outputs, mut refused) = (Vec::new(), None);
        if let (Some(plan), Some(value)) = (proba.as_mut(), wanted.probabilities) {
            match self.numbers(plan, value) {
                Ok(shares) if shares.len() != wanted.classes.len() => {
                    let reason = Reason::new("its probabilities are of other classes than it predicts");
                    refused = Some(Refused { node: value.index().saturating_sub(1), reason });
                }
                Ok(shares) => {
                    let features = shares.iter().map(|share| Feature::Transformed(self.expressions.id(share)));
                    outputs =
                        wanted.classes.iter().zip(features).map(|(class, feature)| output(class, feature)).collect();
                }
                Err(error) => refused = Some(error),
            }
        }
        Ok((classifier(Body::Tree(tree), outputs), refused))
    }
}

/// The nodes of a tree with a leaf for each number, which has its class; no path is longer than need be.
fn by_number(field: ExprId, classes: &[usize]) -> Vec<Node> {
    let mut open = vec![(0, classes.len().max(1))];
    let mut nodes = Vec::with_capacity(2 * classes.len());
    while let Some(&(first, end)) = open.get(nodes.len()) {
        nodes.push(match end - first {
            1 => Node::Leaf(Score::Class(classes.get(first).copied().unwrap_or(0))),
            count => {
                let (middle, left) = (first + count / 2, open.len());
                open.extend([(first, middle), (middle, end)]);
                #[expect(clippy::cast_precision_loss, reason = "a number of classes")]
                let test = Test::AtMost(middle as f64 - 0.5);
                Node::Split { field, test, missing_left: false, left, right: left + 1 }
            }
        });
    }
    nodes
}

pub(super) fn classifier(body: Body, outputs: Vec<OutputField>) -> Model {
    Model { body, function: Function::Classification, outputs, rescale: None, target: Owner::Document }
}

pub(super) fn operator<'p>(plan: &PlanValues<'p>, value: ValueId) -> Option<&'p AnyOperator> {
    plan.node(value).map(|node| &node.operator)
}

/// The scores whose softmax a value is, as an operator of its own or by logarithms: `exp(x - logsumexp(x))`.
fn behind_softmax(plan: &PlanValues<'_>, value: ValueId) -> Option<ValueId> {
    match operator(plan, value)? {
        AnyOperator::Softmax(_) => plan.before(value),
        AnyOperator::Elementwise(own) if own.function == Elementwise::Exp => {
            let logs = plan.before(value)?;
            match operator(plan, logs)? {
                AnyOperator::SubtractLogSumExp(_) => plan.before(logs),
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_complement(plan: &PlanValues<'_>, value: ValueId) -> bool {
    matches!(operator(plan, value), Some(AnyOperator::BothSides(sides)) if matches!(**sides, BothSides::Complement))
}

fn is_expit(plan: &PlanValues<'_>, value: ValueId) -> bool {
    matches!(operator(plan, value), Some(AnyOperator::Elementwise(own)) if own.function == Elementwise::Expit)
}

fn same_trees(one: &TreeTables, other: &TreeTables) -> bool {
    match (one, other) {
        (TreeTables::Single(a), TreeTables::Single(b)) => std::sync::Arc::ptr_eq(a, b),
        (TreeTables::Double(a), TreeTables::Double(b)) => std::sync::Arc::ptr_eq(a, b),
        _ => false,
    }
}

/// The output fields of probabilities that the model itself returns.
pub(super) fn probabilities(classes: &[String]) -> Vec<OutputField> {
    classes.iter().enumerate().map(|(class, name)| output(name, Feature::Probability(class))).collect()
}

fn output(class: &str, feature: Feature) -> OutputField {
    OutputField { name: format!("probability({class})"), dtype: "double", feature, is_final: true }
}
