//! The nodes that calls and `BUILD` have read, so that a later change to them is noticed.
//!
//! A call sees a list as it is at that time. A pickle may append to the list later; the graph then has more than the
//! call saw. Regular pickles complete the arguments before the call.

use crate::graph::{Graph, Node, NodeId};

/// How deep a call, or a class whose state is set, may read its arguments.
const DEEPEST: u8 = 4;

/// The nodes of one pickle that were read.
pub(super) struct Used {
    /// The first node of the pickle.
    first: usize,
    /// For each node from there on: 0, or one more than the depth to which its parts were followed.
    depths: Vec<u8>,
    todo: Vec<(NodeId, u8)>,
}

impl Used {
    pub(super) fn from(first: usize) -> Self {
        Self { first, depths: Vec::new(), todo: Vec::new() }
    }

    /// A call was made with these arguments.
    pub(super) fn by_call(&mut self, graph: &Graph, arguments: NodeId) {
        self.follow(graph, arguments, DEEPEST);
    }

    /// An object was given this state. A dict of attributes is copied, and its values are kept: only those
    /// that are dicts themselves may be read further.
    pub(super) fn by_state(&mut self, graph: &Graph, state: NodeId) {
        let depth = if matches!(graph.node(state), Node::Dict(_)) { 1 } else { DEEPEST };
        self.follow(graph, state, depth);
    }

    /// Records a change to `target`, if it was read before.
    pub(super) fn changed(&mut self, graph: &mut Graph, target: NodeId) {
        let place = target.index().checked_sub(self.first);
        if place.and_then(|place| self.depths.get(place)).is_some_and(|&depth| depth > 0) {
            graph.note_late_change(target);
        }
    }

    /// Marks a node and its parts. Each node is visited at most once for each depth, however often it is shared.
    fn follow(&mut self, graph: &Graph, id: NodeId, depth: u8) {
        self.todo.push((id, depth));
        while let Some((id, depth)) = self.todo.pop() {
            let Some(place) = id.index().checked_sub(self.first) else { continue };
            if self.depths.len() <= place {
                self.depths.resize(place.saturating_add(1), 0);
            }
            let Some(known) = self.depths.get_mut(place) else { continue };
            if *known > depth {
                continue;
            }
            *known = depth.saturating_add(1);
            let Some(next) = depth.checked_sub(1) else { continue };
            let todo = &mut self.todo;
            let mut visit = |child: NodeId| {
                if is_changeable(graph.node(child)) {
                    todo.push((child, next));
                }
            };
            match graph.node(id) {
                Node::Tuple(items) => items.iter().copied().for_each(visit),
                Node::List(items) => items.iter().copied().for_each(visit),
                Node::Dict(pairs) => pairs.iter().for_each(|&(_, value)| visit(value)),
                _ => {}
            }
        }
    }
}

/// Whether a node, or something in it, can be changed.
fn is_changeable(node: &Node) -> bool {
    matches!(node, Node::Tuple(_) | Node::List(_) | Node::Dict(_) | Node::Set(_) | Node::ByteArray(_) | Node::Object(_))
}
