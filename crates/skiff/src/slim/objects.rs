//! The objects of a graph.

use skiff_files::{Graph, Instance, Node, NodeId};
use skiff_sklearn::Class;

use crate::Error;

/// A class and an attribute of it that an option changed.
pub(super) type Place = (&'static str, &'static str);

/// For each node whether the root leads to it.
pub(super) fn reachable(graph: &Graph) -> Vec<bool> {
    let mut seen = vec![false; graph.len()];
    let mut waiting = vec![graph.root()];
    while let Some(id) = waiting.pop() {
        if let Some(seen) = seen.get_mut(id.index())
            && !*seen
        {
            *seen = true;
            graph.each_child(id, |child| waiting.push(child));
        }
    }
    seen
}

/// The bytes of the arrays and texts of a node itself.
pub(super) fn size(graph: &Graph, id: NodeId) -> u64 {
    let length = match graph.node(id) {
        Node::Bytes(span) | Node::ByteArray(span) | Node::Str(span) | Node::ByteStr(span) => span.len,
        Node::Payload { content: skiff_pickle::Payload::Raw(span), .. } => span.len,
        _ => 0,
    };
    length.try_into().unwrap_or(u64::MAX)
}

/// An option that applies to nothing in the model: what it applies to, and what is there instead.
pub(super) fn does_not_apply(graph: &Graph, option: &str, applies_to: &str) -> Error {
    let mut classes: Vec<&str> =
        objects(graph).into_iter().filter(|(_, class)| class.is_estimator()).map(|(_, class)| class.name()).collect();
    classes.sort_unstable();
    classes.dedup();
    let found = match &classes[..] {
        [] => "no estimator of scikit-learn".to_owned(),
        _ => classes.iter().map(|class| format!("`{class}`")).collect::<Vec<_>>().join(", "),
    };
    Error::reduction(format!("`{option}` applies to {applies_to}, and the model consists of {found}"))
}

/// The objects of scikit-learn's classes that the root leads to.
pub(super) fn objects(graph: &Graph) -> Vec<(NodeId, &'static Class)> {
    let reached = graph.ids().zip(reachable(graph)).filter(|(_, is_reached)| *is_reached);
    reached.filter_map(|(id, _)| Some((id, class_of(graph, id)?))).collect()
}

/// The class of the object at `id`, if it is scikit-learn's.
pub(super) fn class_of(graph: &Graph, id: NodeId) -> Option<&'static Class> {
    let (module, name) = Instance::class(graph, id)?;
    skiff_sklearn::class(module, name)
}
