//! What an argument or a state may be, as real files have it.
//!
//! Classes take their arguments and states apart in Python: they call `state.items()`, `x.keys()`, `values.dtype`. Of a
//! plain dict or an array that is harmless; of an object whose attributes the file chooses it is a call of the file's
//! choosing. So every position of a call has a [`Kind`], and what is of another kind is refused.

use std::cell::RefCell;

use skiff_pickle::{Change, Graph, IdSet, Node, NodeId, Payload};

use super::kind::{Kind, Sort};
use super::made::{is_plain, name_of};
use super::sort::{is_bytes, sort};

/// A graph, and what is known of its values.
pub(crate) struct Values<'g> {
    pub graph: &'g Graph,
    seen: RefCell<Seen>,
}

/// Which values are data and which are not. Files share values as often as they like; each is looked at once.
struct Seen {
    data: IdSet,
    other: IdSet,
    /// How many values may still be looked at: those above something else than data are looked at anew.
    left: usize,
    /// How many items of lists, tuples and dicts may still be compared with a form: objects may share them.
    items_left: usize,
}

impl<'g> Values<'g> {
    pub fn of(graph: &'g Graph) -> Self {
        let left = graph.len().saturating_mul(8).saturating_add(1_024);
        // Models share no list of any length; a form compares what it asks of with a few kinds.
        let items_left = graph.len().saturating_mul(64).saturating_add(1 << 20);
        let seen = Seen { data: IdSet::default(), other: IdSet::default(), left, items_left };
        Self { graph, seen: RefCell::new(seen) }
    }

    /// Whether so many items may still be looked at.
    fn spend(&self, items: usize) -> bool {
        let mut seen = self.seen.borrow_mut();
        let left = seen.items_left.checked_sub(items);
        seen.items_left = left.unwrap_or(0);
        left.is_some()
    }

    /// Whether the value at `id` is of this kind. Kinds are as deep as they are written, so this recursion is bounded.
    pub fn fits(&self, id: NodeId, kind: Kind) -> bool {
        let graph = self.graph;
        let node = graph.node(id);
        match kind {
            Kind::None => *node == Node::None,
            Kind::Bool => matches!(node, Node::Bool(_)),
            Kind::Int => matches!(node, Node::Int(_) | Node::BigInt(_) | Node::Bool(_)),
            Kind::Number => {
                matches!(node, Node::Int(_) | Node::BigInt(_) | Node::Bool(_) | Node::Float(_))
                    || sort(graph, id) == Some(Sort::Scalar)
            }
            Kind::Text => matches!(node, Node::Str(_) | Node::ByteStr(_)),
            Kind::Bytes => is_bytes(graph, id),
            Kind::Buffer => matches!(node, Node::Buffer { .. }),
            Kind::Plain => is_plain(graph, id),
            Kind::Data => self.is_data(id),
            Kind::Any => true,
            Kind::NotCallable => !is_callable(graph, id),
            Kind::Name(is_it) => name_of(graph, id).is_some_and(|(module, name)| is_it(module, name)),
            Kind::Of(sorts) => sort(graph, id).is_some_and(|found| sorts.contains(&found)),
            Kind::Tuple(kinds) => match node {
                Node::Tuple(items) => self.all_fit(items, kinds) && items.len() == kinds.len(),
                _ => false,
            },
            Kind::Each(Kind::Any) => graph.items(id).is_some(),
            Kind::Each(kind) => graph
                .items(id)
                .is_some_and(|items| self.spend(items.len()) && items.iter().all(|&item| self.fits(item, *kind))),
            Kind::Pair => graph.items(id).is_some_and(|items| items.len() == 2),
            Kind::Mapping => matches!(node, Node::Dict(_)),
            Kind::Keys(keys) => match node {
                Node::Dict(pairs) => {
                    let fits = |&(key, value): &(NodeId, NodeId)| {
                        let name = graph.name_of(key);
                        keys.iter().any(|&(key, kind)| name == Some(key) && self.fits(value, kind))
                    };
                    self.spend(pairs.len()) && pairs.iter().all(fits)
                }
                _ => false,
            },
            Kind::Attributes(kind) => match node {
                Node::Dict(pairs) => {
                    let fits = |&(key, value): &(NodeId, NodeId)| {
                        graph.name_of(key).is_some_and(|name| !is_special(name)) && self.fits(value, *kind)
                    };
                    self.spend(pairs.len()) && pairs.iter().all(fits)
                }
                _ => false,
            },
            Kind::Or(kinds) => kinds.iter().any(|&kind| self.fits(id, kind)),
        }
    }

    /// Whether each value is of its kind. There may be fewer of them than kinds.
    pub fn all_fit(&self, ids: &[NodeId], kinds: &[Kind]) -> bool {
        ids.len() <= kinds.len() && ids.iter().zip(kinds).all(|(&id, &kind)| self.fits(id, kind))
    }

    /// Whether all values are of one kind.
    pub fn each(&self, ids: &[NodeId], kind: Kind) -> bool {
        ids.iter().all(|&id| self.fits(id, kind))
    }

    fn is_data(&self, id: NodeId) -> bool {
        let mut seen = self.seen.borrow_mut();
        let (mut queue, mut found) = (vec![id], Vec::new());
        while let Some(id) = queue.pop() {
            if !seen.data.insert(id) {
                continue;
            }
            found.push(id);
            let budget = seen.left.checked_sub(1);
            seen.left = budget.unwrap_or(0);
            if budget.is_none() || seen.other.contains(&id) || !parts_of_data(self.graph, id, &mut queue) {
                // Which of the values above it led here is not known; only those below are data for sure.
                seen.other.insert(id);
                for id in found {
                    seen.data.remove(&id);
                }
                return false;
            }
        }
        true
    }
}

/// Adds what a value of data consists of to `queue`; `false` for what is no data.
fn parts_of_data(graph: &Graph, id: NodeId, queue: &mut Vec<NodeId>) -> bool {
    if !graph.changes(id).is_empty() {
        return false;
    }
    match graph.node(id) {
        Node::Global(_) | Node::Extension(_) | Node::Persistent(_) | Node::Buffer { .. } => return false,
        Node::Object(object) => {
            if !sort(graph, id).is_some_and(Sort::is_data) {
                return false;
            }
            // Which class it is, and how it is called, is judged with the object itself.
            let mut part = |part: NodeId| {
                if graph.global(part).is_none() {
                    queue.push(part);
                }
            };
            graph.items(object.arguments).unwrap_or_default().iter().copied().for_each(&mut part);
            for change in &object.changes {
                match change {
                    Change::Build(state) => part(*state),
                    Change::Append(items) | Change::Add(items) => items.iter().copied().for_each(&mut part),
                    Change::SetItems(items) => items.iter().flat_map(|&(key, value)| [key, value]).for_each(&mut part),
                }
            }
        }
        // The wrapper names numpy's class; it is judged with the object.
        Node::Payload { content, .. } => {
            if let Payload::Pickle(root) = content {
                queue.push(*root);
            }
        }
        _ => graph.each_child(id, |child| queue.push(child)),
    }
    true
}

/// `__setstate__`, `__class__`: names that Python itself looks up.
fn is_special(name: &str) -> bool {
    name.starts_with("__") && name.ends_with("__")
}

/// Functions, classes, and objects of classes with a `__call__`.
fn is_callable(graph: &Graph, id: NodeId) -> bool {
    match graph.node(id) {
        Node::Global(_) | Node::Extension(_) | Node::Persistent(_) => true,
        Node::Object(_) => match sort(graph, id) {
            Some(Sort::Estimator | Sort::Namespace) => false,
            Some(sort) => !sort.is_data(),
            None => true,
        },
        _ => false,
    }
}
