//! Where in the object that would come out a finding lies.

use std::collections::{HashMap, HashSet, VecDeque};

use skiff_pickle::{Change, Graph, Node, NodeId};

/// One step of a path.
#[derive(Clone)]
enum Step {
    /// An item of a list or tuple.
    Item(usize),
    /// A value of a dict.
    Key(NodeId),
    /// The state of an object, whose keys are attributes.
    State,
    /// What says nothing to a reader.
    Nothing,
}

/// How deep paths are followed: a hostile graph nests as it likes.
const LONGEST_PATH: usize = 64;

/// The shortest way from a root to each of `targets`.
pub(crate) fn paths(graph: &Graph, roots: &[NodeId], mut targets: HashSet<NodeId>) -> HashMap<NodeId, String> {
    let mut found = HashMap::new();
    if targets.is_empty() {
        return found;
    }
    let mut parents: HashMap<NodeId, Option<(NodeId, Step)>> = HashMap::new();
    let mut queue = VecDeque::new();
    for &root in roots {
        if parents.insert(root, None).is_none() {
            queue.push_back(root);
        }
    }
    while let Some(id) = queue.pop_front() {
        if targets.remove(&id) {
            found.insert(id, path(graph, &parents, id));
            if targets.is_empty() {
                break;
            }
        }
        each_step(graph, id, |child, step| {
            parents.entry(child).or_insert_with(|| {
                queue.push_back(child);
                Some((id, step))
            });
        });
    }
    found
}

fn each_step(graph: &Graph, id: NodeId, mut visit: impl FnMut(NodeId, Step)) {
    match graph.node(id) {
        Node::Tuple(items) => items.iter().enumerate().for_each(|(place, &item)| visit(item, Step::Item(place))),
        Node::List(items) => items.iter().enumerate().for_each(|(place, &item)| visit(item, Step::Item(place))),
        Node::Dict(pairs) => {
            for &(key, value) in pairs {
                visit(key, Step::Nothing);
                visit(value, Step::Key(key));
            }
        }
        Node::Object(object) => {
            visit(object.callable, Step::Nothing);
            visit(object.arguments, Step::Nothing);
            for change in &object.changes {
                if let Change::Build(state) = change {
                    visit(*state, Step::State);
                }
            }
            graph.each_child(id, |child| visit(child, Step::Nothing));
        }
        _ => graph.each_child(id, |child| visit(child, Step::Nothing)),
    }
}

fn path(graph: &Graph, parents: &HashMap<NodeId, Option<(NodeId, Step)>>, target: NodeId) -> String {
    let (mut steps, mut at) = (Vec::new(), target);
    while let Some(Some((parent, step))) = parents.get(&at) {
        steps.push(step.clone());
        at = *parent;
        if steps.len() >= LONGEST_PATH {
            break;
        }
    }
    let (mut path, mut in_state) = (String::new(), false);
    for step in steps.iter().rev() {
        match step {
            Step::Item(place) => path += &format!("[{place}]"),
            Step::Key(key) => match (graph.str_of(*key), in_state) {
                (Some(name), true) => path += &format!(".{}", super::shown(name)),
                (Some(name), false) => path += &format!("['{}']", super::shown(name)),
                (None, _) => path += "[…]",
            },
            Step::State | Step::Nothing => {}
        }
        in_state = matches!(step, Step::State);
    }
    path.trim_start_matches('.').to_owned()
}

/// All that the roots lead to.
pub(crate) fn reached(graph: &Graph, roots: &[NodeId]) -> HashSet<NodeId> {
    let (mut reached, mut todo) = (HashSet::new(), roots.to_vec());
    while let Some(id) = todo.pop() {
        if reached.insert(id) {
            graph.each_child(id, |child| todo.push(child));
        }
    }
    reached
}
