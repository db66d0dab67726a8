//! Checks the estimators of a file without keeping their models.

use std::collections::HashSet;
use std::ops::Range;

use skiff_files::Limits;
use skiff_pickle::{Graph, Node, NodeId};

use crate::custom::Custom;
use crate::feature_selection::old_selector;
use crate::fields::{ReadError, ReadErrorKind};
use crate::model::Reading;
use crate::registry;

/// The errors in the estimators in this range of `graph`, including nested ones, each with the
/// node of the estimator. Unsupported and unfitted estimators are not errors. The
/// nodes of decision trees are not checked here, but by `skiff-scan`.
pub fn contradictions(graph: &Graph, places: Range<usize>, limits: &Limits) -> Vec<(NodeId, ReadError)> {
    let custom = Custom::default();
    let reading = Reading::checking(graph, &custom, limits, registry::find, old_selector::read);
    let mut covered = HashSet::new();
    let mut found = Vec::new();
    // An object is created before the content of its state, so outer estimators come first.
    for id in graph.ids_in(places) {
        if covered.contains(&id) || !is_known(graph, id) {
            continue;
        }
        match reading.model(id, String::new()) {
            // Its content was read with it.
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

/// Marks the content of the object, each node once.
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

/// Errors that end the check of all others, too.
fn is_unread(kind: &ReadErrorKind) -> bool {
    matches!(kind, ReadErrorKind::TooLarge | ReadErrorKind::Late)
}
