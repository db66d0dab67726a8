//! What the writer determines about each node before it starts: which ones are referred to again.

use crate::IdMap;
use crate::graph::{Change, Graph, Make, Node, NodeId, Payload};

/// The writer's information about a node.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    /// It is referred to more than once.
    pub(super) again: bool,
    /// It is an object, and its parts are being written.
    pub(super) begun: bool,
    pub(super) memo: Option<u32>,
}

/// The information about each node that is reachable from the root.
pub(super) enum Places {
    /// By the node's id: for a root that reaches most of the graph.
    All(Vec<Option<Place>>),
    /// For nested pickles, of which there may be as many as nodes.
    Few(IdMap<Place>),
}

impl Places {
    fn new(graph: &Graph, is_nested: bool) -> Self {
        if is_nested { Self::Few(IdMap::default()) } else { Self::All(vec![None; graph.len()]) }
    }

    pub(super) fn get(&self, id: NodeId) -> Option<&Place> {
        match self {
            Self::All(places) => places.get(id.index())?.as_ref(),
            Self::Few(places) => places.get(&id),
        }
    }

    /// The node's entry, created if missing; `true` if it was created.
    #[expect(clippy::indexing_slicing, reason = "a writer's ids are those of its graph")]
    pub(super) fn place(&mut self, id: NodeId) -> (&mut Place, bool) {
        match self {
            Self::All(places) => {
                let place = &mut places[id.index()];
                let is_new = place.is_none();
                (place.get_or_insert_default(), is_new)
            }
            Self::Few(places) => {
                let is_new = !places.contains_key(&id);
                (places.entry(id).or_default(), is_new)
            }
        }
    }
}

/// The nodes that are referred to more than once from `root`, and the number of references.
pub(super) fn count_references(graph: &Graph, root: NodeId, is_nested: bool) -> (Places, u64) {
    let mut places = Places::new(graph, is_nested);
    let mut edges = 1;
    let mut todo = vec![root];
    places.place(root);
    while let Some(id) = todo.pop() {
        let mut visit = |child: NodeId| {
            edges += 1;
            match places.place(child) {
                (_, true) => todo.push(child),
                (place, false) => place.again = true,
            }
        };
        match graph.node(id) {
            // `OBJ` takes the arguments themselves, without the tuple that the reader created.
            Node::Object(object) if matches!(object.make, Make::Inst | Make::Obj) => {
                visit(object.callable);
                match graph.node(object.arguments) {
                    Node::Tuple(arguments) => arguments.iter().copied().for_each(&mut visit),
                    _ => visit(object.arguments),
                }
                let mut child_of_changes = 0;
                graph.each_child(id, |child| {
                    // The callable and the arguments come first.
                    child_of_changes += 1;
                    if child_of_changes > 2 {
                        visit(child);
                    }
                });
            }
            // The content is written separately, with its own memo.
            Node::Payload { content: Payload::Pickle(_), .. } => {
                let mut index = 0;
                graph.each_child(id, |child| {
                    index += 1;
                    if index != 2 {
                        visit(child);
                    }
                });
            }
            _ => graph.each_child(id, visit),
        }
    }
    (places, edges)
}

/// The changes to a node, whether it is an object or not.
pub(super) fn changes_of(graph: &Graph, id: NodeId) -> &[Change] {
    match graph.node(id) {
        Node::Object(object) => &object.changes,
        _ => graph.changes(id),
    }
}
