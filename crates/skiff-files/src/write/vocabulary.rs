//! Large dicts from strings to integers: the vocabularies of vectorizers.

use skiff_pickle::{Graph, Node, NodeId};

/// Smaller dicts are as fast to read from opcodes.
const LARGE: usize = 1_000;

/// Whether the node is a dict that may be a vocabulary.
pub(crate) fn is_large(graph: &Graph, id: NodeId) -> bool {
    matches!(graph.node(id), Node::Dict(pairs) if pairs.len() >= LARGE) && graph.changes(id).is_empty()
}

/// The keys of a vocabulary separated by NUL, and its values; `None` for other dicts, and if a key contains NUL
/// or is not UTF-8 (lone surrogates).
pub(crate) fn joined(graph: &Graph, id: NodeId) -> Option<(Vec<u8>, Vec<i64>)> {
    let Node::Dict(pairs) = graph.node(id) else { return None };
    if !is_large(graph, id) {
        return None;
    }
    let (mut keys, mut values) = (Vec::new(), Vec::with_capacity(pairs.len()));
    for (key, value) in pairs {
        let (Node::Str(key), Node::Int(value)) = (graph.node(*key), graph.node(*value)) else { return None };
        let key = graph.bytes(*key);
        if key.contains(&0) {
            return None;
        }
        if !values.is_empty() {
            keys.push(0);
        }
        keys.extend_from_slice(key);
        values.push(*value);
    }
    std::str::from_utf8(&keys).is_ok().then_some((keys, values))
}
