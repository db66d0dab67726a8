//! How many values Python looks at when it prints, copies or compares a value, and scikit-learn when it asks a
//! meta-estimator: containers that share their items double them with each level, so that a kilobyte of lists takes
//! longer to print than anybody waits.

use std::ops::Range;

use skiff_files::is_numpy_module;
use skiff_pickle::{Change, Graph, Node, NodeId, Object};

use crate::allowed::name_of;

/// Values that Python prints in a few seconds.
const MOST: u32 = 1 << 24;
/// How many of them for each node: real files share labels and parameters among their estimators.
const FOR_EACH_NODE: u32 = 64;

/// A container whose parts are being counted.
const OPEN: u32 = u32::MAX;

/// The first value of these nodes that unfolds to more values than Python can look at.
pub(crate) fn endless(graph: &Graph, ids: Range<usize>) -> Option<NodeId> {
    let nodes = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let most = nodes.saturating_mul(FOR_EACH_NODE).clamp(MOST, OPEN - 1);
    let place = |id: NodeId| id.index().checked_sub(ids.start);
    // Zero for what was not counted yet.
    let mut counts = vec![0_u32; ids.len()];
    let mut open: Vec<(NodeId, Vec<NodeId>, u32)> = Vec::new();
    for id in graph.ids_in(ids.clone()) {
        let mut next = Some(id);
        loop {
            if let Some(id) = next.take()
                && let Some(count) = place(id).and_then(|place| counts.get_mut(place)).filter(|count| **count == 0)
            {
                let parts = parts(graph, id);
                if parts.is_empty() {
                    *count = 1;
                } else {
                    *count = OPEN;
                    open.push((id, parts, 1));
                }
            }
            let Some((id, parts, sum)) = open.last_mut() else { break };
            let Some(part) = parts.pop() else {
                let (id, sum) = (*id, *sum);
                if sum > most {
                    return Some(id);
                }
                if let Some(count) = place(id).and_then(|place| counts.get_mut(place)) {
                    *count = sum;
                }
                open.pop();
                continue;
            };
            match place(part).and_then(|place| counts.get(place)) {
                Some(0) => {
                    parts.push(part);
                    next = Some(part);
                }
                // Python stops at what it is within, and other pickles have a count of their own.
                Some(&OPEN) | None => *sum = sum.saturating_add(1),
                Some(&count) => *sum = sum.saturating_add(count),
            }
        }
    }
    None
}

/// What a value is unfolded to: items of containers, and attributes of estimators.
fn parts(graph: &Graph, id: NodeId) -> Vec<NodeId> {
    match graph.node(id) {
        Node::Tuple(items) | Node::FrozenSet(items) => items.to_vec(),
        Node::List(items) | Node::Set(items) => items.clone(),
        Node::Dict(pairs) => pairs.iter().flat_map(|&(key, value)| [key, value]).collect(),
        Node::Object(object) if is_unfolded(graph, object) => {
            let mut parts = vec![object.arguments];
            for change in &object.changes {
                match change {
                    Change::Build(state) => parts.push(*state),
                    Change::Append(items) | Change::Add(items) => parts.extend(items),
                    Change::SetItems(pairs) => parts.extend(pairs.iter().flat_map(|&(key, value)| [key, value])),
                }
            }
            parts
        }
        _ => Vec::new(),
    }
}

/// Containers, arrays of objects, and estimators. Other objects refer to each other as lists that are linked do, and
/// nobody follows them in all ways.
fn is_unfolded(graph: &Graph, object: &Object) -> bool {
    let Some((module, name)) = name_of(graph, object.callable) else { return false };
    let class = match (module, name) {
        ("copyreg", _) => graph.items(object.arguments).and_then(|items| name_of(graph, *items.first()?)),
        _ => Some((module, name)),
    };
    let Some((module, name)) = class else { return false };
    matches!(module, "builtins" | "collections" | "types")
        || is_numpy_module(module, "multiarray") && name == "_reconstruct"
        || skiff_sklearn::class(module, name).is_some_and(skiff_sklearn::Class::is_estimator)
}
