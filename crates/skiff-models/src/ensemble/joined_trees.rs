//! Ensembles of single trees as one operator: what several estimators of an ensemble return, where each of them is one
//! tree that is asked about the same rows, is computed by all trees at once.

use std::sync::{Arc, OnceLock};

use skiff_plan::ValueId;
use skiff_plan::kernels::trees::Trees;
use skiff_plan::operators::{AnyOperator, Question, Start, TreeEnsemble, TreeTables};
use skiff_plan::value::Classes;

use crate::lowering::Lowering;

/// A single tree in a plan, the rows that it is asked about, and the classes of its answer where that is a label.
#[derive(Debug)]
pub(crate) struct TreeAnswer {
    /// The index of the tree's operator.
    node: usize,
    input: ValueId,
    pub(crate) trees: Arc<Trees<f32>>,
    pub(crate) classes: Option<Arc<Classes>>,
}

/// What made each of `values`, if each is the values of the leaves of one tree, or the label of the greatest of them, and
/// all trees are asked about the same rows.
pub(crate) fn tree_answers(values: &[ValueId], plan: &Lowering<'_>) -> Option<Vec<TreeAnswer>> {
    let answers = values.iter().map(|&value| tree_answer(value, plan)).collect::<Option<Vec<_>>>()?;
    let first = answers.first()?;
    let alike =
        |answer: &TreeAnswer| answer.input == first.input && answer.classes.is_some() == first.classes.is_some();
    answers.iter().all(alike).then_some(answers)
}

fn tree_answer(value: ValueId, plan: &Lowering<'_>) -> Option<TreeAnswer> {
    let node = |value: ValueId| value.index().checked_sub(1).and_then(|index| Some((index, plan.nodes().get(index)?)));
    let ((mut index, mut at), mut classes) = (node(value)?, None);
    if let AnyOperator::TakeLabels(labels) = &at.operator {
        let [only] = &labels.classes[..] else { return None };
        classes = Some(Arc::clone(only));
        let (_, argmax) = node(*at.inputs.first()?)?;
        let AnyOperator::Argmax(_) = &argmax.operator else { return None };
        (index, at) = node(*argmax.inputs.first()?)?;
    }
    let AnyOperator::TreeEnsemble(ensemble) = &at.operator else { return None };
    let TreeEnsemble { trees: TreeTables::Single(trees), question } = &**ensemble else { return None };
    let Question::Sum { start: Start::Values(start), divisor } = question else { return None };
    let is_plain = *divisor == 1.0 && start.iter().all(|&start| start == 0.0);
    let input = *at.inputs.first()?;
    (is_plain && trees.len() == 1).then(|| TreeAnswer { node: index, input, trees: Arc::clone(trees), classes })
}

/// Trees that are joined when a plan first needs them; `None` where they cannot be.
#[derive(Debug, Default)]
pub(crate) struct JoinedTrees(OnceLock<Option<Arc<Trees<f32>>>>);

impl JoinedTrees {
    /// Replaces the operators of `answers` by one that adds what all trees have, over `divisor`; the trees' leaves have
    /// `width` values, which `value` makes of the index of a tree and of the values that the leaf has. `None`, and nothing
    /// is replaced, where the trees cannot be joined.
    pub(crate) fn sum(
        &self,
        answers: &[TreeAnswer],
        width: usize,
        value: impl FnMut(usize, &[f64]) -> Option<Vec<f64>>,
        divisor: f64,
        plan: &mut Lowering<'_>,
    ) -> Option<ValueId> {
        let joined = self.0.get_or_init(|| join(answers, width, value).map(Arc::new));
        let question = Question::Sum { start: Start::Values(vec![0.0; width]), divisor };
        ask(answers, joined.as_ref()?, question, plan)
    }

    /// Replaces the operators of `answers` by one with a column for each tree, whose leaves have one value: (n_samples,
    /// n_trees). `None`, and nothing is replaced, where the trees cannot be joined.
    pub(crate) fn each(&self, answers: &[TreeAnswer], plan: &mut Lowering<'_>) -> Option<ValueId> {
        let joined = self.0.get_or_init(|| {
            let mut joined = join(answers, 1, |_, leaf| (leaf.len() == 1).then(|| leaf.to_vec()))?;
            joined.leaves.columns = joined.len();
            Some(Arc::new(joined))
        });
        // Added to which, zeros keep their signs.
        let start = Start::Values(vec![-0.0; answers.len()]);
        ask(answers, joined.as_ref()?, Question::Sum { start, divisor: 1.0 }, plan)
    }
}

fn join(
    answers: &[TreeAnswer],
    width: usize,
    value: impl FnMut(usize, &[f64]) -> Option<Vec<f64>>,
) -> Option<Trees<f32>> {
    let single: Vec<&Trees<f32>> = answers.iter().map(|answer| &*answer.trees).collect();
    Trees::join(&single, width, value)
}

fn ask(
    answers: &[TreeAnswer],
    joined: &Arc<Trees<f32>>,
    question: Question,
    plan: &mut Lowering<'_>,
) -> Option<ValueId> {
    let first = answers.first()?;
    // Whatever was pushed since the first tree is of this ensemble; what was before may be another estimator's, which is
    // asked about the same rows.
    plan.keep(first.node);
    let trees = TreeTables::Single(Arc::clone(joined));
    Some(plan.push(TreeEnsemble { trees, question }, &[first.input]))
}
