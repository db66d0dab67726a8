//! The trees of a forest as one table of nodes, for one walk without branches.
//!
//! The two children of a split are next to each other, so that the result of its comparison is added to the place of the
//! first. A leaf compares a column that is never at most anything with its own value, and so leads back to itself: a walk may
//! go on until others have ended.

use std::collections::BTreeMap;

use crate::graph::{Forest, Split, Step, Test};

/// How many trees are walked at a time.
pub(super) const LANES: usize = 8;

/// The nodes of a forest without categories: the roots first, then the children of each split.
pub(super) struct Nodes<'a> {
    forest: &'a Forest,
    /// The place of each feature among the columns that are compared; with NaN as the least of all numbers, where it goes left.
    places: BTreeMap<(usize, bool), usize>,
}

/// A row of the table: left is the child at `left`, where the column is at most the threshold, else the one after it.
pub(super) struct Node {
    pub threshold: f64,
    pub column: usize,
    pub left: i64,
}

impl<'a> Nodes<'a> {
    pub(super) fn of(forest: &'a Forest) -> Self {
        let mut places: BTreeMap<(usize, bool), usize> = BTreeMap::new();
        places.extend(forest.splits.iter().map(|split| (key(split), 0)));
        places.values_mut().enumerate().for_each(|(place, own)| *own = place);
        Self { forest, places }
    }

    /// The columns that are compared: twice the number of a feature, and 1 more where NaN goes left.
    pub(super) fn columns(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.places.keys().map(|&(feature, missing_left)| 2 * feature + usize::from(missing_left))
    }

    pub(super) fn len(&self) -> usize {
        self.forest.trees.len() + 2 * self.forest.splits.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Node> + '_ {
        let roots = self.forest.trees.iter().map(|tree| tree.root);
        let children = self.forest.splits.iter().flat_map(|split| [split.left(), split.right()]);
        roots.chain(children).enumerate().map(|(at, step)| self.node(at, step))
    }

    /// The node at a place of the table.
    fn node(&self, at: usize, step: Step) -> Node {
        let small = |place: usize| i64::try_from(place).unwrap_or(i64::MAX);
        match step {
            Step::Leaf(leaf) => Node {
                threshold: self.forest.leaves[leaf].value.value(),
                column: self.places.len(),
                left: small(at) - 1,
            },
            Step::Split(number) => {
                let split = &self.forest.splits[number];
                let threshold = match split.test {
                    Test::AtMost(threshold) => threshold.value(),
                    Test::Among(_) => f64::NAN,
                };
                let column = self.places.get(&key(split)).copied().unwrap_or(self.places.len());
                Node { threshold, column, left: small(self.forest.trees.len() + 2 * number) }
            }
        }
    }

    /// How many splits the longest way has in each group of trees that are walked together.
    pub(super) fn depths(&self) -> Vec<usize> {
        let Forest { trees, splits, .. } = self.forest;
        // Parents come before their children.
        let mut heights = vec![1_u32; splits.len()];
        for (at, split) in splits.iter().enumerate().rev() {
            for step in [split.left(), split.right()] {
                if let Step::Split(child) = step {
                    heights[at] = heights[at].max(1 + heights[child]);
                }
            }
        }
        let height = |step: Step| match step {
            Step::Split(split) => heights[split] as usize,
            Step::Leaf(_) => 0,
        };
        let groups = trees.chunks_exact(LANES);
        groups.map(|group| group.iter().map(|tree| height(tree.root)).max().unwrap_or(0)).collect()
    }
}

fn key(split: &Split) -> (usize, bool) {
    (split.feature(), split.missing_left)
}
