//! A file's content as another version of scikit-learn would have written it.

use std::fmt;

use skiff_files::{Graph, NodeId};
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

/// What `graph` holds for `target`.
pub(crate) fn migrated(graph: &Graph, target: &Target) -> Result<Migrated, Error> {
    migrate(graph, target).map_err(|why| {
        let path = why.node.and_then(|node| path(graph, node)).unwrap_or_default();
        Error::migration(Refusal { why, path })
    })
}

fn path(graph: &Graph, node: NodeId) -> Option<String> {
    let found = addresses::estimators(graph, graph.root()).into_iter().find(|found| found.node == node);
    found.map(|found| found.address)
}
