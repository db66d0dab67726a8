//! Reading the estimator at a node of a file's graph, of any class that is registered.

use std::sync::Arc;

use skiff_files::Limits;
use skiff_pickle::{Graph, NodeId};

use crate::custom::Custom;
use crate::fields::ReadError;
use crate::model::{Model, Reading};
use crate::registry;

impl Model {
    /// The estimator at `node`, which stands at `path` in the file.
    ///
    /// # Errors
    /// When it is no estimator, of no known class, damaged, or holds what skiff does not know.
    pub fn read(graph: &Graph, node: NodeId, path: &str) -> Result<Arc<Self>, ReadError> {
        Self::read_with(graph, node, path, &Custom::default(), &Limits::default())
    }

    /// As [`Model::read`], with user code for the functions and classes that have its names, and given up when the
    /// time of `limits` is over.
    ///
    /// # Errors
    /// As [`Model::read`]; when the code cannot stand where its name stands; [`ReadErrorKind::Late`](crate::fields::ReadErrorKind::Late) when the time is
    /// over.
    pub fn read_with(
        graph: &Graph,
        node: NodeId,
        path: &str,
        custom: &Custom,
        limits: &Limits,
    ) -> Result<Arc<Self>, ReadError> {
        Reading::of(graph, custom, limits, registry::find).model(node, path.to_owned())
    }
}
