//! Walking many rows through small trees, by testing all splits of a tree: QuickScorer (Lucchese et al., *QuickScorer: a
//! Fast Algorithm to Rank Documents with Additive Ensembles of Regression Trees*, SIGIR 2015), with rows side by side.
//!
//! The leaves of a tree are the bits of a mask, the leftmost the lowest. A split that a row does not pass to the left
//! excludes the leaves on its left, in whatever order splits are tested; the lowest bit that is left is the row's leaf. So
//! each split is a comparison of one feature of many rows with one number, without a branch and without a look-up.

use std::ops::Range;

use super::arch::vectorized;
use super::trees::{MissingSide, Threshold};

/// How many leaves a tree may have: as many as a mask has bits.
const MOST_LEAVES: usize = 64;

/// How many rows go side by side, and how many if that is more than are left.
const ROWS: usize = 64;
const FEWER_ROWS: usize = 16;

/// From how many rows on it is quicker than walking each of them.
pub(super) const FEWEST_ROWS: usize = 8;

/// How many features may be used for each tree: all are copied once for all trees.
const FEATURES_FOR_A_TREE: usize = 8;

/// Trees of at most 64 leaves each.
#[derive(Debug)]
pub(super) struct SplitMasks<T> {
    /// The features that are tested, by number.
    features: Vec<u32>,
    trees: Vec<Tree>,
    splits: Splits<T>,
    /// What the leaves are called, tree by tree, from left to right.
    pub(super) leaves: Vec<u32>,
    /// Their values.
    pub(super) values: Vec<f64>,
}

/// A node of a tree that is converted.
pub(super) enum Step<T> {
    /// A leaf, what it is called, and its value if it has one.
    Leaf { name: u32, value: f64 },
    /// Rows whose feature is at most the threshold follow to the left; so do those without a value, or else to the right.
    Split { feature: u32, threshold: T, missing_left: bool, left: u32, right: u32 },
}

#[derive(Debug)]
struct Tree {
    /// The splits that send rows without a value to the right, and after them those that send them to the left.
    missing_right: Range<usize>,
    missing_left: Range<usize>,
    first_leaf: usize,
}

/// Splits with masks as wide as the largest tree needs.
#[derive(Debug)]
enum Splits<T> {
    Narrow(Vec<Split<T, u32>>),
    Wide(Vec<Split<T, u64>>),
}

#[derive(Clone, Copy, Debug)]
struct Split<T, M> {
    threshold: T,
    /// The leaves that rows may reach that are not passed to the left.
    mask: M,
    /// The place among the features that are tested.
    feature: u32,
}

/// A bit for each leaf.
trait Mask: Copy {
    const ALL: Self;
    fn excluding(self, is_left: bool, mask: Self) -> Self;
    fn lowest(self) -> u32;
}

macro_rules! mask {
    ($type:ty) => {
        impl Mask for $type {
            const ALL: Self = !0;

            #[inline(always)]
            fn excluding(self, is_left: bool, mask: Self) -> Self {
                self & if is_left { Self::ALL } else { mask }
            }

            #[inline(always)]
            fn lowest(self) -> u32 {
                self.trailing_zeros()
            }
        }
    };
}

mask!(u32);
mask!(u64);

impl<T: Threshold> SplitMasks<T> {
    /// The trees with these roots; `None` if one of them has more than 64 leaves, or if so many features are tested that
    /// copying them costs more than the trees. `step` says what a node of a tree is, `None` if it cannot be converted.
    pub(super) fn new(roots: impl Iterator<Item = u32>, step: impl Fn(usize, u32) -> Option<Step<T>>) -> Option<Self> {
        let (mut trees, mut splits, mut leaves) = (Vec::new(), Vec::new(), Vec::<(u32, f64)>::new());
        for (number, root) in roots.enumerate() {
            let first_leaf = leaves.len();
            let (missing_right, missing_left) = splits_of(root, |node| step(number, node), &mut leaves)?;
            let first = splits.len();
            splits.extend(missing_right);
            let middle = splits.len();
            splits.extend(missing_left);
            trees.push(Tree { missing_right: first..middle, missing_left: middle..splits.len(), first_leaf });
        }
        let mut features: Vec<u32> = splits.iter().map(|split| split.feature).collect();
        features.sort_unstable();
        features.dedup();
        if features.len() > FEATURES_FOR_A_TREE * trees.len() {
            return None;
        }
        for split in &mut splits {
            let place = features.partition_point(|&feature| feature < split.feature);
            split.feature = u32::try_from(place).ok()?;
        }
        let ends = trees.iter().skip(1).map(|tree| tree.first_leaf).chain([leaves.len()]);
        let most_leaves = trees.iter().zip(ends).map(|(tree, end)| end - tree.first_leaf).max().unwrap_or_default();
        let splits = match most_leaves {
            ..=32 => Splits::Narrow(splits.into_iter().map(Split::narrow).collect()),
            _ => Splits::Wide(splits),
        };
        let (leaves, values) = leaves.into_iter().unzip();
        Some(Self { features, trees, splits, leaves, values })
    }

    /// Whether so many of the trees are worth a copy of the features.
    pub(super) fn pays_for(&self, trees: usize) -> bool {
        self.features.len() <= FEATURES_FOR_A_TREE * trees
    }

    /// Calls `visit(rows, tree, places)` for some rows and each of `trees`; for any one row in the order of the trees: with
    /// the places among [`Self::leaves`] of the leaves that the rows end in. `x` holds rows of `n_features`.
    pub(super) fn walk(
        &self,
        x: &[T],
        n_features: usize,
        missing: MissingSide,
        trees: Range<usize>,
        mut visit: impl FnMut(Range<usize>, usize, &[u32]),
    ) {
        let rows = x.len() / n_features;
        let mut first = 0;
        while first < rows {
            // Many at once, as long as there are, and then fewer.
            let count = if rows - first > ROWS - FEWER_ROWS { ROWS } else { FEWER_ROWS };
            let range = first..rows.min(first + count);
            let x = &x[range.start * n_features..range.end * n_features];
            let visit = |tree: usize, places: &[u32]| visit(range.clone(), tree, places);
            match (&self.splits, count) {
                (Splits::Narrow(splits), ROWS) => self.block::<_, ROWS>(splits, x, n_features, missing, &trees, visit),
                (Splits::Narrow(splits), _) => {
                    self.block::<_, FEWER_ROWS>(splits, x, n_features, missing, &trees, visit);
                }
                (Splits::Wide(splits), ROWS) => self.block::<_, ROWS>(splits, x, n_features, missing, &trees, visit),
                (Splits::Wide(splits), _) => self.block::<_, FEWER_ROWS>(splits, x, n_features, missing, &trees, visit),
            }
            first = range.end;
        }
    }

    /// The same of at most `N` rows.
    fn block<M: Mask, const N: usize>(
        &self,
        splits: &[Split<T, M>],
        x: &[T],
        n_features: usize,
        missing: MissingSide,
        trees: &Range<usize>,
        mut visit: impl FnMut(usize, &[u32]),
    ) {
        let columns = self.columns::<N>(x, n_features);
        let rows = x.len() / n_features;
        vectorized!({
            for (number, tree) in trees.clone().zip(&self.trees[trees.clone()]) {
                let places = tree.places(splits, &columns, missing);
                visit(number, &places[..rows]);
            }
        });
    }

    /// As [`Self::walk`], with all rows in a tree before the next one: where trees are so large that one replaces another
    /// in the cache.
    pub(super) fn walk_by_tree(
        &self,
        x: &[T],
        n_features: usize,
        missing: MissingSide,
        trees: Range<usize>,
        visit: impl FnMut(Range<usize>, usize, &[u32]),
    ) {
        match &self.splits {
            Splits::Narrow(splits) => self.blocks_by_tree(splits, x, n_features, missing, trees, visit),
            Splits::Wide(splits) => self.blocks_by_tree(splits, x, n_features, missing, trees, visit),
        }
    }

    fn blocks_by_tree<M: Mask>(
        &self,
        splits: &[Split<T, M>],
        x: &[T],
        n_features: usize,
        missing: MissingSide,
        trees: Range<usize>,
        mut visit: impl FnMut(Range<usize>, usize, &[u32]),
    ) {
        let blocks: Vec<_> = x.chunks(ROWS * n_features).map(|x| self.columns::<ROWS>(x, n_features)).collect();
        let rows = x.len() / n_features;
        for (number, tree) in trees.clone().zip(&self.trees[trees]) {
            for (columns, first) in blocks.iter().zip((0..rows).step_by(ROWS)) {
                let places = vectorized!(tree.places(splits, columns, missing));
                let range = first..rows.min(first + ROWS);
                visit(range.clone(), number, &places[..range.len()]);
            }
        }
    }

    /// The features that are tested, of at most `N` rows, row next to row.
    fn columns<const N: usize>(&self, x: &[T], n_features: usize) -> Vec<[T; N]> {
        let mut columns = vec![[T::default(); N]; self.features.len()];
        for (row, x) in x.chunks_exact(n_features).enumerate() {
            for (column, &feature) in columns.iter_mut().zip(&self.features) {
                column[row] = x[feature as usize];
            }
        }
        columns
    }
}

impl Tree {
    /// The places of the leaves that `N` rows end in.
    #[inline(always)]
    fn places<T: Threshold, M: Mask, const N: usize>(
        &self,
        splits: &[Split<T, M>],
        columns: &[[T; N]],
        missing: MissingSide,
    ) -> [u32; N] {
        let (missing_right, missing_left) = match missing {
            MissingSide::ByNode => (self.missing_right.clone(), self.missing_left.clone()),
            MissingSide::Right => (self.missing_right.start..self.missing_left.end, 0..0),
        };
        places(&splits[missing_right], &splits[missing_left], columns, self.first_leaf)
    }
}

#[inline(always)]
fn places<T: Threshold, M: Mask, const N: usize>(
    missing_right: &[Split<T, M>],
    missing_left: &[Split<T, M>],
    columns: &[[T; N]],
    first_leaf: usize,
) -> [u32; N] {
    let mut masks = [M::ALL; N];
    for split in missing_right {
        let column = &columns[split.feature as usize];
        for lane in 0..N {
            masks[lane] = masks[lane].excluding(column[lane] <= split.threshold, split.mask);
        }
    }
    for split in missing_left {
        let column = &columns[split.feature as usize];
        for lane in 0..N {
            // Not `<=`: no number compares to NaN.
            let is_right = column[lane] > split.threshold;
            masks[lane] = masks[lane].excluding(!is_right, split.mask);
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "all leaves are numbered in 32 bits")]
    let first_leaf = first_leaf as u32;
    masks.map(|mask| first_leaf + mask.lowest())
}

/// The splits of a tree, by the side of rows without a value; its leaves are added to `leaves`.
#[expect(clippy::type_complexity, reason = "the splits of two kinds")]
fn splits_of<T>(
    root: u32,
    step: impl Fn(u32) -> Option<Step<T>>,
    leaves: &mut Vec<(u32, f64)>,
) -> Option<(Vec<Split<T, u64>>, Vec<Split<T, u64>>)> {
    enum Visit<T> {
        Node(u32),
        /// A split whose left side is done, which began at this leaf.
        LeftIsDone(Split<T, u64>, bool, usize),
    }
    let first_leaf = leaves.len();
    let (mut missing_right, mut missing_left) = (Vec::new(), Vec::new());
    let mut visits = vec![Visit::Node(root)];
    while let Some(visit) = visits.pop() {
        let found = leaves.len() - first_leaf;
        // Every split that waits has a leaf to come.
        if found + visits.len() > 2 * MOST_LEAVES {
            return None;
        }
        match visit {
            Visit::Node(node) => match step(node)? {
                Step::Leaf { .. } if found == MOST_LEAVES => return None,
                Step::Leaf { name, value } => leaves.push((name, value)),
                Step::Split { feature, threshold, missing_left, left, right } => {
                    let split = Split { threshold, mask: 0, feature };
                    visits.push(Visit::Node(right));
                    visits.push(Visit::LeftIsDone(split, missing_left, found));
                    visits.push(Visit::Node(left));
                }
            },
            Visit::LeftIsDone(split, is_missing_left, start) => {
                let split = Split { mask: !(below(found) & !below(start)), ..split };
                if is_missing_left { missing_left.push(split) } else { missing_right.push(split) }
            }
        }
    }
    Some((missing_right, missing_left))
}

/// The lowest bits of a mask.
fn below(bits: usize) -> u64 {
    if bits >= MOST_LEAVES { u64::MAX } else { (1 << bits) - 1 }
}

impl<T> Split<T, u64> {
    /// The same for trees of at most 32 leaves.
    #[expect(clippy::cast_possible_truncation, reason = "there are no leaves in the upper half")]
    fn narrow(self) -> Split<T, u32> {
        Split { threshold: self.threshold, mask: self.mask as u32, feature: self.feature }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree whose every node is at `2n + 1` and `2n + 2` below node `n`, as deep as `depth`, but for the sides that
    /// `is_leaf` ends.
    fn step(node: u32, depth: u32, is_leaf: impl Fn(u32) -> bool) -> Step<f32> {
        if node + 1 >= 1 << depth || is_leaf(node) {
            return Step::Leaf { name: node, value: f64::from(node) };
        }
        let threshold = (node * 37 % 101) as f32 / 101.0;
        Step::Split {
            feature: node % 5,
            threshold,
            missing_left: node.is_multiple_of(3),
            left: 2 * node + 1,
            right: 2 * node + 2,
        }
    }

    #[test]
    fn rows_end_in_the_leaves_that_walks_end_in() {
        let n_features = 5;
        let number = |at: usize| match at * 7919 % 1009 {
            0..100 => f32::NAN,
            found => found as f32 / 1009.0,
        };
        for depth in 0..=6 {
            let look = |node: u32| step(node, depth, |node| node % 7 == 5);
            let trees = SplitMasks::new([0, 0, 1].into_iter().filter(|&root| depth > 0 || root == 0), |_, node| {
                Some(look(node))
            });
            let trees = trees.expect("small trees");
            for rows in [0, 1, 16, 17, 50, 64, 100, 131] {
                let x: Vec<f32> = (0..rows * n_features).map(number).collect();
                for missing in [MissingSide::ByNode, MissingSide::Right] {
                    let mut found = vec![Vec::new(); rows];
                    let mut by_tree = found.clone();
                    let add = |found: &mut Vec<Vec<_>>, rows: Range<usize>, tree: usize, places: &[u32]| {
                        for (row, &place) in rows.zip(places) {
                            let place = place as usize;
                            found[row].push((tree, (trees.leaves[place], trees.values[place])));
                        }
                    };
                    let all = 0..trees.trees.len();
                    trees.walk(&x, n_features, missing, all.clone(), |rows, tree, places| {
                        add(&mut found, rows, tree, places);
                    });
                    trees.walk_by_tree(&x, n_features, missing, all, |rows, tree, places| {
                        add(&mut by_tree, rows, tree, places);
                    });
                    assert_eq!(found, by_tree);
                    for (row, found) in x.chunks_exact(n_features).zip(&found) {
                        for (at, &(tree, leaf)) in found.iter().enumerate() {
                            assert_eq!(at, tree);
                            let mut node = u32::from(tree == 2);
                            while let Step::Split { feature, threshold, missing_left, left, right } = look(node) {
                                let value = row[feature as usize];
                                let is_missing_left = missing_left && missing == MissingSide::ByNode;
                                let is_left = value <= threshold || value.is_nan() && is_missing_left;
                                node = if is_left { left } else { right };
                            }
                            assert_eq!(leaf, (node, f64::from(node)));
                        }
                        assert_eq!(found.len(), trees.trees.len());
                    }
                }
            }
        }
    }

    #[test]
    fn trees_of_more_leaves_are_not_converted() {
        let of = |depth: u32| SplitMasks::new([0].into_iter(), |_, node| Some(step(node, depth, |_| false)));
        assert!(of(6).is_some_and(|trees| trees.leaves.len() == 64));
        assert!(of(7).is_none());
        let endless = SplitMasks::<f32>::new([0].into_iter(), |_, _| {
            Some(Step::Split { feature: 0, threshold: 0.0, missing_left: false, left: 0, right: 0 })
        });
        assert!(endless.is_none());
    }
}
