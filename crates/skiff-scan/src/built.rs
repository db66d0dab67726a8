//! What Python builds where the graph shows something else: keys that are one, states that follow each other, containers
//! that were taken apart before they were whole.

use skiff_pickle::{Change, Node, NodeId, Object};

use crate::allowed::{self, Items};
use crate::judge::Judged;
use crate::keys::Fault;
use crate::verdict::{MORE_THAN_ONCE, Rating};

impl<'g> Judged<'g> {
    /// Looks at what Python makes of the node, once its parts are judged.
    pub(crate) fn as_built(&mut self, id: NodeId) {
        self.keys(id);
        self.late(id);
        let Some(object) = self.graph.object(id) else { return };
        if object.changes.iter().filter(|change| matches!(change, Change::Build(_))).count() > 1 {
            self.add(id, Rating::Unknown, Some(object.callable), MORE_THAN_ONCE);
        }
    }

    /// Keys of dicts and items of sets that Python takes for one.
    fn keys(&mut self, id: NodeId) {
        let graph = self.graph;
        let pairs = |pairs: &'g [(NodeId, NodeId)]| pairs.iter().map(|&(key, _)| key);
        let mut faults = Vec::new();
        match graph.node(id) {
            Node::Dict(items) => faults.extend(self.keys.fault(graph, pairs(items))),
            Node::Set(items) => faults.extend(self.keys.fault(graph, items.iter().copied())),
            Node::FrozenSet(items) => faults.extend(self.keys.fault(graph, items.iter().copied())),
            Node::Object(object) => {
                for change in &object.changes {
                    match change {
                        Change::SetItems(items) => faults.extend(self.keys.fault(graph, pairs(items))),
                        Change::Add(items) => faults.extend(self.keys.fault(graph, items.iter().copied())),
                        Change::Build(_) | Change::Append(_) => {}
                    }
                }
                faults.extend(self.called_with_keys(object));
            }
            _ => {}
        }
        let callable = graph.object(id).map(|object| object.callable);
        for fault in faults {
            self.add(id, Rating::Unknown, callable, fault.sentence());
        }
    }

    /// Keys among the arguments of calls: `set([1, 1])`, `OrderedDict([('a', 1), ('a', 2)])`.
    fn called_with_keys(&mut self, object: &'g Object) -> Option<Fault> {
        let graph = self.graph;
        let (module, name) = allowed::name_of(graph, object.callable)?;
        let &first = graph.items(object.arguments)?.first()?;
        match (module, name) {
            ("builtins", "set" | "frozenset") => self.keys.fault_in_list(graph, first, true),
            ("builtins", "dict") | ("collections", "OrderedDict") => self.keys.fault_in_list(graph, first, false),
            _ => None,
        }
    }

    /// What was taken apart before it was whole: Python made something else of it than the graph shows. Objects that only
    /// hold attributes may refer to each other in circles.
    fn late(&mut self, id: NodeId) {
        if !self.graph.is_changed_late(id) {
            return;
        }
        let object = self.graph.object(id);
        let made = object.and_then(|object| allowed::made(&self.values, object).ok());
        if made.is_some_and(|made| made.items == Items::Nothing && made.state.is_of_attributes()) {
            return;
        }
        let callable = object.map(|object| object.callable);
        self.add(id, Rating::Unknown, callable, "is changed after something was made of it");
    }
}
