//! Values in the estimators of a file that contradict each other, as whoever predicts with them finds.

use std::ops::Range;

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
        found
            .map(|(id, error)| match error.path() {
                "" => (id, format!("is {}", error.kind())),
                path => (id, format!("has a `{path}` that is {}", error.kind())),
            })
            .collect()
    }
}
