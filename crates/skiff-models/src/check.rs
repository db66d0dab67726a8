//! Whether the estimators of a file are as scikit-learn makes them, told without keeping any.

use std::collections::HashSet;
use std::ops::Range;

use skiff_files::Limits;
use skiff_pickle::{Graph, Node, NodeId};

use crate::custom::Custom;
use crate::fields::{ReadError, ReadErrorKind};
use crate::model::Reading;
use crate::registry;

/// What is wrong with the estimators that stand at these places of `graph`, those within others included: each with the
/// node of the estimator. What skiff does not support is not wrong, and neither is an estimator that was never fitted. The
/// nodes of decision trees are not looked at; `skiff_files::scan` does that.
pub fn contradictions(graph: &Graph, places: Range<usize>, limits: &Limits) -> Vec<(NodeId, ReadError)> {
    let custom = Custom::default();
    let reading = Reading::checking(graph, &custom, limits, registry::find);
    let mut covered = HashSet::new();
    let mut found = Vec::new();
    // An object is made before what its state holds, so outer estimators come first.
    for id in graph.ids_in(places) {
        if covered.contains(&id) || !is_known(graph, id) {
            continue;
        }
        match reading.model(id, String::new()) {
            // What it holds was read with it.
            Ok(_) => cover(graph, id, &mut covered),
            Err(error) if is_hostile(error.kind()) => {
                cover(graph, id, &mut covered);
                found.push((id, error));
            }
            Err(error) if is_unread(error.kind()) => {
                found.push((id, error));
                break;
            }
            Err(_) => {}
        }
        reading.forget();
    }
    found
}

/// Whether the object is of a supported class.
fn is_known(graph: &Graph, id: NodeId) -> bool {
    let Some(object) = graph.object(id) else { return false };
    let Some((mut module, mut name)) = graph.global(object.callable) else { return false };
    if matches!(name, "_reconstructor" | "__newobj__") {
        let class = graph.items(object.arguments).and_then(|arguments| arguments.first());
        let Some(class) = class.and_then(|&class| graph.global(class)) else { return false };
        (module, name) = class;
    }
    module.starts_with("sklearn.") && registry::find(&format!("{module}.{name}")).is_some()
}

/// Marks what the object holds, each node once.
fn cover(graph: &Graph, id: NodeId, covered: &mut HashSet<NodeId>) {
    let mut open = vec![id];
    while let Some(at) = open.pop() {
        if matches!(
            graph.node(at),
            Node::Object(_) | Node::List(_) | Node::Tuple(_) | Node::Dict(_) | Node::Payload { .. }
        ) && covered.insert(at)
        {
            graph.each_child(at, |child| open.push(child));
        }
    }
}

/// Values that scikit-learn never wrote. An attribute that is missing may be one of an estimator that was never fitted.
fn is_hostile(kind: &ReadErrorKind) -> bool {
    matches!(kind, ReadErrorKind::Damaged(_) | ReadErrorKind::Length { .. } | ReadErrorKind::Value(_))
}

/// What ends the reading of all others, too.
fn is_unread(kind: &ReadErrorKind) -> bool {
    matches!(kind, ReadErrorKind::TooLarge | ReadErrorKind::Late)
}
