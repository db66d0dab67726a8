//! `MiningModel`: ensembles of trees.

use std::sync::Arc;

use skiff_plan::kernels::trees::{NodeView, Threshold, Trees};
use skiff_plan::operators::{Question, Start, TreeEnsemble, TreeTables};

use super::expression::{Expr, Scalar};
use super::model::{Body, Function, Model, Owner, Score, Segment};
use super::translation::{Translation, Value};
use super::tree_model::TreeModel;
use crate::expand::Reason;

/// The sum of trees over a divisor, which begins with a number for each column.
pub(super) struct TreeSum {
    pub start: Vec<Scalar>,
    pub divisor: f64,
}

impl Translation {
    /// The sums of scikit-learn's trees: a segment for each column.
    pub(super) fn tree_ensemble(&mut self, ensemble: &TreeEnsemble, inputs: &[&Value]) -> Result<Value, Reason> {
        let x = inputs[0].floats().ok_or_else(|| Reason::new("it takes numbers"))?;
        let start = inputs.get(1).and_then(|start| start.floats()).unwrap_or_default();
        let sum = tree_sum(ensemble, start)?;
        let address = match &ensemble.trees {
            TreeTables::Single(trees) => Arc::as_ptr(trees) as usize,
            TreeTables::Double(trees) => Arc::as_ptr(trees) as usize,
        };
        let of_all = (address, "sum".to_owned());
        let fields = self.once(of_all, &x.clone(), |this| match &ensemble.trees {
            TreeTables::Single(trees) => this.sums(trees, &x),
            TreeTables::Double(trees) => this.sums(trees, &x),
        })?;
        let columns = fields.into_iter().enumerate().map(|(column, field)| {
            let start = sum.start.get(column).cloned().unwrap_or(Scalar::number(0.0));
            let total = self.expressions.arithmetic("+", field, start);
            self.expressions.arithmetic("/", total, Scalar::number(sum.divisor))
        });
        Ok(Value::doubles(columns.collect()))
    }

    fn sums<T: Threshold>(&mut self, trees: &Trees<T>, x: &[Scalar]) -> Result<Vec<Scalar>, Reason> {
        (0..trees.leaves.columns)
            .map(|column| {
                let models = self.column_trees(trees, x, column)?;
                Ok(self.segment(ensemble_of(models, "sum", Function::Regression)))
            })
            .collect()
    }

    /// The trees of one column of the sums.
    pub(super) fn column_trees<T: Threshold>(
        &mut self,
        trees: &Trees<T>,
        x: &[Scalar],
        column: usize,
    ) -> Result<Vec<TreeModel>, Reason> {
        let leaves = &trees.leaves;
        let own = (0..trees.len()).filter(|tree| leaves.width > 1 || tree % leaves.columns.max(1) == column);
        let own: Vec<usize> = own.collect();
        own.into_iter()
            .map(|tree| self.tree(trees, tree, x, |row| Score::Number(row[if leaves.width > 1 { column } else { 0 }])))
            .collect()
    }

    /// The trees where each has a column of its own.
    pub(super) fn trees_by_column<T: Threshold>(
        &mut self,
        trees: &Trees<T>,
        x: &[Scalar],
    ) -> Result<Vec<TreeModel>, Reason> {
        (0..trees.len()).map(|tree| self.tree(trees, tree, x, |row| Score::Number(row[0]))).collect()
    }

    /// One tree; `score` is what a leaf with these values has.
    pub(super) fn tree<T: Threshold>(
        &mut self,
        trees: &Trees<T>,
        tree: usize,
        x: &[Scalar],
        score: impl Fn(&[f64]) -> Score,
    ) -> Result<TreeModel, Reason> {
        if x.len() < trees.n_features {
            return Err(Reason::new("it has more features than columns"));
        }
        let leaves = &trees.leaves;
        let categorical = categorical(trees);
        let mut field = |feature: usize| match categorical[feature] {
            true => {
                let category = self.category(&x[feature]);
                self.expressions.id(&category)
            }
            false => self.compared(&x[feature]),
        };
        Ok(TreeModel::of_trees(trees, tree, &mut field, |leaf| {
            if leaf < leaves.pure {
                let mut row = vec![0.0; leaves.width.max(1)];
                row[if leaves.width > 1 { leaf as usize } else { 0 }] = 1.0;
                return score(&row);
            }
            let at = (leaves.starts[tree] + leaf - leaves.pure) as usize * leaves.width;
            score(&leaves.values[at..at + leaves.width])
        }))
    }

    /// The category that histogram gradient boosting makes of a number: the lowest eight bits of the whole number, and
    /// missing for negative ones.
    fn category(&mut self, x: &Scalar) -> Scalar {
        let e = &mut self.expressions;
        let whole = e.function("floor", x.clone());
        let rounds = e.arithmetic("/", whole.clone(), Scalar::number(256.0));
        let rounds = e.function("floor", rounds);
        let rounds = e.arithmetic("*", rounds, Scalar::number(256.0));
        let category = e.arithmetic("-", whole, rounds);
        let is_negative = e.compare("lessThan", x.clone(), Scalar::number(0.0));
        let is_large = e.compare("greaterThan", x.clone(), Scalar::number(2_147_483_647.0));
        let category = e.choose(is_large, Scalar::number(0.0), category);
        e.choose(is_negative, Scalar::number(f64::NAN), category)
    }
}

/// What the sum begins with and is divided by.
pub(super) fn tree_sum(ensemble: &TreeEnsemble, input: Vec<Scalar>) -> Result<TreeSum, Reason> {
    match &ensemble.question {
        Question::Sum { start, divisor } => {
            let start = match start {
                Start::Values(values) => values.iter().map(|&value| Scalar::number(value)).collect(),
                Start::Input => input,
            };
            Ok(TreeSum { start, divisor: *divisor })
        }
        Question::Stages { .. } => Err(Reason::new("sums after each stage are not exported to PMML")),
        Question::Leaves { .. } => Err(Reason::new("the numbers of leaves are not exported to PMML")),
        Question::Paths { .. } => Err(Reason::new("paths through trees are not exported to PMML")),
    }
}

/// Whether each of `count` trees has a column of its own, with nothing added to its values.
pub(super) fn has_column_each(ensemble: &TreeEnsemble, count: usize) -> bool {
    let (trees, columns) = match &ensemble.trees {
        TreeTables::Single(trees) => (trees.len(), trees.leaves.columns),
        TreeTables::Double(trees) => (trees.len(), trees.leaves.columns),
    };
    let Question::Sum { start: Start::Values(start), divisor } = &ensemble.question else { return false };
    (trees, columns, *divisor) == (count, count, 1.0) && start.iter().all(|&start| start == 0.0)
}

/// Which features are split by categories.
fn categorical<T: Threshold>(trees: &Trees<T>) -> Vec<bool> {
    let mut is_categorical = vec![false; trees.n_features];
    if !trees.categories.is_empty() {
        for node in &trees.nodes {
            if let NodeView::Categories { feature, .. } = node.view() {
                is_categorical[feature] = true;
            }
        }
    }
    is_categorical
}

/// One tree, or several in a `MiningModel`.
pub(super) fn ensemble_of(mut trees: Vec<TreeModel>, method: &'static str, function: Function) -> Model {
    let model = |body| Model { body, function, outputs: Vec::new(), rescale: None, target: Owner::Nobody };
    match trees.len() {
        1 => model(Body::Tree(trees.remove(0))),
        _ => {
            let segments = trees.into_iter().map(|tree| Segment { model: model(Body::Tree(tree)), weight: None });
            model(Body::Mining { method, segments: segments.collect() })
        }
    }
}

/// The field of a segment and what is added to it, where a number is no more than that.
pub(super) fn shifted_segment(translation: &Translation, scalar: &Scalar) -> Option<(usize, f64, f64)> {
    let Scalar::Expr(id) = scalar else { return None };
    match translation.expressions.get(*id) {
        Expr::Field { level, .. } if *level > 0 => Some((level - 1, 0.0, 1.0)),
        Expr::Apply("+", arguments) => {
            let [inner, constant] = &arguments[..] else { return None };
            let (segment, own, factor) = shifted_segment(translation, inner)?;
            Some((segment, own + constant.constant()?, factor))
        }
        Expr::Apply("/", arguments) => {
            let [inner, constant] = &arguments[..] else { return None };
            let (segment, own, factor) = shifted_segment(translation, inner)?;
            let divisor = constant.constant()?;
            Some((segment, own / divisor, factor / divisor))
        }
        _ => None,
    }
}
