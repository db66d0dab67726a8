//! What single trees and forests share: their methods as steps.

use std::sync::Arc;

use skiff_plan::kernels::trees::Trees;
use skiff_plan::operators::{
    Argmax, ArgmaxGroups, ArrayRule, Dtype, Elementwise, Finite, Function, Question, SelectColumns, Selection,
    SparseRule, Start, TakeLabels, TreeEnsemble, TreeTables,
};
use skiff_plan::value::{Classes, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::TreeShape;
use crate::conversions::real;
use crate::fields::Version;
use crate::lowering::{Lowering, Refusal};

/// Trees, the kind of their leaves, and their classes.
#[derive(Debug)]
pub(crate) struct TreesModel {
    pub(crate) trees: Arc<Trees<f32>>,
    /// The same trees with unchanged `tree_.value`, if `predict` of a single tree needs that.
    pub(crate) raw: Option<Arc<Trees<f32>>>,
    pub(crate) shape: TreeShape,
    /// `classes_` of each output; empty for a regression.
    pub(crate) classes: Vec<Arc<Classes>>,
    /// Whether rows may have missing values.
    pub(crate) missing: MissingValues,
}

/// Whether rows may have missing values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MissingValues {
    /// NaN is an error.
    Refuse,
    /// NaN goes its own way, in dense rows.
    Accept,
}

impl TreesModel {
    /// `_validate_X_predict`.
    pub(crate) fn check(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        plan.check(input, rule(self.missing), self.shape.n_features)
    }

    fn ask(&self, question: Question, x: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        plan.push(TreeEnsemble { trees: TreeTables::Single(Arc::clone(&self.trees)), question }, &[x])
    }

    /// The mean over the trees: (n_samples, n_outputs × the greatest number of classes).
    fn means(&self, x: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        // A single tree's value is unchanged; adding to negative zero changes nothing.
        let single = self.trees.len() == 1;
        let zero = if single && self.classes.is_empty() { -0.0 } else { 0.0 };
        let start = Start::Values(vec![zero; self.trees.leaves.columns]);
        self.ask(Question::Sum { start, divisor: real(self.trees.len()) }, x, plan)
    }

    /// `predict` of a regression.
    pub(crate) fn values(&self, input: ValueId, plan: &mut Lowering<'_>) -> Output {
        let x = self.check(input, plan);
        let means = self.means(x, plan);
        if self.shape.n_classes.len() == 1 { Output::column(means) } else { Output::matrix(means) }
    }

    /// `predict` of a classification: for each output the class of the greatest mean.
    ///
    /// # Errors
    /// For labels of several outputs that scikit-learn could not write into one array.
    pub(crate) fn labels(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let x = self.check(input, plan);
        let scores = match &self.raw {
            Some(raw) => {
                let start = Start::Values(vec![0.0; raw.leaves.columns]);
                let question = Question::Sum { start, divisor: 1.0 };
                plan.push(TreeEnsemble { trees: TreeTables::Single(Arc::clone(raw)), question }, &[x])
            }
            None => self.means(x, plan),
        };
        let classes: Arc<[Arc<Classes>]> = self.classes.clone().into();
        if classes.len() == 1 {
            let numbers = plan.push(Argmax, &[scores]);
            return Ok(Output::column(plan.push(TakeLabels { classes }, &[numbers])));
        }
        // Before scikit-learn 0.21, the labels of several outputs were written into an array of floats.
        let classes = if plan.header().version.is_none_or(|version| version < Version::new(0, 21)) {
            match classes.iter().map(as_floats).collect() {
                Some(classes) => classes,
                None => return plan.unsupported(Method::Predict, "several outputs whose labels are not numbers"),
            }
        } else {
            classes
        };
        let groups = ArgmaxGroups { widths: self.shape.n_classes.clone(), stride: self.shape.max_n_classes() };
        let numbers = plan.push(groups, &[scores]);
        Ok(Output::matrix(plan.push(TakeLabels { classes }, &[numbers])))
    }

    /// `predict_proba`, or its logarithm: one matrix, or a list with one for each output.
    pub(crate) fn probabilities(&self, input: ValueId, log: bool, plan: &mut Lowering<'_>) -> Output {
        let x = self.check(input, plan);
        let means = self.means(x, plan);
        let finish = |value, plan: &mut Lowering<'_>| {
            if log { plan.push(Elementwise { function: Function::Log }, &[value]) } else { value }
        };
        if self.classes.len() == 1 {
            return Output::matrix(finish(means, plan));
        }
        let stride = self.shape.max_n_classes();
        let outputs = self.shape.n_classes.iter().enumerate().map(|(output, &classes)| {
            let places = (output * stride..output * stride + classes).collect();
            let part = plan.push(SelectColumns { by: Selection::Places(places), series: false }, &[means]);
            Output::matrix(finish(part, plan))
        });
        Output::List(outputs.collect())
    }

    /// `apply`: a column for a tree, a matrix for a forest.
    pub(crate) fn leaves(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let x = self.check(input, plan);
        self.ask(Question::Leaves { floats: false }, x, plan)
    }

    /// `decision_path`.
    pub(crate) fn paths(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let x = self.check(input, plan);
        // Until 1.8 `Tree.decision_path` sent NaN to the right wherever `apply` sends it (scikit-learn's #32280).
        let missing_by_node = plan.header().version.is_none_or(|version| version >= Version::new(1, 8));
        self.ask(Question::Paths { missing_by_node }, x, plan)
    }
}

/// What trees hand to `check_array`.
fn rule(missing: MissingValues) -> ArrayRule {
    let finite = match missing {
        MissingValues::Refuse => Finite::All,
        MissingValues::Accept => Finite::AllowNanIfDense,
    };
    ArrayRule::FLOATS.dtype(Dtype::Single).finite(finite).sparse(SparseRule::Accept)
}

/// The classes as floats.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "numpy's assignment to floats rounds as well")]
fn as_floats(classes: &Arc<Classes>) -> Option<Arc<Classes>> {
    let floats = match &**classes {
        Classes::Ints(values, _) => values.iter().map(|&value| value as f64).collect(),
        Classes::Floats(values, _) => values.clone(),
        Classes::Strings(_) | Classes::Objects(_) | Classes::Values(..) => return None,
    };
    Some(Arc::new(Classes::Floats(floats, Precision::Double)))
}
