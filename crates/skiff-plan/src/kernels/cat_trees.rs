//! Walking rows through CatBoost's trees.
//!
//! Most are symmetric: all nodes of one depth ask the same question, so that the answers, as the bits of a number, say
//! which leaf a row ends in. A tree is walked by all rows of a block before the next one takes its place in the cache; each
//! row's sum is in the order of the trees.

use std::ops::Range;

use super::arch::vectorized;

/// How many rows answer a question side by side.
const ROWS: usize = 64;

/// From how many rows on that is quicker than one by one.
const ENOUGH_ROWS: usize = 8;

/// All trees of a CatBoost model. The code that makes it ensures that the splits, nodes and leaves that are named exist, that
/// nodes stand after those that lead to them, and that splits ask for columns that rows have. (What is broken here panics
/// later, and never answers.)
#[derive(Debug)]
pub struct CatTrees {
    /// How many columns the sums have.
    pub columns: usize,
    /// The splits of the trees, one tree's after the other's.
    pub splits: Vec<CatSplit>,
    /// The trees in their order.
    pub trees: Vec<CatTree>,
    /// The nodes of trees that are not symmetric.
    pub nodes: Vec<CatNode>,
    /// The values of each leaf, `columns` next to each other.
    pub leaves: Vec<f64>,
}

/// One tree.
#[derive(Clone, Debug, PartialEq)]
pub enum CatTree {
    /// A symmetric tree.
    Symmetric {
        /// Its splits, that of the root, which is bit 0, first.
        splits: Range<usize>,
        /// Where its leaves begin.
        leaves: usize,
    },
    /// Any tree: its root among the nodes.
    Nodes(usize),
}

/// A question to a row, which is a number of columns: those of the floats, the categories' hashes, and the counters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CatSplit {
    /// Whether a number is above a border; NaN is not.
    Above {
        /// The column.
        column: u32,
        /// A `float32`.
        border: f32,
    },
    /// Whether a category is the one with this hash.
    Is {
        /// The column.
        column: u32,
        /// The hash.
        hash: u32,
    },
}

/// A node of a tree that is not symmetric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CatNode {
    /// What it asks.
    pub split: CatSplit,
    /// What follows where the answer is no, and where it is yes.
    pub next: [CatNext; 2],
}

/// What follows a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CatNext {
    /// A later node.
    Node(u32),
    /// Values from this place of the leaves on.
    Leaf(u32),
}

impl CatSplit {
    /// The answer.
    pub fn holds(self, row: &[f64]) -> bool {
        match self {
            Self::Above { column, border } => row[column as usize] > f64::from(border),
            Self::Is { column, hash } => row[column as usize] == f64::from(hash),
        }
    }
}

impl CatTrees {
    /// Adds the leaves of `trees` to `sums`, `x`'s rows of `width` columns by `columns`.
    pub fn add(&self, x: &[f64], width: usize, trees: Range<usize>, sums: &mut [f64]) {
        let is_symmetric = |tree: &CatTree| matches!(tree, CatTree::Symmetric { .. });
        // All columns are copied once, which costs less than the trees unless these are few.
        if x.len() >= ENOUGH_ROWS * width
            && width <= 8 * trees.len()
            && self.trees[trees.clone()].iter().all(is_symmetric)
        {
            for (x, sums) in x.chunks(ROWS * width).zip(sums.chunks_mut(ROWS * self.columns)) {
                self.add_block(x, width, &self.trees[trees.clone()], sums);
            }
            return;
        }
        for tree in &self.trees[trees] {
            for (row, sums) in x.chunks_exact(width).zip(sums.chunks_exact_mut(self.columns)) {
                let leaf = self.leaf(tree, row);
                for (sum, value) in sums.iter_mut().zip(&self.leaves[leaf..leaf + self.columns]) {
                    *sum += value;
                }
            }
        }
    }

    /// The same of at most 64 rows and of symmetric trees: each question is put to all rows.
    fn add_block(&self, x: &[f64], width: usize, trees: &[CatTree], sums: &mut [f64]) {
        let mut columns = vec![[0.0; ROWS]; width];
        for (row, x) in x.chunks_exact(width).enumerate() {
            for (column, x) in columns.iter_mut().zip(x) {
                column[row] = *x;
            }
        }
        vectorized!({
            for tree in trees {
                let CatTree::Symmetric { splits, leaves } = tree else { continue };
                let mut numbers = [0_u64; ROWS];
                for (depth, split) in self.splits[splits.clone()].iter().enumerate() {
                    let bit = 1 << depth;
                    match *split {
                        CatSplit::Above { column, border } => {
                            let (column, border) = (&columns[column as usize], f64::from(border));
                            for lane in 0..ROWS {
                                numbers[lane] |= if column[lane] > border { bit } else { 0 };
                            }
                        }
                        CatSplit::Is { column, hash } => {
                            let (column, hash) = (&columns[column as usize], f64::from(hash));
                            for lane in 0..ROWS {
                                numbers[lane] |= if column[lane] == hash { bit } else { 0 };
                            }
                        }
                    }
                }
                let leaves = &self.leaves[*leaves..];
                if self.columns == 1 {
                    for (sum, number) in sums.iter_mut().zip(numbers) {
                        *sum += leaves[number as usize];
                    }
                } else {
                    for (sums, number) in sums.chunks_exact_mut(self.columns).zip(numbers) {
                        let values = &leaves[number as usize * self.columns..][..self.columns];
                        for (sum, value) in sums.iter_mut().zip(values) {
                            *sum += value;
                        }
                    }
                }
            }
        });
    }

    /// Where the values of the leaf begin that a row ends in.
    fn leaf(&self, tree: &CatTree, row: &[f64]) -> usize {
        match tree {
            CatTree::Symmetric { splits, leaves } => {
                let bits = self.splits[splits.clone()].iter().enumerate();
                let number = bits.fold(0, |number, (depth, split)| number | usize::from(split.holds(row)) << depth);
                leaves + number * self.columns
            }
            CatTree::Nodes(root) => {
                let mut node = &self.nodes[*root];
                loop {
                    match node.next[usize::from(node.split.holds(row))] {
                        CatNext::Node(next) => node = &self.nodes[next as usize],
                        CatNext::Leaf(leaf) => return leaf as usize,
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_nodes_lead_to_the_same_leaves() {
        let above = |column, border| CatSplit::Above { column, border };
        let node = |split, next| CatNode { split, next };
        let trees = CatTrees {
            columns: 1,
            splits: vec![above(0, 0.0), CatSplit::Is { column: 1, hash: 7 }],
            trees: vec![CatTree::Symmetric { splits: 0..2, leaves: 0 }, CatTree::Nodes(0)],
            nodes: vec![
                node(above(0, 0.0), [CatNext::Node(1), CatNext::Node(2)]),
                node(CatSplit::Is { column: 1, hash: 7 }, [CatNext::Leaf(0), CatNext::Leaf(2)]),
                node(CatSplit::Is { column: 1, hash: 7 }, [CatNext::Leaf(1), CatNext::Leaf(3)]),
            ],
            leaves: vec![1.0, 2.0, 4.0, 8.0],
        };
        for (row, expected) in [([-1.0, 6.0], 1.0), ([0.5, 6.0], 2.0), ([f64::NAN, 7.0], 4.0), ([1.0, 7.0], 8.0)] {
            for tree in 0..2 {
                for rows in [1, 7, 8, 64, 65] {
                    let mut sums = vec![0.0; rows];
                    trees.add(&row.repeat(rows), 2, tree..tree + 1, &mut sums);
                    assert_eq!(sums, vec![expected; rows], "tree {tree} of {row:?}");
                }
            }
        }
    }
}
