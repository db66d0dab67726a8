//! Walking rows through the trees of LightGBM and XGBoost, which handle missing values and categories in their own ways.
//!
//! A tree is walked by all rows of a block before the next one replaces it in the cache; each row's sum is in the
//! order of the trees.

use std::ops::Range;
use std::sync::OnceLock;

use super::split_masks::{FEWEST_ROWS, SplitMasks, Step};
use super::trees::{MissingSide, Threshold};
use crate::value::Precision;

/// All trees of a boosting. The caller guarantees: splits are after their parents; features are below
/// `n_features`; the leaves, sets and columns exist. (A violation panics later, and never returns a wrong result.)
#[derive(Debug)]
pub struct BoostedTrees {
    /// How many features a row has.
    pub n_features: usize,
    /// How many columns the sums have.
    pub columns: usize,
    /// The splits of all trees.
    pub splits: Vec<BoostedSplit>,
    /// The trees in their order.
    pub trees: Vec<BoostedTree>,
    /// The value of each leaf.
    pub leaves: Vec<f64>,
    /// What each leaf is called within its tree.
    pub numbers: Vec<u32>,
    /// The sets of categories, one bit for each.
    pub words: Vec<u32>,
    /// The linear models in the leaves, if trees have some.
    pub linear: Option<LinearLeaves>,
    /// The same trees for many rows at once, if they are small.
    pub small: SmallBoosted,
}

/// A linear model for each leaf. A leaf's features are below `n_features`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinearLeaves {
    /// The constant of each leaf.
    pub constants: Vec<f64>,
    /// Where each leaf's terms begin, and where the last one's end.
    pub starts: Vec<usize>,
    /// The feature and the coefficient of each term.
    pub terms: Vec<(u32, f64)>,
}

impl LinearLeaves {
    /// The value of a leaf for a row; `None` where a number that it asks for is missing.
    fn value(&self, leaf: usize, row: &[f64]) -> Option<f64> {
        let terms = self.terms[self.starts[leaf]..self.starts[leaf + 1]].iter();
        let mut values = terms.map(|&(feature, coefficient)| {
            let value = row[feature as usize];
            // LightGBM drops numbers near zero before it asks.
            let value = if value.abs() <= NEARLY_ZERO { 0.0 } else { value };
            (!value.is_nan()).then_some(coefficient * value)
        });
        values.try_fold(self.constants[leaf], |sum, value| Some(sum + value?))
    }
}

/// The same trees for many rows at once, for rows of each dtype, if they are small; made when they are first needed.
#[derive(Debug, Default)]
pub struct SmallBoosted {
    single: OnceLock<Option<SplitMasks<f32>>>,
    double: OnceLock<Option<SplitMasks<f64>>>,
}

/// Rows as trees take them.
#[derive(Clone, Copy, Debug)]
pub struct TreeRows<'x> {
    /// Rows of `n_features`.
    pub numbers: &'x [f64],
    /// Their dtype.
    pub precision: Precision,
}

/// One tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoostedTree {
    /// Where its walks begin.
    pub root: Branch,
    /// The column of the sums that its leaves are added to.
    pub column: u32,
    /// What its leaves are multiplied by.
    pub weight: f32,
}

/// A split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoostedSplit {
    /// The index of the feature that it tests.
    pub feature: u32,
    /// Which rows go left.
    pub test: BoostedTest,
    /// Where rows without a value go.
    pub missing: BoostedMissing,
    /// What follows to the left.
    pub left: Branch,
    /// What follows to the right.
    pub right: Branch,
}

/// Which rows a split sends to the left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BoostedTest {
    /// Those whose number is at most this.
    AtMost(f64),
    /// Those whose category is in the set; a number loses its fraction first, so that those above -1 are category 0.
    Among(CategorySet),
    /// Those whose category is not in the set; negative numbers are none.
    NotAmong(CategorySet),
}

/// A set of categories: so many of the words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CategorySet {
    /// Its first word.
    pub first: u32,
    /// How many words it has.
    pub count: u32,
}

/// Which values are missing, and where these go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoostedMissing {
    /// NaN goes left.
    Left,
    /// NaN goes right.
    Right,
    /// NaN is zero.
    AsZero,
    /// NaN and zero go left.
    LeftWithZero,
    /// NaN and zero go right.
    RightWithZero,
}

/// What follows in a tree: a split or a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch(u32);

const LEAF: u32 = 1 << 31;

impl Branch {
    /// The largest number of splits or leaves.
    pub const MOST: usize = LEAF as usize;

    /// The split at this index, below [`Branch::MOST`].
    pub const fn split(place: u32) -> Self {
        Self(place)
    }

    /// The leaf at this index, below [`Branch::MOST`].
    pub const fn leaf(place: u32) -> Self {
        Self(place | LEAF)
    }

    /// The split or the leaf that it is.
    pub const fn next(self) -> Next {
        let place = (self.0 & !LEAF) as usize;
        if self.0 & LEAF == 0 { Next::Split(place) } else { Next::Leaf(place) }
    }
}

/// A split or a leaf, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A split.
    Split(usize),
    /// A leaf.
    Leaf(usize),
}

/// Numbers with an absolute value of at most this are zero: `1e-35` as a `float32`, LightGBM's `kZeroThreshold`.
pub const NEARLY_ZERO: f64 = 1e-35_f32 as f64;

impl BoostedTrees {
    /// Adds to each row of `sums`, which has `columns`, what `trees` have for the row, tree by tree in their order,
    /// rounding to `precision` each time.
    pub fn add(&self, x: TreeRows<'_>, trees: Range<usize>, precision: Precision, sums: &mut [f64]) {
        let add = |sum: &mut f64, leaf: f64, weight: f32| match precision {
            Precision::Double => *sum += leaf * f64::from(weight),
            Precision::Single => *sum = f64::from(single(*sum) + single(leaf) * weight),
        };
        if let Some(linear) = &self.linear {
            for tree in &self.trees[trees] {
                let column = tree.column as usize;
                for (row, sums) in x.numbers.chunks_exact(self.n_features).zip(sums.chunks_exact_mut(self.columns)) {
                    let leaf = self.leaf(tree.root, row);
                    let value = linear.value(leaf, row).unwrap_or(self.leaves[leaf]);
                    add(&mut sums[column], value, tree.weight);
                }
            }
            return;
        }
        let is_small = self.each_of_small(x, trees.clone(), |rows, tree, places, values| {
            let BoostedTree { column, weight, .. } = self.trees[tree];
            let sums = sums[rows.start * self.columns..rows.end * self.columns].chunks_exact_mut(self.columns);
            for (sums, &place) in sums.zip(places) {
                add(&mut sums[column as usize], values[place as usize], weight);
            }
        });
        if is_small {
            return;
        }
        for tree in &self.trees[trees] {
            let column = tree.column as usize;
            for (row, sums) in x.numbers.chunks_exact(self.n_features).zip(sums.chunks_exact_mut(self.columns)) {
                add(&mut sums[column], self.leaves[self.leaf(tree.root, row)], tree.weight);
            }
        }
    }

    /// The number of the leaf that each row ends in, `x`'s rows by `trees`.
    pub fn apply(&self, x: TreeRows<'_>, trees: Range<usize>) -> Vec<i64> {
        let trees = &self.trees[trees];
        let rows = x.numbers.chunks_exact(self.n_features);
        rows.flat_map(|row| trees.iter().map(|tree| i64::from(self.numbers[self.leaf(tree.root, row)]))).collect()
    }

    /// Calls `visit` with the places of the leaves that some rows end in, for some after the other and each of `trees`, if
    /// all trees are small and there are enough rows and trees for that; returns whether they are.
    fn each_of_small(
        &self,
        x: TreeRows<'_>,
        trees: Range<usize>,
        visit: impl FnMut(Range<usize>, usize, &[u32], &[f64]),
    ) -> bool {
        if x.numbers.len() < FEWEST_ROWS * self.n_features {
            return false;
        }
        // A `float32` number is at most a threshold if it is at most the greatest `float32` that is.
        match x.precision {
            Precision::Single => {
                let small = self.small.single.get_or_init(|| self.to_split_masks());
                walk(small.as_ref(), x.numbers, self.n_features, trees, visit)
            }
            Precision::Double => {
                let small = self.small.double.get_or_init(|| self.to_split_masks());
                walk(small.as_ref(), x.numbers, self.n_features, trees, visit)
            }
        }
    }

    fn to_split_masks<T: Threshold>(&self) -> Option<SplitMasks<T>> {
        SplitMasks::new(self.trees.iter().map(|tree| tree.root.0), |_, branch| match Branch(branch).next() {
            Next::Leaf(leaf) => Some(Step::Leaf { name: u32::try_from(leaf).ok()?, value: self.leaves[leaf] }),
            Next::Split(split) => {
                let BoostedSplit { feature, test, missing, left, right } = self.splits[split];
                let BoostedTest::AtMost(threshold) = test else { return None };
                let missing_left = match missing {
                    BoostedMissing::Left => true,
                    BoostedMissing::Right => false,
                    BoostedMissing::AsZero => 0.0 <= threshold,
                    // Numbers near zero do not go where the threshold says.
                    BoostedMissing::LeftWithZero | BoostedMissing::RightWithZero => return None,
                };
                let threshold = T::at_most(threshold);
                Some(Step::Split { feature, threshold, missing_left, left: left.0, right: right.0 })
            }
        })
    }

    fn leaf(&self, root: Branch, row: &[f64]) -> usize {
        let mut at = root;
        while at.0 & LEAF == 0 {
            let split = &self.splits[at.0 as usize];
            let left = self.goes_left(split, row[split.feature as usize]);
            at = if left { split.left } else { split.right };
        }
        (at.0 & !LEAF) as usize
    }

    fn goes_left(&self, split: &BoostedSplit, value: f64) -> bool {
        let is_zero = || value.abs() <= NEARLY_ZERO;
        let value = match split.missing {
            BoostedMissing::Left if value.is_nan() => return true,
            BoostedMissing::Right if value.is_nan() => return false,
            BoostedMissing::LeftWithZero if value.is_nan() || is_zero() => return true,
            BoostedMissing::RightWithZero if value.is_nan() || is_zero() => return false,
            BoostedMissing::AsZero if value.is_nan() => 0.0,
            _ => value,
        };
        match split.test {
            BoostedTest::AtMost(threshold) => value <= threshold,
            BoostedTest::Among(set) => value > -1.0 && self.has(set, value),
            BoostedTest::NotAmong(set) => value < 0.0 || !self.has(set, value),
        }
    }

    /// Whether the category of a number above -1 is in a set.
    fn has(&self, set: CategorySet, value: f64) -> bool {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is too large is in no set")]
        let category = value as usize;
        category / 32 < set.count as usize && self.words[set.first as usize + category / 32] >> (category % 32) & 1 == 1
    }
}

/// Calls `visit` as [`SplitMasks::walk`], also with the values of the leaves, if there are masks.
fn walk<T: Threshold>(
    small: Option<&SplitMasks<T>>,
    x: &[f64],
    n_features: usize,
    trees: Range<usize>,
    mut visit: impl FnMut(Range<usize>, usize, &[u32], &[f64]),
) -> bool {
    let Some(small) = small.filter(|small| small.pays_for(trees.len())) else { return false };
    small.walk(&T::all(x), n_features, MissingSide::ByNode, trees, |rows, tree, places| {
        visit(rows, tree, places, &small.values);
    });
    true
}

#[expect(clippy::cast_possible_truncation, reason = "it is the value of a `float32`")]
fn single(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of one split: 1 to the left, 2 to the right.
    fn side(test: BoostedTest, missing: BoostedMissing, value: f64) -> f64 {
        let split = BoostedSplit { feature: 0, test, missing, left: Branch::leaf(0), right: Branch::leaf(1) };
        let tree = BoostedTree { root: Branch::split(0), column: 0, weight: 1.0 };
        let trees = BoostedTrees {
            n_features: 1,
            columns: 1,
            splits: vec![split],
            trees: vec![tree],
            leaves: vec![1.0, 2.0],
            numbers: vec![0, 1],
            words: vec![0b1001, 0b1],
            linear: None,
            small: SmallBoosted::default(),
        };
        // Alone, and among as many rows as go through the masks; as `float32` where it is one.
        let (alone, others) = (&mut [0.0], &mut [0.0; FEWEST_ROWS]);
        let rows = [value; FEWEST_ROWS];
        let x = |count: usize, precision| TreeRows { numbers: &rows[..count], precision };
        trees.add(x(1, Precision::Double), 0..1, Precision::Double, alone);
        trees.add(x(FEWEST_ROWS, Precision::Double), 0..1, Precision::Double, others);
        assert_eq!(*others, [alone[0]; FEWEST_ROWS]);
        if Precision::Single.round(value) == value || value.is_nan() {
            others.fill(0.0);
            trees.add(x(FEWEST_ROWS, Precision::Single), 0..1, Precision::Double, others);
            assert_eq!(*others, [alone[0]; FEWEST_ROWS]);
        }
        alone[0]
    }

    #[test]
    fn numbers_and_missing_values_take_their_sides() {
        let missing = [
            (BoostedMissing::Left, 1.0, 2.0),
            (BoostedMissing::Right, 2.0, 2.0),
            (BoostedMissing::AsZero, 2.0, 2.0),
            (BoostedMissing::LeftWithZero, 1.0, 1.0),
            (BoostedMissing::RightWithZero, 2.0, 2.0),
        ];
        for (missing, nan, zero) in missing {
            let test = BoostedTest::AtMost(-1.5);
            assert_eq!(side(test, missing, f64::NAN), nan, "{missing:?}");
            assert_eq!(side(test, missing, 1e-36), zero, "{missing:?}");
            assert_eq!(side(test, missing, -1.5), 1.0, "{missing:?}");
            assert_eq!(side(test, missing, f64::INFINITY), 2.0, "{missing:?}");
        }
    }

    #[test]
    fn categories_take_their_sides() {
        let set = CategorySet { first: 0, count: 2 };
        let cases =
            [(0.0, true), (3.9, true), (1.0, false), (32.0, true), (33.0, false), (64.0, false), (1e300, false)];
        for (value, member) in cases {
            let among = side(BoostedTest::Among(set), BoostedMissing::Right, value);
            assert_eq!(among, if member { 1.0 } else { 2.0 }, "{value}");
            let not_among = side(BoostedTest::NotAmong(set), BoostedMissing::Right, value);
            assert_eq!(not_among, if member { 2.0 } else { 1.0 }, "{value}");
        }
        assert_eq!(side(BoostedTest::Among(set), BoostedMissing::Right, -0.5), 1.0);
        assert_eq!(side(BoostedTest::Among(set), BoostedMissing::Right, -1.0), 2.0);
        assert_eq!(side(BoostedTest::NotAmong(set), BoostedMissing::Right, -0.5), 1.0);
    }
}
