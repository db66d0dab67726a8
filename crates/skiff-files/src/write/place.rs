//! The path of a value in a model, as a Python expression: `steps[1][1].vocabulary_['word']`.

use std::collections::VecDeque;

use skiff_pickle::{Change, Graph, Node, NodeId};

/// One step of the path.
#[derive(Clone, Copy)]
enum Step {
    Attribute(NodeId),
    Key(NodeId),
    Place(usize),
    /// The state with an object's attributes, the call that creates it: not visible in Python's syntax.
    Silent,
}

/// Longer paths end in an ellipsis.
const MOST_STEPS: usize = 40;

/// The shortest path from the root to `target`; empty for the root itself, and if it is not reachable.
pub(super) fn of(graph: &Graph, target: NodeId) -> String {
    let mut from: Vec<Option<(NodeId, Step)>> = vec![None; graph.len()];
    let mut todo = VecDeque::from([graph.root()]);
    while let Some(id) = todo.pop_front() {
        if id == target {
            break;
        }
        each_step(graph, id, |child, step| {
            if child != graph.root()
                && let Some(known @ None) = from.get_mut(child.index())
            {
                *known = Some((id, step));
                todo.push_back(child);
            }
        });
    }
    let mut steps = Vec::new();
    let mut at = target;
    while let Some(&Some((before, step))) = from.get(at.index()) {
        match step {
            Step::Silent => {}
            Step::Attribute(key) => steps.push(format!(".{}", graph.str_of(key).unwrap_or("?"))),
            Step::Key(key) => steps.push(match graph.node(key) {
                Node::Int(number) => format!("[{number}]"),
                _ => graph.str_of(key).map_or_else(|| "[…]".to_owned(), |key| format!("[{key:?}]")),
            }),
            Step::Place(place) => steps.push(format!("[{place}]")),
        }
        at = before;
    }
    let long = steps.len() > MOST_STEPS;
    let path: String = steps.iter().rev().take(MOST_STEPS).map(String::as_str).collect();
    let path = path.strip_prefix('.').unwrap_or(&path);
    if long { format!("{path}…") } else { path.to_owned() }
}

fn each_step(graph: &Graph, id: NodeId, mut visit: impl FnMut(NodeId, Step)) {
    let changes = match graph.node(id) {
        Node::Tuple(items) | Node::FrozenSet(items) => return places(items, &mut visit),
        Node::List(items) | Node::Set(items) => return places(items, &mut visit),
        Node::Dict(items) => return pairs(items, &mut visit, Step::Key),
        Node::Object(object) => &object.changes,
        _ => return graph.each_child(id, |child| visit(child, Step::Silent)),
    };
    for change in changes {
        match change {
            // The keys of a state are attributes.
            Change::Build(state) => match graph.node(*state) {
                Node::Dict(items) => {
                    visit(*state, Step::Silent);
                    pairs(items, &mut visit, Step::Attribute);
                }
                // The state of an array of objects ends in a list of them.
                Node::Tuple(parts) => {
                    if let Some(Node::List(items)) = parts.last().map(|&last| graph.node(last)) {
                        places(items, &mut visit);
                    }
                    visit(*state, Step::Silent);
                }
                _ => visit(*state, Step::Silent),
            },
            Change::SetItems(items) => pairs(items, &mut visit, Step::Key),
            Change::Append(items) | Change::Add(items) => places(items, &mut visit),
        }
    }
    graph.each_child(id, |child| visit(child, Step::Silent));
}

fn places(items: &[NodeId], visit: &mut dyn FnMut(NodeId, Step)) {
    for (place, &item) in items.iter().enumerate() {
        visit(item, Step::Place(place));
    }
}

fn pairs(items: &[(NodeId, NodeId)], visit: &mut dyn FnMut(NodeId, Step), step: fn(NodeId) -> Step) {
    for &(key, value) in items {
        visit(value, step(key));
        visit(key, Step::Silent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_said_as_python_reaches_them() {
        // `Pipeline` with `steps = [('a', {'key': None})]`, protocol 0.
        let pickle = b"ccopy_reg\n_reconstructor\n(csklearn.pipeline\nPipeline\nc__builtin__\nobject\nNtR\
            (dVsteps\n(l(Va\n(dVkey\nI5\nsVitself\n(lp9\ng9\nastasb.";
        let graph = skiff_pickle::read(&crate::Bytes::from(pickle.to_vec()), &crate::Limits::default()).unwrap();
        let five = graph.ids().find(|&id| *graph.node(id) == Node::Int(5)).unwrap();
        assert_eq!(of(&graph, five), "steps[0][1][\"key\"]");
        assert_eq!(of(&graph, graph.root()), "");
    }
}
