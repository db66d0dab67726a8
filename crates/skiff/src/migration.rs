//! A file's content as another version of scikit-learn would have written it.

use std::fmt;

use skiff_files::{Graph, Node, NodeId};
use skiff_migrate::{Migrated, Refused, Target, migrate};
use skiff_models::addresses;

use crate::Error;

/// Why a file cannot be given to a version of scikit-learn, and where in it.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    why: Refused,
    /// The address of the outermost estimator that it hangs on, where there is one.
    pub path: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

/// The object at `root` for `target`.
pub(crate) fn migrated(graph: &Graph, root: NodeId, target: &Target) -> Result<Migrated, Error> {
    migrate(graph, root, target).map_err(|why| {
        let path = why.node.and_then(|node| path(graph, root, node)).unwrap_or_default();
        Error::migration(Refusal { why, path })
    })
}

/// The object at `root` for a `target` that loads it at once. Byte strings of Python 2 stay what they are: its unpickler decides
/// what they mean.
pub(crate) fn migrated_for_loading(graph: &Graph, root: NodeId, target: &Target) -> Result<Migrated, Error> {
    let mut migrated = migrated(graph, root, target)?;
    for id in graph.ids() {
        if let Node::ByteStr(span) = *graph.node(id)
            && !graph.bytes(span).is_ascii()
        {
            *migrated.graph.node_mut(id) = Node::ByteStr(span);
        }
    }
    Ok(migrated)
}

fn path(graph: &Graph, root: NodeId, node: NodeId) -> Option<String> {
    let found = addresses::estimators(graph, root).into_iter().find(|found| found.node == node);
    found.map(|found| found.address)
}
