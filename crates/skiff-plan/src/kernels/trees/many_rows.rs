//! Trees as masks of their splits: whole ones that are small, and the upper parts of others.

use std::collections::BinaryHeap;
use std::sync::OnceLock;

use super::{LANES, NodeView, Threshold, Trees};
use crate::kernels::split_masks::{FEWEST_ROWS, SplitMasks, Step};

/// The same trees for many rows at once: the whole trees if all are small, or else their upper parts. Made when they are
/// first needed.
#[derive(Debug)]
pub struct ManyRows<T> {
    pub(super) small: OnceLock<Option<SplitMasks<T>>>,
    /// What the upper parts call leaves are nodes of the trees.
    pub(super) upper: OnceLock<Option<SplitMasks<T>>>,
}

impl<T> Default for ManyRows<T> {
    fn default() -> Self {
        Self { small: OnceLock::new(), upper: OnceLock::new() }
    }
}

/// How many splits the upper part of a tree has: what is below has as many nodes as a narrow mask has bits.
const UPPER_SPLITS: usize = 31;

impl<T: Threshold> Trees<T> {
    /// The trees by their splits' masks, if all are small and there are enough rows, and trees that are asked, for that.
    pub(super) fn small_for(&self, x: &[T], trees: usize) -> Option<&SplitMasks<T>> {
        if x.len() < FEWEST_ROWS * self.n_features {
            return None;
        }
        let small = self.many_rows.small.get_or_init(|| self.to_split_masks()).as_ref();
        small.filter(|small| small.pays_for(trees))
    }

    /// The upper parts of the trees, if there are enough rows, and trees that are asked, for that.
    pub(super) fn upper_for(&self, x: &[T], trees: usize) -> Option<&SplitMasks<T>> {
        let rows = x.len() / self.n_features;
        if rows < LANES / 2 {
            return None;
        }
        // Making them looks at every node; so few rows do not pay for that.
        let is_worth_it = rows * self.len() >= self.nodes.len() / 8;
        let upper = match self.many_rows.upper.get() {
            None if is_worth_it => self.many_rows.upper.get_or_init(|| self.upper_split_masks()).as_ref(),
            made => made.and_then(Option::as_ref),
        };
        upper.filter(|upper| upper.pays_for(trees))
    }

    fn upper_split_masks(&self) -> Option<SplitMasks<T>> {
        // Below each node the most splits to a leaf. Children come after their parents.
        let mut heights = vec![0_u32; self.nodes.len()];
        for (place, node) in self.nodes.iter().enumerate().rev() {
            if let NodeView::Split { left, .. } | NodeView::Categories { left, .. } = node.view() {
                heights[place] = 1 + heights[left].max(heights[left + 1]);
            }
        }
        // Again and again the split with the most below it.
        let mut upper: Vec<Vec<u32>> = Vec::with_capacity(self.len());
        for &root in &self.roots {
            let (mut chosen, mut open) = (Vec::new(), BinaryHeap::from([(heights[root as usize], root)]));
            while let Some((_, place)) = open.pop() {
                let NodeView::Split { left, .. } = self.nodes[place as usize].view() else { continue };
                chosen.push(place);
                if chosen.len() == UPPER_SPLITS {
                    break;
                }
                let left = u32::try_from(left).ok()?;
                open.extend([left, left + 1].map(|child| (heights[child as usize], child)));
            }
            chosen.sort_unstable();
            upper.push(chosen);
        }
        SplitMasks::new(self.roots.iter().copied(), |tree, place| match upper[tree].binary_search(&place) {
            Ok(_) => self.step(place, 0.0),
            Err(_) => Some(Step::Leaf { name: place, value: 0.0 }),
        })
    }

    fn to_split_masks(&self) -> Option<SplitMasks<T>> {
        SplitMasks::new(self.roots.iter().copied(), |tree, place| {
            let value = match self.nodes[place as usize].view() {
                NodeView::Leaf { number } => self.leaves.first(tree, number),
                _ => 0.0,
            };
            self.step(place, value)
        })
    }

    /// A node for [`SplitMasks`]; a leaf has this value.
    fn step(&self, place: u32, value: f64) -> Option<Step<T>> {
        let node = self.nodes[place as usize];
        match node.view() {
            NodeView::Leaf { .. } => Some(Step::Leaf { name: place, value }),
            NodeView::Categories { .. } => None,
            NodeView::Split { feature, missing_left, .. } => Some(Step::Split {
                feature: u32::try_from(feature).ok()?,
                threshold: node.threshold,
                missing_left,
                left: node.child,
                right: node.child + 1,
            }),
        }
    }
}
