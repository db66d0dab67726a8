//! Single trees as one ensemble.

use std::collections::HashMap;

use super::{Leaves, ManyRows, NodeView, Threshold, Trees};
use crate::kernels::trees::Node;

/// How many nodes there may be, and how many values of leaves: the trees that are joined stay in memory as well.
const MOST_NODES: usize = 1 << 20;
const MOST_VALUES: usize = 1 << 20;

impl<T: Threshold> Trees<T> {
    /// The `single` trees, each in a table of its own, as one ensemble, whose leaves have the values that `value` makes of
    /// the index of a tree and of the values of its leaf, `width` of them; equal ones are there once for each tree. `None`
    /// if `value` returns `None`, a table has several trees or categories, their rows differ in width, or they are large.
    pub fn join(
        single: &[&Self],
        width: usize,
        mut value: impl FnMut(usize, &[f64]) -> Option<Vec<f64>>,
    ) -> Option<Self> {
        let n_features = single.first()?.n_features;
        let is_single = |one: &&Self| {
            one.len() == 1
                && one.categories.is_empty()
                && one.n_features == n_features
                && one.leaves.columns == one.leaves.width
        };
        let nodes: usize = single.iter().map(|one| one.nodes.len()).sum();
        if nodes > MOST_NODES || !single.iter().all(is_single) {
            return None;
        }
        let mut all = Self {
            n_features,
            nodes: Vec::with_capacity(nodes),
            roots: Vec::with_capacity(single.len()),
            counts: Vec::with_capacity(single.len()),
            numbers: Vec::with_capacity(nodes),
            categories: Vec::new(),
            missing: single.iter().any(|one| one.missing),
            leaves: Leaves {
                width,
                pure: 0,
                starts: Vec::with_capacity(single.len()),
                values: Vec::new(),
                columns: width,
            },
            many_rows: ManyRows::default(),
        };
        for (tree, one) in single.iter().enumerate() {
            let offset = u32::try_from(all.nodes.len()).ok()?;
            all.roots.push(offset + one.roots[0]);
            all.counts.push(one.counts[0]);
            all.numbers.extend_from_slice(&one.numbers);
            let start = all.leaves.values.len() / width.max(1);
            all.leaves.starts.push(u32::try_from(start).ok()?);
            let mut known: HashMap<Vec<u64>, u32> = HashMap::new();
            for (place, node) in (offset..).zip(&one.nodes) {
                all.nodes.push(match node.view() {
                    NodeView::Leaf { number } => {
                        let values = value(tree, &one.leaves.of(0, number))?;
                        let count = u32::try_from(known.len()).ok()?;
                        let bits = values.iter().map(|value| value.to_bits()).collect();
                        let leaf = *known.entry(bits).or_insert_with(|| {
                            all.leaves.values.extend_from_slice(&values);
                            count
                        });
                        if values.len() != width || all.leaves.values.len() > MOST_VALUES {
                            return None;
                        }
                        Node::leaf(leaf, place)
                    }
                    _ => node.standing_at(place, Some(node.child + offset)),
                });
            }
        }
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::trees::MissingSide;

    /// A stump whose left leaf has `left` and whose right one has `right`.
    fn stump(feature: u32, threshold: f64, left: f64, right: f64) -> Trees<f32> {
        Trees {
            n_features: 2,
            nodes: vec![Node::split(feature, threshold, false, 1), Node::leaf(0, 1), Node::leaf(1, 2)],
            roots: vec![0],
            counts: vec![3],
            numbers: vec![0, 1, 2],
            categories: Vec::new(),
            missing: false,
            leaves: Leaves { width: 1, pure: 0, starts: vec![0], values: vec![left, right], columns: 1 },
            many_rows: ManyRows::default(),
        }
    }

    #[test]
    fn joined_trees_have_the_values_that_were_made_of_their_leaves() {
        let (a, b) = (stump(0, 0.5, 1.0, 2.0), stump(1, 1.5, 10.0, 20.0));
        let joined = Trees::join(&[&a, &b], 2, |tree, values| Some(vec![values[0], [100.0, 200.0][tree]])).unwrap();
        for (row, sums) in [([0.0, 0.0], [11.0, 300.0]), ([1.0, 0.0], [12.0, 300.0]), ([1.0, 2.0], [22.0, 300.0])] {
            let mut found = vec![0.0; 2];
            joined.add(&row, MissingSide::ByNode, &mut found, 0, 2);
            assert_eq!(found, sums);
            // As in a batch.
            let rows: Vec<f32> = row.repeat(200);
            let mut found = vec![0.0; 400];
            joined.add(&rows, MissingSide::ByNode, &mut found, 0, 2);
            assert!(found.chunks_exact(2).all(|found| found == sums));
        }
        let equal = Trees::join(&[&a, &b], 1, |_, _| Some(vec![1.0])).unwrap();
        assert_eq!(equal.leaves.values, [1.0, 1.0]);
        assert!(Trees::join(&[&a, &b], 1, |_, values| Some(values.repeat(2))).is_none());
        assert!(Trees::join(&[&a, &equal], 1, |_, values| Some(values.to_vec())).is_none());
    }
}
