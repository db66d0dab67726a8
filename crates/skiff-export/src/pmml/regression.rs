//! From the plan of a regression to its model.

use skiff_plan::ValueId;
use skiff_plan::operators::{AnyOperator, Function as Elementwise, TreeTables};
use skiff_plan::value::Matrix;

use super::expression::Scalar;
use super::mining_model::{ensemble_of, has_column_each, shifted_segment, tree_sum};
use super::model::{Body, Function, Model, Owner, Segment};
use super::nearest_neighbor_model::NearestNeighborModel;
use super::neural_network::{NeuralLayer, NeuralNetwork};
use super::regression_model::{RegressionModel, RegressionTable};
use super::translation::{PlanValues, Translation, Value};
use crate::expand::{Reason, Refused};

impl Translation {
    /// The model of a number: an element of PMML where there is one, else a linear model of one derived field.
    pub(super) fn regression(&mut self, plan: &mut PlanValues<'_>, value: ValueId) -> Result<Model, Refused> {
        let model = |body| Model {
            body,
            function: Function::Regression,
            outputs: Vec::new(),
            rescale: None,
            target: Owner::Document,
        };
        let here = |reason| Refused { node: value.index().saturating_sub(1), reason };
        let link = match plan.node(value).map(|node| &node.operator) {
            Some(AnyOperator::Elementwise(own)) => match own.function {
                Elementwise::Exp => Some("exp"),
                Elementwise::Expit => Some("logit"),
                _ => None,
            },
            _ => None,
        };
        if let Some(network) = self.network(plan, value)? {
            return Ok(model(Body::Neural(network)));
        }
        if let (Some(link), Some(before)) = (link, plan.before(value)) {
            let tables = self.tables(plan, before)?;
            return Ok(model(Body::Regression(RegressionModel { normalization: link, tables })));
        }
        match plan.node(value).map(|node| (&node.operator, &node.inputs)) {
            Some((AnyOperator::SupportVectors(vectors), inputs)) if vectors.intercepts.len() == 1 => {
                let x = self.numbers(plan, inputs[0])?;
                if let Some(body) = self.support_vector_models(vectors, &x).map_err(here)?.pop() {
                    return Ok(model(body));
                }
            }
            Some((AnyOperator::TreeEnsemble(ensemble), inputs)) => {
                let x = self.numbers(plan, inputs[0])?;
                let start = match inputs.get(1) {
                    Some(start) => self.numbers(plan, *start)?,
                    None => Vec::new(),
                };
                let sum = tree_sum(ensemble, start).map_err(here)?;
                let start = match sum.start.first() {
                    Some(start) => start.constant(),
                    None => Some(0.0),
                };
                if let Some(start) = start {
                    let trees = match &ensemble.trees {
                        TreeTables::Single(trees) => self.column_trees(trees, &x, 0),
                        TreeTables::Double(trees) => self.column_trees(trees, &x, 0),
                    };
                    let trees = trees.map_err(here)?;
                    if !trees.is_empty() {
                        return Ok(trees_of(trees, start, sum.divisor));
                    }
                }
            }
            Some((AnyOperator::NeighborMeans(means), inputs)) if means.targets.cols == 1 && inputs.len() == 1 => {
                if let Value::Neighbors(neighbors) = self.value(plan, inputs[0])? {
                    let fields = self.fields(&neighbors.x);
                    let body = NearestNeighborModel::new(&neighbors, fields, means.targets.data.to_vec());
                    return Ok(model(Body::Neighbors(body.map_err(here)?)));
                }
            }
            Some((AnyOperator::WeightedMedian(median), inputs)) if !median.staged => {
                let trees = plan.node(inputs[0]).and_then(|node| match &node.operator {
                    AnyOperator::TreeEnsemble(ensemble) => Some((ensemble, *node.inputs.first()?)),
                    _ => None,
                });
                let Some((ensemble, input)) = trees.filter(|(trees, _)| has_column_each(trees, median.weights.len()))
                else {
                    return self.ensemble(plan, inputs, "weightedMedian", Some(&median.weights));
                };
                let x = self.numbers(plan, input)?;
                let trees = match &ensemble.trees {
                    TreeTables::Single(trees) => self.trees_by_column(trees, &x),
                    TreeTables::Double(trees) => self.trees_by_column(trees, &x),
                };
                let of = |tree, weight| Segment { model: ensemble_of(vec![tree], "sum", Function::Regression), weight };
                let trees = trees.map_err(here)?.into_iter();
                let segments = trees.zip(&median.weights).map(|(tree, &weight)| of(tree, Some(weight))).collect();
                return Ok(model(Body::Mining { method: "weightedMedian", segments }));
            }
            Some((AnyOperator::SumUp(sum), inputs)) if inputs.len() > 1 => {
                #[expect(clippy::cast_precision_loss, reason = "a number of estimators")]
                let count = inputs.len() as f64;
                match &sum.weights {
                    None if sum.divisor == count => return self.ensemble(plan, inputs, "average", None),
                    Some(weights) if sum.divisor == weights.iter().sum::<f64>() => {
                        return self.ensemble(plan, inputs, "weightedAverage", Some(weights));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        let tables = self.tables(plan, value)?;
        // The only segment is the model, if all that follows is a sum with a constant.
        if let ([RegressionTable { intercept, terms, .. }], 1) = (&tables[..], self.segments.len())
            && !self.is_member
            && !self.has_decision
            && let [(field, coefficient)] = terms[..]
            && let Some((0, constant, factor)) = shifted_segment(self, &Scalar::Expr(field))
            && let Some(segment) = self.segments.pop()
        {
            let rescale = (constant * coefficient + intercept, factor * coefficient);
            let rescale = (rescale != (0.0, 1.0)).then_some(rescale);
            return Ok(Model { outputs: Vec::new(), rescale, target: Owner::Document, ..segment.model });
        }
        Ok(model(Body::Regression(RegressionModel { normalization: "none", tables })))
    }

    /// A mean or median of regressions.
    fn ensemble(
        &mut self,
        plan: &mut PlanValues<'_>,
        inputs: &[ValueId],
        method: &'static str,
        weights: Option<&[f64]>,
    ) -> Result<Model, Refused> {
        let is_member = std::mem::replace(&mut self.is_member, true);
        let mut segments = Vec::with_capacity(inputs.len());
        for (at, input) in inputs.iter().enumerate() {
            let mut model = self.regression(plan, *input)?;
            model.target = match model.body {
                // Both name the field that they predict.
                Body::Neighbors(_) | Body::Neural(_) => Owner::Own(format!("target(member {})", self.members)),
                _ => Owner::Nobody,
            };
            self.members += 1;
            segments.push(Segment { model, weight: weights.map(|weights| weights[at]) });
        }
        self.is_member = is_member;
        let body = Body::Mining { method, segments };
        Ok(Model { body, function: Function::Regression, outputs: Vec::new(), rescale: None, target: Owner::Document })
    }

    /// Linear predictors: the rows of a matrix, or one field for each column.
    pub(super) fn tables(
        &mut self,
        plan: &mut PlanValues<'_>,
        value: ValueId,
    ) -> Result<Vec<RegressionTable>, Refused> {
        if let Some((AnyOperator::Affine(affine), input)) =
            plan.node(value).and_then(|node| Some((&node.operator, *node.inputs.first()?)))
        {
            if !affine.coef.data.iter().chain(&affine.intercept).all(|value| value.is_finite()) {
                let reason =
                    Reason::new("its coefficients are not finite, and their products with zeros are not numbers");
                return Err(Refused { node: value.index() - 1, reason });
            }
            let x = self.numbers(plan, input)?;
            let fields = self.fields(&x);
            let rows = affine.coef.iter_rows().enumerate();
            return Ok(rows
                .map(|(row, coefficients)| RegressionTable {
                    intercept: affine.intercept.get(row).copied().unwrap_or(0.0),
                    terms: fields.iter().copied().zip(coefficients.iter().copied()).collect(),
                    class: None,
                })
                .collect());
        }
        let columns = self.numbers(plan, value)?;
        Ok(columns
            .iter()
            .map(|column| match column.constant() {
                Some(value) => RegressionTable { intercept: value, terms: Vec::new(), class: None },
                None => {
                    let terms = vec![(self.expressions.id(column), 1.0)];
                    RegressionTable { intercept: 0.0, terms, class: None }
                }
            })
            .collect())
    }

    /// The layers that lead to a value, if there are hidden ones.
    pub(super) fn network(
        &mut self,
        plan: &mut PlanValues<'_>,
        value: ValueId,
    ) -> Result<Option<NeuralNetwork>, Refused> {
        let mut layers = Vec::new();
        let mut at = value;
        while let Some(node) = plan.node(at) {
            let activation = match &node.operator {
                AnyOperator::Elementwise(own) => match own.function {
                    Elementwise::Expit => Some("logistic"),
                    Elementwise::Relu => Some("rectifier"),
                    Elementwise::Tanh => Some("tanh"),
                    _ => None,
                },
                AnyOperator::Softmax(_) => Some("softmax"),
                AnyOperator::Affine(_) => Some("identity"),
                _ => None,
            };
            let Some(activation) = activation else { break };
            let inner = if activation == "identity" { Some(at) } else { plan.before(at) };
            let Some((AnyOperator::Affine(affine), inputs)) =
                inner.and_then(|inner| plan.node(inner)).map(|node| (&node.operator, &node.inputs))
            else {
                break;
            };
            let zeros = vec![0.0; affine.coef.rows];
            layers.push(NeuralLayer {
                weights: affine.coef.clone(),
                biases: if affine.intercept.is_empty() { zeros } else { affine.intercept.clone() },
                activation: if activation == "softmax" { "identity" } else { activation },
                has_softmax: activation == "softmax",
            });
            at = inputs[0];
        }
        if layers.len() < 2 || layers.iter().skip(1).any(|layer| layer.has_softmax) {
            return Ok(None);
        }
        layers.reverse();
        let x = self.numbers(plan, at)?;
        Ok(Some(NeuralNetwork { fields: self.fields(&x), layers }))
    }
}

impl NeuralNetwork {
    /// The same with a neuron for each of two classes, where one has the probability of the second.
    pub(super) fn with_both_classes(mut self) -> Self {
        self.layers.push(NeuralLayer {
            weights: Matrix::new(2, 1, vec![-1.0, 1.0]),
            biases: vec![1.0, 0.0],
            activation: "identity",
            has_softmax: false,
        });
        self
    }
}

/// The sum of trees, from `start` on, over `divisor`.
fn trees_of(trees: Vec<super::tree_model::TreeModel>, start: f64, divisor: f64) -> Model {
    #[expect(clippy::cast_precision_loss, reason = "a number of trees")]
    let is_mean = start == 0.0 && trees.len() > 1 && trees.len() as f64 == divisor;
    let method = if is_mean { "average" } else { "sum" };
    let rescale = (!is_mean && (start, divisor) != (0.0, 1.0)).then_some((start / divisor, 1.0 / divisor));
    Model { rescale, target: Owner::Document, ..ensemble_of(trees, method, Function::Regression) }
}
