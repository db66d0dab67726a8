//! The danger in a graph, found without judging all of it.

use skiff_pickle::{Graph, IdSet, Node, NodeId};

use super::{Judged, Reading};
use crate::verdict::{Finding, Rating};
use crate::{allowed, dangers};

/// Only what is dangerous counts.
fn is_dangerous(_: NodeId, finding: &Finding) -> bool {
    finding.rating == Rating::Dangerous
}

impl Judged<'_> {
    /// The first finding that a whole judgement would call dangerous. Names that are not on the list are known at
    /// sight; names that are on it, although the wrong call of them does harm, are judged wherever they stand.
    pub fn first_danger(graph: &Graph, reading: Reading) -> Option<Finding> {
        let mut judged = Judged::nothing_yet(graph, &[], reading, 1, &is_dangerous);
        let mut harmful = IdSet::default();
        for id in graph.ids() {
            if graph.global(id).is_none() {
                continue;
            }
            judged.global(id);
            if allowed::name_of(graph, id).is_some_and(|(module, name)| may_do_harm(module, name)) {
                harmful.insert(id);
            }
        }
        for id in graph.changed() {
            judged.changed(id);
        }
        // Where `numpy.memmap` may stand is known from the objects around it.
        let is_mapped = |&id: &NodeId| {
            allowed::name_of(graph, id).is_some_and(|(module, name)| allowed::is_mapped_array(module, name))
        };
        let maps = harmful.iter().any(is_mapped);
        if !harmful.is_empty() {
            for id in graph.ids() {
                if concerns(graph, id, &harmful) || (maps && graph.object(id).is_some()) {
                    judged.node(id, reading);
                }
            }
            judged.mapped_arrays();
        }
        judged.findings.pop().map(|(_, finding)| finding)
    }
}

/// Whether a name that is on the list does harm in other calls than those which the list lets pass.
fn may_do_harm(module: &str, name: &str) -> bool {
    allowed::is_listed(module, name)
        && (dangers::sentence(module, name).is_some()
            || allowed::is_mapped_array(module, name)
            || allowed::is_distribution(module, name))
}

/// Whether one of the names makes a node, or stands in it.
fn concerns(graph: &Graph, id: NodeId, names: &IdSet) -> bool {
    if let Node::Global(_) = graph.node(id) {
        return false;
    }
    let mut is_one = false;
    graph.each_child(id, |child| is_one |= names.contains(&child));
    is_one
}
