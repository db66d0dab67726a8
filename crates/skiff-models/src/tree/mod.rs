//! `sklearn.tree`.

mod decision_tree;
mod depth_first;
pub(crate) mod importances;
mod single_tree;
#[expect(clippy::module_inception, reason = "`sklearn.tree._tree.Tree` is in it")]
mod tree;
mod tree_view;
mod trees_model;

use crate::model::Class;

pub(crate) use depth_first::{Branch, Fault, depth, depth_first};
pub(crate) use single_tree::{MissingRule, TRAINING_ONLY, TreeKind, lower_single, read_single};
pub(crate) use tree::{LeafValues, TreeShape, TreeSource, at_places, read_shape, read_trees};
pub use tree_view::TreeView;
pub(crate) use trees_model::{MissingValues, TreesModel};

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    decision_tree::DECISION_TREE_CLASSIFIER,
    decision_tree::DECISION_TREE_REGRESSOR,
    decision_tree::EXTRA_TREE_CLASSIFIER,
    decision_tree::EXTRA_TREE_REGRESSOR,
];
