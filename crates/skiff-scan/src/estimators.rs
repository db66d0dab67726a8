//! Values in the estimators of a file that contradict each other, as the readers of `skiff-models` find them.

use std::ops::Range;

use skiff_models::fields::{ReadError, ReadErrorKind};
use skiff_pickle::{Graph, Limits, NodeId};

/// What is done with the estimators in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Estimators {
    /// Each is read as for predictions.
    Read,
    /// They are read elsewhere.
    Skip,
}

impl Estimators {
    /// The estimators in this range of the graph that contradict themselves, and in what.
    pub fn contradictions(self, graph: &Graph, places: Range<usize>, limits: &Limits) -> Vec<(NodeId, String)> {
        if self == Self::Skip {
            return Vec::new();
        }
        let found = skiff_models::contradictions(graph, places, limits).into_iter();
        found.map(|(id, error)| (id, sentence(&error))).collect()
    }
}

/// What is wrong with an object, as it is said of it.
pub(crate) fn sentence(error: &ReadError) -> String {
    match (error.path(), error.kind()) {
        ("", ReadErrorKind::Unexpected { expected, found }) => format!("is {found}, not {expected}"),
        ("", kind) => format!("is {kind}"),
        (path, ReadErrorKind::Missing) => format!("has no `{path}`"),
        (path, ReadErrorKind::Unexpected { expected, found }) => format!("has {found} as its `{path}`, not {expected}"),
        (path, kind) => format!("has a `{path}` that is {kind}"),
    }
}
