//! Trees as the attributes of `TreeEnsemble` of ai.onnx.ml 5, which compares and adds in float64.

use super::UINT8;
use super::attributes::{int, ints, tensor};
use super::form::Form;
use super::proto::{AttributeProto, TensorProto};
use crate::graph::{Forest, Step, Test};

/// `BRANCH_LEQ`
const AT_MOST: u8 = 0;
/// `BRANCH_MEMBER`
const MEMBER: u8 = 6;
/// `SUM`: each target has one tree, so that nothing is added up.
const SUM: i64 = 1;

/// The columns of a table of splits and of one of leaves.
#[derive(Default)]
struct Tables {
    features: Vec<i64>,
    modes: Vec<u8>,
    splits: Vec<f64>,
    missing_tracks_true: Vec<i64>,
    true_ids: Vec<i64>,
    true_leafs: Vec<i64>,
    false_ids: Vec<i64>,
    false_leafs: Vec<i64>,
    members: Vec<f64>,
    targets: Vec<i64>,
    weights: Vec<f64>,
    roots: Vec<i64>,
}

/// One target for each tree, and one tree for each target, but for [`Tables::nothing`].
pub(super) fn attributes(forest: &Forest, form: Form) -> Vec<AttributeProto> {
    let mut tables = Tables::default();
    for (target, tree) in forest.trees.iter().enumerate() {
        tables.roots.push(number(tables.features.len()));
        tables.tree(forest, tree.root, number(target), form);
        if target == 0 && forest.trees.len() > 1 {
            tables.nothing();
        }
    }
    let modes = TensorProto {
        dims: vec![number(tables.modes.len())],
        data_type: UINT8,
        raw_data: Some(tables.modes),
        ..TensorProto::default()
    };
    let mut attributes = vec![
        int("aggregate_function", SUM),
        int("n_targets", number(forest.trees.len())),
        int("post_transform", 0),
        ints("leaf_targetids", tables.targets),
        tensor("leaf_weights", form.numbers(tables.weights.into_iter())),
        ints("nodes_falseleafs", tables.false_leafs),
        ints("nodes_falsenodeids", tables.false_ids),
        ints("nodes_featureids", tables.features),
        ints("nodes_missing_value_tracks_true", tables.missing_tracks_true),
        tensor("nodes_modes", modes),
        tensor("nodes_splits", form.numbers(tables.splits.into_iter())),
        ints("nodes_trueleafs", tables.true_leafs),
        ints("nodes_truenodeids", tables.true_ids),
        ints("tree_roots", tables.roots),
    ];
    if !tables.members.is_empty() {
        attributes.push(tensor("membership_values", form.numbers(tables.members.into_iter())));
    }
    attributes
}

impl Tables {
    /// A tree that adds nothing to the first target. onnxruntime 1.21 to 1.23 add to that target what the second tree of a
    /// file has, unless it is one split with two leaves of its own.
    fn nothing(&mut self) {
        self.roots.push(number(self.features.len()));
        self.constant(0.0, 0);
    }

    /// A split whose two leaves have the same weight.
    fn constant(&mut self, weight: f64, target: i64) {
        self.push(0, AT_MOST, 0.0, false);
        let leaf = number(self.targets.len());
        self.targets.extend([target; 2]);
        self.weights.extend([weight; 2]);
        self.true_ids.push(leaf);
        self.true_leafs.push(1);
        self.false_ids.push(leaf + 1);
        self.false_leafs.push(1);
    }

    /// One tree, its splits before those that follow them.
    fn tree(&mut self, forest: &Forest, root: Step, target: i64, form: Form) {
        let split = match root {
            Step::Split(split) => split,
            Step::Leaf(leaf) => {
                // There are no trees without splits.
                self.constant(forest.leaves[leaf].value.value(), target);
                return;
            }
        };
        let first = self.features.len();
        // The splits of this tree in the order of their places.
        let mut splits = vec![split];
        let mut next = 0;
        while let Some(&split) = splits.get(next) {
            next += 1;
            let split = &forest.splits[split];
            match &split.test {
                Test::AtMost(threshold) => {
                    self.push(split.feature(), AT_MOST, form.threshold(threshold.value()), split.missing_left);
                }
                Test::Among(set) => {
                    self.push(split.feature(), MEMBER, 0.0, split.missing_left);
                    let members = forest.sets[*set].iter().map(|&member| f64::from(member));
                    self.members.extend(members.chain([f64::NAN]));
                }
            }
            let mut place = |side: Step| match side {
                Step::Split(split) => {
                    splits.push(split);
                    (number(first + splits.len() - 1), 0)
                }
                Step::Leaf(leaf) => (self.leaf(forest, leaf, target), 1),
            };
            let ((true_id, true_leaf), (false_id, false_leaf)) = (place(split.left()), place(split.right()));
            self.true_ids.push(true_id);
            self.true_leafs.push(true_leaf);
            self.false_ids.push(false_id);
            self.false_leafs.push(false_leaf);
        }
    }

    fn push(&mut self, feature: usize, mode: u8, threshold: f64, missing_left: bool) {
        self.features.push(number(feature));
        self.modes.push(mode);
        self.splits.push(threshold);
        self.missing_tracks_true.push(i64::from(missing_left));
    }

    fn leaf(&mut self, forest: &Forest, leaf: usize, target: i64) -> i64 {
        self.targets.push(target);
        self.weights.push(forest.leaves[leaf].value.value());
        number(self.targets.len() - 1)
    }
}

fn number(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
