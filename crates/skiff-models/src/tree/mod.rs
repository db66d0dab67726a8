//! `sklearn.tree`.

mod decision_tree_classifier;
mod decision_tree_regressor;
mod depth_first;
mod extra_tree_classifier;
mod extra_tree_regressor;
pub(crate) mod importances;
mod single_tree;
#[expect(clippy::module_inception, reason = "the thing in it is called Tree")]
mod tree;
mod trees_model;

use crate::model::Class;

pub(crate) use depth_first::{Fault, depth_first};
pub(crate) use single_tree::{MissingRule, TRAINING_ONLY, TreeKind, lower_single, read_single};
pub(crate) use tree::{LeafValues, TreeShape, TreeSource, read_shape, read_trees};
pub(crate) use trees_model::{MissingValues, TreesModel};

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    decision_tree_classifier::DECISION_TREE_CLASSIFIER,
    decision_tree_regressor::DECISION_TREE_REGRESSOR,
    extra_tree_classifier::EXTRA_TREE_CLASSIFIER,
    extra_tree_regressor::EXTRA_TREE_REGRESSOR,
];
