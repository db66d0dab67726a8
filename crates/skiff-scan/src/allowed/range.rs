//! Ranges of integers that are not stored.

use skiff_pickle::{Graph, Node, NodeId};

/// Whether there are no more than `most` numbers from `start` to `stop`.
pub(super) fn is_short(start: i64, stop: i64, step: i64, most: usize) -> bool {
    let span = u128::from(start.abs_diff(stop)).div_ceil(u128::from(step.unsigned_abs().max(1)));
    usize::try_from(span).is_ok_and(|numbers| numbers <= most)
}

/// An integer, or a bool, which Python takes for one.
pub(super) fn integer(graph: &Graph, id: NodeId) -> Option<i64> {
    match *graph.node(id) {
        Node::Int(value) => Some(value),
        Node::Bool(value) => Some(i64::from(value)),
        _ => None,
    }
}

/// Numbers of a range that is not stored: a list of them takes half a gigabyte.
pub(super) const LONGEST_RANGE: usize = 1 << 24;
