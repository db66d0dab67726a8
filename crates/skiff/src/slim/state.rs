//! The attributes of an object, changed in place.

use skiff_files::{Graph, Node, NodeId};
use skiff_pickle::Change;

/// Rewrites the attributes of the object at `id`: `change` returns the new value of an attribute, the old one to keep it, or
/// `None` to remove it. Whether any changed.
pub(super) fn change(
    graph: &mut Graph,
    id: NodeId,
    mut change: impl FnMut(&mut Graph, &str, NodeId) -> Option<NodeId>,
) -> bool {
    let mut is_changed = false;
    let states: Vec<NodeId> = match graph.object(id) {
        Some(object) => object.changes.iter().filter_map(|change| state_of(graph, change)).collect(),
        None => return false,
    };
    let mut replaced = Vec::new();
    for state in states {
        let Node::Dict(pairs) = graph.node(state) else { continue };
        let pairs = pairs.clone();
        let mut kept = Vec::with_capacity(pairs.len());
        let mut is_new = false;
        for (key, value) in pairs {
            let name = graph.name_of(key).map(str::to_owned);
            let new = match &name {
                Some(name) => change(graph, name, value),
                None => Some(value),
            };
            is_new |= new != Some(value);
            kept.extend(new.map(|value| (key, value)));
        }
        if is_new {
            // Another object may share the old state.
            replaced.push((state, graph.push(Node::Dict(kept))));
        }
    }
    if let Node::Object(object) = graph.node_mut(id) {
        for state in object.changes.iter_mut().filter_map(|change| match change {
            Change::Build(state) => Some(state),
            _ => None,
        }) {
            if let Some((_, new)) = replaced.iter().find(|(old, _)| old == state) {
                *state = *new;
                is_changed = true;
            }
        }
    }
    is_changed
}

/// The dict of attributes of a change.
fn state_of(graph: &Graph, change: &Change) -> Option<NodeId> {
    match change {
        Change::Build(state) if matches!(graph.node(*state), Node::Dict(_)) => Some(*state),
        _ => None,
    }
}
