//! Trees as the attributes of `TreeEnsembleRegressor` of ai.onnx.ml 3, for runtimes without `TreeEnsemble`: it returns
//! float32.

use super::attributes::{int, ints, string, strings, tensor};
use super::form::Form;
use super::proto::AttributeProto;
use crate::graph::{Forest, Step, Test};

/// The columns of a table of nodes and of one of leaves.
#[derive(Default)]
struct Tables {
    trees: Vec<i64>,
    nodes: Vec<i64>,
    features: Vec<i64>,
    modes: Vec<&'static str>,
    splits: Vec<f64>,
    missing_tracks_true: Vec<i64>,
    true_ids: Vec<i64>,
    false_ids: Vec<i64>,
    leaf_trees: Vec<i64>,
    leaf_nodes: Vec<i64>,
    weights: Vec<f64>,
}

/// One target for each tree, so that nothing is added up. Splits by categories have been refused.
pub(super) fn attributes(forest: &Forest, form: Form) -> Vec<AttributeProto> {
    let mut tables = Tables::default();
    for (tree, one) in forest.trees.iter().enumerate() {
        tables.tree(forest, one.root, number(tree), form);
    }
    vec![
        string("aggregate_function", "SUM"),
        int("n_targets", number(forest.trees.len())),
        ints("nodes_falsenodeids", tables.false_ids),
        ints("nodes_featureids", tables.features),
        ints("nodes_missing_value_tracks_true", tables.missing_tracks_true),
        strings("nodes_modes", tables.modes.iter().copied()),
        ints("nodes_nodeids", tables.nodes),
        ints("nodes_treeids", tables.trees),
        ints("nodes_truenodeids", tables.true_ids),
        tensor("nodes_values_as_tensor", form.numbers(tables.splits.into_iter())),
        string("post_transform", "NONE"),
        // The target of a leaf is its tree.
        ints("target_ids", tables.leaf_trees.clone()),
        ints("target_nodeids", tables.leaf_nodes),
        ints("target_treeids", tables.leaf_trees),
        tensor("target_weights_as_tensor", form.numbers(tables.weights.into_iter())),
    ]
}

impl Tables {
    /// One tree, each node before those that follow it.
    fn tree(&mut self, forest: &Forest, root: Step, tree: i64, form: Form) {
        let mut steps = vec![root];
        let mut next = 0;
        while let Some(&step) = steps.get(next) {
            self.trees.push(tree);
            self.nodes.push(number(next));
            next += 1;
            let mut row = (0, "LEAF", 0.0, false, 0, 0);
            match step {
                Step::Leaf(leaf) => {
                    self.leaf_trees.push(tree);
                    self.leaf_nodes.push(number(next - 1));
                    self.weights.push(forest.leaves[leaf].value.value());
                }
                Step::Split(split) => {
                    let split = &forest.splits[split];
                    let threshold = match &split.test {
                        Test::AtMost(threshold) => form.threshold(threshold.value()),
                        Test::Among(_) => f64::NAN,
                    };
                    let first = number(steps.len());
                    steps.extend([split.left(), split.right()]);
                    row = (number(split.feature()), "BRANCH_LEQ", threshold, split.missing_left, first, first + 1);
                }
            }
            let (feature, mode, threshold, missing_left, left, right) = row;
            self.features.push(feature);
            self.modes.push(mode);
            self.splits.push(threshold);
            self.missing_tracks_true.push(i64::from(missing_left));
            self.true_ids.push(left);
            self.false_ids.push(right);
        }
    }
}

fn number(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
