//! Reading the estimator at a node of a file's graph, of any class in the registry.

use std::sync::Arc;

use skiff_files::Limits;
use skiff_pickle::{Graph, NodeId};

use crate::custom::Custom;
use crate::feature_selection::old_selector;
use crate::fields::ReadError;
use crate::model::{Model, Reading};
use crate::registry;

impl Model {
    /// The estimator at `node`, with `path` in the file.
    ///
    /// # Errors
    /// When it is not an estimator, of an unsupported class, damaged, or uses something that skiff does not support.
    pub fn read(graph: &Graph, node: NodeId, path: &str) -> Result<Arc<Self>, ReadError> {
        Self::read_with(graph, node, path, &Custom::default(), &Limits::default())
    }

    /// Like [`Model::read`], with registered user code, and cancelled when the
    /// time limit is over.
    ///
    /// # Errors
    /// As [`Model::read`]; when user code cannot be used at its location; [`ReadErrorKind::Late`](crate::fields::ReadErrorKind::Late) when the time is
    /// over.
    pub fn read_with(
        graph: &Graph,
        node: NodeId,
        path: &str,
        custom: &Custom,
        limits: &Limits,
    ) -> Result<Arc<Self>, ReadError> {
        Reading::of(graph, custom, limits, registry::find, old_selector::read).model(node, path.to_owned())
    }
}
