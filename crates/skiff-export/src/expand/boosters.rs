//! The trees of LightGBM, XGBoost and CatBoost.

use skiff_plan::kernels::boosted_trees::{
    BoostedMissing, BoostedSplit, BoostedTest, BoostedTrees, Branch, CategorySet, NEARLY_ZERO, Next,
};
use skiff_plan::kernels::cat_trees::{CatNext, CatSplit, CatTree, CatTrees};
use skiff_plan::operators::{
    BoostedEnsemble, BoostedLink, BoostedQuestion, BoostedRows, CatEnsemble, CatFeature, CatMissing, CatRows,
};
use skiff_plan::value::{Matrix, NumberType, Precision};

use super::arrays::softmax;
use super::checks::side_by_side;
use super::{Block, Expand, Floats, Numbers, Reason};
use crate::graph::{Bits, Builder, DType, Dim, Forest, Leaf, Split, Step, TensorId, Test, Tree};

impl Expand for BoostedRows {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let columns = match inputs[0] {
            Block::Numbers(Numbers { tensor, dtype: NumberType::Int(_), .. }) => {
                let x = builder.cast(*tensor, DType::F64);
                return Ok(Block::floats(builder.rounded(x, Precision::Single), Precision::Single));
            }
            Block::Columns { names: Some(_), columns } => columns,
            other => return Ok(other.clone()),
        };
        if !self.categories.is_empty() {
            return Err(Reason::new("columns of pandas categories are not exported yet"));
        }
        let numbers = side_by_side(builder, columns)?;
        // Of a table of numbers and truth values the numbers are rounded too; a graph's columns are of one kind.
        let is_narrow = self.narrow_tables && matches!(numbers.dtype, NumberType::Int(_));
        let x = builder.cast(numbers.tensor, DType::F64);
        Ok(Block::doubles(if is_narrow { builder.rounded(x, Precision::Single) } else { x }))
    }
}

impl Expand for BoostedEnsemble {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let rows = inputs[0].to_floats(builder)?;
        if rows.sparse && self.absent != 0.0 {
            return Err(Reason::new("what a sparse matrix does not store is missing, and not zero"));
        }
        let trees = &*self.trees;
        if trees.linear.is_some() && matches!(self.question, BoostedQuestion::Sum { .. }) {
            return Err(Reason::new("linear models in the leaves of trees are not exported yet"));
        }
        let mut columns = Columns::new(builder, rows.tensor);
        match &self.question {
            BoostedQuestion::Sum { start, precision, divisor } => {
                let forest = forest(&mut columns, builder, self, |tree, leaf| {
                    let tree = &trees.trees[tree];
                    match precision {
                        Precision::Double => trees.leaves[leaf] * f64::from(tree.weight),
                        Precision::Single => f64::from(single(trees.leaves[leaf]) * tree.weight),
                    }
                });
                let rows = columns.tensor(builder);
                let leaves = builder.trees(rows, forest);
                let leaves = match precision {
                    Precision::Double => leaves,
                    Precision::Single => builder.cast(leaves, DType::F32),
                };
                let mut sums = Vec::with_capacity(trees.columns);
                for (column, start) in start.iter().enumerate() {
                    let own = self.range.clone().enumerate();
                    let own = own.filter(|(_, tree)| trees.trees[*tree].column as usize == column);
                    let own: Vec<usize> = own.map(|(place, _)| place).collect();
                    let first = builder.array(&[1, 1], &[*start]);
                    let first = builder.cast(first, builder.dtype(leaves));
                    let first = builder.repeat_rows(first, leaves);
                    let sum = match own.len() {
                        0 => first,
                        count => {
                            let leaves = builder.columns(leaves, &own);
                            let all = builder.concat(&[first, leaves], 1);
                            let sums = builder.cum_sum(all, 1);
                            builder.column(sums, count)
                        }
                    };
                    sums.push(builder.cast(sum, DType::F64));
                }
                let sums = builder.concat(&sums, 1);
                let means = builder.over(sums, *divisor);
                Ok(Block::floats(builder.rounded(means, *precision), *precision))
            }
            BoostedQuestion::Leaves(dtype) => {
                let forest = forest(&mut columns, builder, self, |_, leaf| f64::from(trees.numbers[leaf]));
                let rows = columns.tensor(builder);
                let leaves = builder.trees(rows, forest);
                Ok(match *dtype {
                    NumberType::Float(precision) => Block::floats(builder.rounded(leaves, precision), precision),
                    dtype => Numbers { tensor: builder.cast(leaves, DType::I64), dtype, sparse: false }.into(),
                })
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it is the value of a `float32`")]
fn single(value: f64) -> f32 {
    value as f32
}

/// What a split sees of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    /// The number.
    Number,
    /// The number, and NaN for what is nearly zero.
    ZeroMissing,
    /// The number, and zero for NaN.
    MissingZero,
    /// The category that it is, -1 for negative numbers; `first` says whether those above -1 are category 0.
    Category { first: bool, missing: BoostedMissing },
}

/// The columns that the trees compare: the features as they are, and after them what some splits make of them.
struct Columns {
    x: TensorId,
    width: usize,
    added: Vec<(usize, View, TensorId)>,
}

impl Columns {
    fn new(builder: &Builder, x: TensorId) -> Self {
        Self { x, width: builder.width(x), added: Vec::new() }
    }

    /// The place of the column that has this view of a feature.
    fn place(&mut self, builder: &mut Builder, feature: usize, view: View) -> usize {
        if view == View::Number {
            return feature;
        }
        let known = self.added.iter().position(|(own, other, _)| (*own, *other) == (feature, view));
        self.width
            + known.unwrap_or_else(|| {
                let column = builder.column(self.x, feature);
                let seen = seen(builder, column, view);
                self.added.push((feature, view, seen));
                self.added.len() - 1
            })
    }

    fn tensor(&self, builder: &mut Builder) -> TensorId {
        let added = self.added.iter().map(|(.., tensor)| *tensor);
        let all: Vec<TensorId> = std::iter::once(self.x).chain(added).collect();
        builder.concat(&all, 1)
    }
}

fn seen(builder: &mut Builder, x: TensorId, view: View) -> TensorId {
    let with_zeros = |builder: &mut Builder, x: TensorId| {
        let is_nan = builder.is_nan(x);
        builder.number_where(is_nan, 0.0, x)
    };
    let without_zeros = |builder: &mut Builder, x: TensorId| {
        let size = builder.abs(x);
        let is_far = builder.above(size, NEARLY_ZERO);
        let is_near = builder.not(is_far);
        builder.number_where(is_near, f64::NAN, x)
    };
    match view {
        View::Number => x,
        View::MissingZero => with_zeros(builder, x),
        View::ZeroMissing => without_zeros(builder, x),
        View::Category { first, missing } => {
            let x = match missing {
                BoostedMissing::Left | BoostedMissing::Right => x,
                BoostedMissing::AsZero => with_zeros(builder, x),
                BoostedMissing::LeftWithZero | BoostedMissing::RightWithZero => without_zeros(builder, x),
            };
            let whole = builder.floor(x);
            let is_none = match first {
                true => {
                    let lowest = builder.number(-1.0);
                    builder.less_or_equal(x, lowest)
                }
                false => builder.below(x, 0.0),
            };
            let whole = builder.at_least(whole, 0.0);
            builder.number_where(is_none, -1.0, whole)
        }
    }
}

/// The trees that are asked, as the primitive has them; `value(tree, leaf)` is what a leaf holds.
fn forest(
    columns: &mut Columns,
    builder: &mut Builder,
    ensemble: &BoostedEnsemble,
    value: impl Fn(usize, usize) -> f64,
) -> Forest {
    let trees = &*ensemble.trees;
    let mut forest =
        Forest { n_features: 0, trees: Vec::new(), splits: Vec::new(), leaves: Vec::new(), sets: Vec::new() };
    let mut sets: Vec<CategorySet> = Vec::new();
    for tree in ensemble.range.clone() {
        let leaf = |forest: &mut Forest, leaf: usize| {
            forest.leaves.push(Leaf { value: Bits::of(value(tree, leaf)) });
            Step::Leaf(forest.leaves.len() - 1)
        };
        let root = match trees.trees[tree].root.next() {
            Next::Leaf(place) => leaf(&mut forest, place),
            Next::Split(root) => {
                let first = forest.splits.len();
                // The splits of this tree in the order in which they are met, each after the one that leads to it.
                let mut open = vec![root];
                let mut at = 0;
                while let Some(&place) = open.get(at) {
                    at += 1;
                    let split = &trees.splits[place];
                    let mut step = |branch: Branch| match branch.next() {
                        Next::Leaf(place) => leaf(&mut forest, place),
                        Next::Split(place) => {
                            open.push(place);
                            Step::Split(first + open.len() - 1)
                        }
                    };
                    let (left, right) = (step(split.left), step(split.right));
                    let (feature, test, missing_left, swapped) = question(columns, builder, split, &mut |set| {
                        sets.iter().position(|other| *other == set).unwrap_or_else(|| {
                            sets.push(set);
                            sets.len() - 1
                        })
                    });
                    let (left, right) = if swapped { (right, left) } else { (left, right) };
                    forest.splits.push(Split::new(feature, test, missing_left != swapped, [left, right]));
                }
                Step::Split(first)
            }
        };
        forest.trees.push(Tree { root });
    }
    forest.sets = sets.into_iter().map(|set| members(trees, set)).collect();
    forest.n_features = columns.width + columns.added.len();
    forest
}

/// The column that a split asks, what it asks, whether NaN goes left, and whether its sides change places: sets of what goes
/// right have no test of their own.
fn question(
    columns: &mut Columns,
    builder: &mut Builder,
    split: &BoostedSplit,
    set_of: &mut impl FnMut(CategorySet) -> usize,
) -> (usize, Test, bool, bool) {
    let missing = split.missing;
    let (view, test, swapped) = match split.test {
        BoostedTest::AtMost(threshold) => {
            let view = match missing {
                BoostedMissing::Left | BoostedMissing::Right => View::Number,
                BoostedMissing::AsZero => View::MissingZero,
                BoostedMissing::LeftWithZero | BoostedMissing::RightWithZero => View::ZeroMissing,
            };
            (view, Test::AtMost(Bits::of(threshold)), false)
        }
        BoostedTest::Among(set) => (View::Category { first: true, missing }, Test::Among(set_of(set)), false),
        BoostedTest::NotAmong(set) => (View::Category { first: false, missing }, Test::Among(set_of(set)), true),
    };
    let missing_left = matches!(missing, BoostedMissing::Left | BoostedMissing::LeftWithZero);
    (columns.place(builder, split.feature as usize, view), test, missing_left, swapped)
}

/// The categories whose bits are set.
fn members(trees: &BoostedTrees, set: CategorySet) -> Vec<u32> {
    let bits = (0..set.count * 32).filter(|bit| trees.words[(set.first + bit / 32) as usize] >> (bit % 32) & 1 == 1);
    bits.collect()
}

impl Expand for BoostedLink {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let is_single = precision == Precision::Single;
        let value = match *self {
            Self::Exp => builder.exp(x),
            Self::LogOnePlusExp => {
                let exp = builder.exp(x);
                builder.log1p(exp)
            }
            Self::Logistic { .. } if is_single => {
                // The exponential stays finite, and the quotient too.
                let negative = builder.neg(x);
                let limited = builder.at_most(negative, f64::from(88.7_f32));
                let exp = builder.exp(limited);
                let exp = builder.rounded(exp, precision);
                let divisor = builder.plus(exp, 1.0);
                let divisor = builder.rounded(divisor, precision);
                let one = builder.number(1.0);
                builder.div(one, divisor)
            }
            Self::Logistic { scale } => {
                let negative = builder.times(x, -scale);
                builder.logistic_of_negative(negative)
            }
            Self::SignedSquare => {
                let square = builder.mul(x, x);
                let (negative, is_negative) = (builder.neg(square), builder.below(x, 0.0));
                builder.choose(is_negative, negative, square)
            }
            Self::Step => {
                let is_above = builder.above(x, 0.0);
                builder.cast(is_above, DType::F64)
            }
            Self::Greatest => {
                let greatest = builder.arg_max(x, 1);
                builder.cast(greatest, DType::F64)
            }
            Self::Softmax if is_single => {
                let max = builder.max(x, 1);
                let shifted = builder.sub(x, max);
                let shifted = builder.rounded(shifted, precision);
                let exp = builder.exp(shifted);
                let exp = builder.rounded(exp, precision);
                let sum = builder.sum(exp, 1);
                let sum = builder.rounded(sum, precision);
                builder.div(exp, sum)
            }
            Self::Softmax => softmax(builder, x),
        };
        Ok(Block::floats(builder.rounded(value, precision), precision))
    }
}

impl Expand for CatRows {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        if self.features.contains(&CatFeature::Category) {
            return Err(Reason::new("its categories are hashes of texts, which no operator computes"));
        }
        let all = match inputs[0] {
            Block::Columns { columns, .. } => side_by_side(builder, columns)?,
            other => other.numbers()?,
        };
        let x = builder.cast(all.tensor, DType::F64);
        let x = builder.rounded(x, Precision::Single);
        let mut columns = Vec::with_capacity(self.features.len());
        for (place, feature) in self.features.iter().enumerate() {
            let CatFeature::Float(missing) = feature else { continue };
            let column = builder.column(x, place);
            let mut filled = |number: f64| {
                let is_nan = builder.is_nan(column);
                builder.number_where(is_nan, number, column)
            };
            columns.push(match missing {
                CatMissing::AsIs => column,
                CatMissing::Least => filled(f64::NEG_INFINITY),
                CatMissing::Greatest => filled(f64::INFINITY),
            });
        }
        if columns.is_empty() {
            return Err(Reason::new("its trees ask for no feature"));
        }
        Ok(Block::doubles(builder.concat(&columns, 1)))
    }
}

impl Expand for CatEnsemble {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let x = inputs[0].to_floats(builder)?.tensor;
        let trees = &self.trees.trees[self.range.clone()];
        let columns = self.trees.columns;
        let bias = builder.row(&self.bias);
        if trees.is_empty() {
            let zeros = builder.array(&[1, columns], &vec![0.0; columns]);
            let zeros = builder.repeat_rows(zeros, x);
            return Ok(Block::doubles(builder.add(zeros, bias)));
        }
        // The leaf of each tree, by its place in the table of all leaves.
        let places = match trees.iter().all(|tree| matches!(tree, CatTree::Symmetric { .. })) {
            true => symmetric(builder, &self.trees, trees, x)?,
            false => {
                let forest = nodes(builder, &self.trees, trees, x)?;
                builder.trees(x, forest)
            }
        };
        let places = builder.cast(places, DType::I64);
        let leaves = &self.trees.leaves;
        let table = builder.matrix(&Matrix::new(leaves.len() / columns, columns, leaves.as_slice()));
        let terms = builder.gather(table, places, 0);
        let sums = builder.cum_sum(terms, 1);
        let last = builder.slice(sums, 1, trees.len() - 1, trees.len());
        let sum = builder.reshape(last, &[Dim::Batch, Dim::Fixed(columns)]);
        let scaled = builder.times(sum, self.scale);
        Ok(Block::doubles(builder.add(scaled, bias)))
    }
}

/// A question of CatBoost's: a column, and the border that it is compared with.
fn border(split: &CatSplit) -> Result<(usize, f64), Reason> {
    match split {
        CatSplit::Above { column, border } => Ok((*column as usize, f64::from(*border))),
        CatSplit::Is { .. } => Err(Reason::new("its categories are hashes of texts, which no operator computes")),
    }
}

/// Of symmetric trees: the answers of each are the bits of a number. Trees that are less deep ask what never holds.
fn symmetric(builder: &mut Builder, all: &CatTrees, trees: &[CatTree], x: TensorId) -> Result<TensorId, Reason> {
    let splits = |tree: &CatTree| match tree {
        CatTree::Symmetric { splits, .. } => splits.clone(),
        CatTree::Nodes(_) => 0..0,
    };
    let depth = trees.iter().map(|tree| splits(tree).len()).max().unwrap_or(0).max(1);
    let (mut columns, mut borders, mut first) = (Vec::new(), Vec::new(), Vec::new());
    for tree in trees {
        let CatTree::Symmetric { leaves, .. } = tree else { continue };
        first.push(place(*leaves, all.columns));
        let own = &all.splits[splits(tree)];
        for at in 0..depth {
            let (column, border) = own.get(at).map_or(Ok((0, f64::INFINITY)), border)?;
            columns.push(column);
            borders.push(border);
        }
    }
    let columns = columns.iter().map(|&column| i64::try_from(column).unwrap_or(i64::MAX)).collect::<Vec<_>>();
    let (columns, borders) = (builder.integers(&columns), builder.row(&borders));
    let values = builder.gather(x, columns, 1);
    let holds = builder.greater(values, borders);
    let bits = builder.cast(holds, DType::F64);
    let bits = builder.reshape(bits, &[Dim::Batch, Dim::Fixed(trees.len()), Dim::Fixed(depth)]);
    let powers = (0..depth).map(|bit| 2_f64.powi(i32::try_from(bit).unwrap_or(i32::MAX)));
    let powers = builder.row(&powers.collect::<Vec<_>>());
    let numbers = builder.mul(bits, powers);
    let numbers = builder.sum(numbers, 2);
    let numbers = builder.reshape(numbers, &[Dim::Batch, Dim::Fixed(trees.len())]);
    let first = builder.row(&first);
    Ok(builder.add(numbers, first))
}

/// The number of the leaf whose values begin here.
fn place(leaf: usize, columns: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ leaves")]
    let place = (leaf / columns.max(1)) as f64;
    place
}

/// Trees of nodes, whose leaves hold their places.
fn nodes(builder: &Builder, all: &CatTrees, trees: &[CatTree], x: TensorId) -> Result<Forest, Reason> {
    let n_features = builder.width(x);
    let mut forest = Forest { n_features, trees: Vec::new(), splits: Vec::new(), leaves: Vec::new(), sets: Vec::new() };
    for tree in trees {
        let CatTree::Nodes(root) = tree else {
            return Err(Reason::new("trees of both kinds in one model are not exported"));
        };
        let first = forest.splits.len();
        let mut open = vec![*root];
        let mut at = 0;
        while let Some(&node) = open.get(at) {
            at += 1;
            let node = &all.nodes[node];
            let (feature, border) = border(&node.split)?;
            let mut step = |next: CatNext| match next {
                CatNext::Node(next) => {
                    open.push(next as usize);
                    Step::Split(first + open.len() - 1)
                }
                CatNext::Leaf(leaf) => {
                    forest.leaves.push(Leaf { value: Bits::of(place(leaf as usize, all.columns)) });
                    Step::Leaf(forest.leaves.len() - 1)
                }
            };
            let [no, yes] = node.next;
            let (left, right) = (step(no), step(yes));
            // Not above the border, or NaN: left.
            let test = Test::AtMost(Bits::of(border));
            forest.splits.push(Split::new(feature, test, true, [left, right]));
        }
        forest.trees.push(Tree { root: Step::Split(first) });
    }
    Ok(forest)
}
