//! Trees: sums over leaves, and the leaves themselves.
//!
//! The primitive gives one number from each tree, and sums go over the trees by `CumSum`, one after the other: a sum has
//! the same bits as scikit-learn's whatever the runtime does in parallel.

use skiff_plan::kernels::trees::{NodeView, Threshold, Trees};
use skiff_plan::operators::{BoostingStart, Question, Start, StartLink, TreeEnsemble, TreeTables};
use skiff_plan::value::{IntKind, Matrix, NumberType, Precision};

use super::{Block, Expand, Numbers, Reason};
use crate::graph::{Bits, Builder, DType, Dim, Forest, Leaf, Place, Split, Step, TensorId, Test, Tree};

impl Expand for TreeEnsemble {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        match &self.trees {
            TreeTables::Single(trees) => ask(builder, trees, &self.question, inputs),
            TreeTables::Double(trees) => ask(builder, trees, &self.question, inputs),
        }
    }
}

fn ask<T: Threshold>(
    builder: &mut Builder,
    trees: &Trees<T>,
    question: &Question,
    inputs: &[&Block],
) -> Result<Block, Reason> {
    let rows = inputs[0].to_floats(builder)?;
    // Of sparse rows scikit-learn compares the numbers without a look at NaN.
    let missing_by_node = trees.missing && !rows.sparse;
    let x = categories(builder, trees, rows.tensor);
    let start = |builder: &mut Builder, start: &Start| match start {
        Start::Values(values) if values.iter().all(|&value| value == 0.0) => Ok(None),
        Start::Values(values) => {
            let row = builder.array(&[1, values.len()], values);
            Ok(Some(builder.repeat_rows(row, x)))
        }
        Start::Input => Ok(Some(inputs[1].to_floats(builder)?.tensor)),
    };
    match question {
        Question::Sum { start: first, divisor } => {
            let first = start(builder, first)?;
            let sums = sums(builder, trees, x, missing_by_node, first)?;
            let stages = length(builder, sums);
            let last = builder.slice(sums, 1, stages - 1, stages);
            let sum = builder.reshape(last, &[Dim::Batch, Dim::Fixed(trees.leaves.columns)]);
            Ok(Block::doubles(builder.over(sum, *divisor)))
        }
        Question::Stages { start: first, trees: step } => {
            let first = start(builder, first)?;
            let skipped = usize::from(first.is_some());
            let sums = sums(builder, trees, x, missing_by_node, first)?;
            // With a column for each tree of a stage, a stage is one place along the axis; else it is so many trees.
            let places = if trees.leaves.width == 1 { step / trees.leaves.columns.max(1) } else { *step };
            let count = trees.len() / step.max(&1);
            let stages = (1..=count).map(|stage| {
                let at = skipped + stage * places;
                let sum = builder.slice(sums, 1, at - 1, at);
                Block::doubles(builder.reshape(sum, &[Dim::Batch, Dim::Fixed(trees.leaves.columns)]))
            });
            Ok(Block::Many(stages.collect()))
        }
        Question::Leaves { floats } => {
            let forest = forest(trees, missing_by_node, |_, _, place| f64::from(trees.numbers[place]));
            let leaves = builder.trees(x, forest);
            Ok(match floats {
                true => Block::doubles(leaves),
                false => Numbers {
                    tensor: builder.cast(leaves, DType::I64),
                    dtype: NumberType::Int(IntKind::I64),
                    sparse: false,
                }
                .into(),
            })
        }
        Question::Paths { .. } => Err(Reason::new("paths are a sparse matrix, which ONNX runtimes do not return")),
    }
}

/// The length of the second dimension.
fn length(builder: &Builder, x: TensorId) -> usize {
    builder.width(x)
}

/// What the sums are after each stage, from `first` on: (n, stages, columns).
fn sums<T: Threshold>(
    builder: &mut Builder,
    trees: &Trees<T>,
    x: TensorId,
    missing_by_node: bool,
    first: Option<TensorId>,
) -> Result<TensorId, Reason> {
    let (leaves, count) = (&trees.leaves, trees.len());
    let columns = leaves.columns;
    let terms = match (count, leaves.width) {
        (0, _) => None,
        (_, 1) => {
            if count % columns.max(1) != 0 {
                return Err(Reason::new("the last stage of its trees is not complete"));
            }
            let value = |tree: usize, leaf: u32, _: usize| match leaf < leaves.pure {
                true => 1.0,
                false => leaves.values[(leaves.starts[tree] + leaf - leaves.pure) as usize],
            };
            let values = builder.trees(x, forest(trees, missing_by_node, value));
            Some(builder.reshape(values, &[Dim::Batch, Dim::Fixed(count / columns), Dim::Fixed(columns)]))
        }
        (_, width) => {
            let pure = leaves.pure as usize;
            let place = |tree: usize, leaf: u32, _: usize| match leaf < leaves.pure {
                true => f64::from(leaf),
                false => f64::from(leaf) + f64::from(leaves.starts[tree]),
            };
            let places = builder.trees(x, forest(trees, missing_by_node, place));
            let places = builder.cast(places, DType::I64);
            let mut table = vec![0.0; pure * width];
            (0..pure.min(width)).for_each(|class| table[class * width + class] = 1.0);
            table.extend_from_slice(&leaves.values);
            let table = builder.matrix(&Matrix::new(table.len() / width, width, table));
            Some(builder.gather(table, places, 0))
        }
    };
    let first = first.map(|first| builder.reshape(first, &[Dim::Batch, Dim::Fixed(1), Dim::Fixed(columns)]));
    let all = match (first, terms) {
        (Some(first), Some(terms)) => builder.concat(&[first, terms], 1),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => return Err(Reason::new("it has no trees")),
    };
    Ok(if length(builder, all) == 1 { all } else { builder.cum_sum(all, 1) })
}

/// The rows, where the features that are split by categories hold the categories that scikit-learn makes of numbers:
/// the lowest eight bits of the whole number, and NaN for negative ones.
fn categories<T: Threshold>(builder: &mut Builder, trees: &Trees<T>, x: TensorId) -> TensorId {
    if trees.categories.is_empty() {
        return x;
    }
    let mut is_categorical = vec![false; trees.n_features];
    for node in &trees.nodes {
        if let NodeView::Categories { feature, .. } = node.view() {
            is_categorical[feature] = true;
        }
    }
    let columns: Vec<TensorId> = (0..trees.n_features)
        .map(|feature| {
            let column = builder.column(x, feature);
            if !is_categorical[feature] {
                return column;
            }
            let whole = builder.floor(column);
            let share = builder.over(whole, 256.0);
            let rounds = builder.floor(share);
            let rounds = builder.times(rounds, 256.0);
            let category = builder.sub(whole, rounds);
            let (is_negative, is_large) = (builder.below(column, 0.0), builder.above(column, 2_147_483_647.0));
            let category = builder.number_where(is_large, 0.0, category);
            builder.number_where(is_negative, f64::NAN, category)
        })
        .collect();
    builder.concat(&columns, 1)
}

/// The trees as the primitive has them; `value(tree, leaf, place)` is what a leaf holds.
fn forest<T: Threshold>(trees: &Trees<T>, missing_by_node: bool, value: impl Fn(usize, u32, usize) -> f64) -> Forest {
    let mut steps: Vec<Place> = Vec::with_capacity(trees.nodes.len());
    let (mut splits, mut leaves) = (0, 0);
    for node in &trees.nodes {
        let step = match node.view() {
            NodeView::Leaf { .. } => {
                leaves += 1;
                Step::Leaf(leaves - 1)
            }
            NodeView::Split { .. } | NodeView::Categories { .. } => {
                splits += 1;
                Step::Split(splits - 1)
            }
        };
        steps.push(step.into());
    }
    let mut forest = Forest {
        n_features: trees.n_features,
        trees: Vec::with_capacity(trees.len()),
        splits: Vec::with_capacity(splits),
        leaves: Vec::with_capacity(leaves),
        sets: trees.categories.iter().map(members).collect(),
    };
    // Several trees may be one, and then stand in the table once.
    let mut done = 0;
    for (tree, (&root, &count)) in trees.roots.iter().zip(&trees.counts).enumerate() {
        let root = root as usize;
        forest.trees.push(Tree { root: steps[root].into() });
        for place in root.max(done)..root + count as usize {
            let (feature, test, missing_left, left) = match trees.nodes[place].view() {
                NodeView::Leaf { number } => {
                    forest.leaves.push(Leaf { value: Bits::of(value(tree, number, place)) });
                    continue;
                }
                NodeView::Split { feature, threshold, missing_left, left } => {
                    (feature, Test::AtMost(Bits::of(threshold)), missing_left, left)
                }
                NodeView::Categories { feature, set, missing_left, left } => {
                    (feature, Test::Among(set), missing_left, left)
                }
            };
            let missing_left = missing_left && missing_by_node;
            let children = [steps[left], steps[left + 1]].map(Step::from);
            forest.splits.push(Split::new(feature, test, missing_left, children));
        }
        done = done.max(root + count as usize);
    }
    forest
}

/// The numbers of the bits that are set.
fn members(set: &[u64; 4]) -> Vec<u32> {
    (0..256).filter(|&category| set[category as usize / 64] >> (category % 64) & 1 == 1).collect()
}

impl Expand for BoostingStart {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let answers = inputs[0].to_floats(builder)?;
        if answers.precision == Precision::Single {
            return Err(Reason::new("its first estimator answers in float32"));
        }
        let mut clipped = |x: TensorId| {
            let x = builder.at_least(x, self.eps);
            builder.at_most(x, 1.0 - self.eps)
        };
        let scores = match self.link {
            StartLink::Identity => answers.tensor,
            StartLink::Logit | StartLink::HalfLogit => {
                let p = clipped(answers.tensor);
                let p = builder.column(p, 1);
                let odds = logit(builder, p);
                if self.link == StartLink::Logit { odds } else { builder.times(odds, 0.5) }
            }
            StartLink::Log => {
                let p = clipped(answers.tensor);
                builder.log(p)
            }
            StartLink::SymmetricLog => {
                let p = clipped(answers.tensor);
                let logs = builder.log(p);
                let sum = builder.sum(logs, 1);
                #[expect(clippy::cast_precision_loss, reason = "a number of classes")]
                let mean = builder.over(sum, builder.width(p) as f64);
                let mean = builder.exp(mean);
                let share = builder.div(p, mean);
                builder.log(share)
            }
        };
        Ok(Block::doubles(scores))
    }
}

/// `scipy.special.logit`, which goes another way where the quotient is near 1.
fn logit(builder: &mut Builder, p: TensorId) -> TensorId {
    let half = builder.plus(p, -0.5);
    let s = builder.times(half, 2.0);
    let negative = builder.neg(s);
    let (up, down) = (builder.log1p(s), builder.log1p(negative));
    let near = builder.sub(up, down);
    let rest = builder.minus_from(1.0, p);
    let odds = builder.div(p, rest);
    let far = builder.log(odds);
    let (is_low, is_high) = (builder.below(p, 0.3), builder.above(p, 0.65));
    let is_far = builder.or(is_low, is_high);
    builder.choose(is_far, far, near)
}
