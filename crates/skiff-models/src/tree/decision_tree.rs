//! `sklearn.tree._classes`: decision trees and trees of random splits.

use std::sync::Arc;

use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::{LeafValues, TreeKind, TreesModel, importances, lower_single, read_single};
use crate::computed::Attributes;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Scoring, class};

pub(crate) const DECISION_TREE_CLASSIFIER: Class = class! {
    /// A decision tree for labels of one or several outputs.
    ///
    /// # Reads
    /// `tree_`, `classes_`; `splitter`, `criterion` and `monotonic_cst` decide whether values may be missing.
    /// # Predicts
    /// Rows are rounded to float32 and go down the tree, to the left where a feature is at most the threshold, until they
    /// reach a leaf. Its values are the probabilities; the label is the first class of the greatest.
    /// # Older versions
    /// Before 1.3 no value could be missing. Before 1.4 leaves counted samples, of which shares are made. Before 0.21 the
    /// labels of several outputs are floats.
    paths: ["sklearn.tree._classes.DecisionTreeClassifier", "sklearn.tree.tree.DecisionTreeClassifier"],
    read: |fields| SingleTree::read(fields, TreeKind::Decision, LeafValues::Fractions),
};

pub(crate) const DECISION_TREE_REGRESSOR: Class = class! {
    /// A decision tree for numbers of one or several outputs.
    ///
    /// # Reads
    /// `tree_`; `splitter`, `criterion` and `monotonic_cst` decide whether values may be missing.
    /// # Predicts
    /// Rows are rounded to float32 and go down the tree, to the left where a feature is at most the threshold, until they
    /// reach a leaf. Its value is the result.
    /// # Older versions
    /// Before 1.3 no value could be missing.
    paths: ["sklearn.tree._classes.DecisionTreeRegressor", "sklearn.tree.tree.DecisionTreeRegressor"],
    read: |fields| SingleTree::read(fields, TreeKind::Decision, LeafValues::Raw),
};

pub(crate) const EXTRA_TREE_CLASSIFIER: Class = class! {
    /// A tree of random splits for labels of one or several outputs.
    ///
    /// # Reads
    /// `tree_`, `classes_`; `splitter`, `criterion` and `monotonic_cst` decide whether values may be missing.
    /// # Predicts
    /// Rows are rounded to float32 and go down the tree, to the left where a feature is at most the threshold, until they
    /// reach a leaf. Its values are the probabilities; the label is the first class of the greatest.
    /// # Older versions
    /// Before 1.3 no value could be missing. Before 1.4 leaves counted samples, of which shares are made. Before 0.21 the
    /// labels of several outputs are floats.
    paths: ["sklearn.tree._classes.ExtraTreeClassifier", "sklearn.tree.tree.ExtraTreeClassifier"],
    read: |fields| SingleTree::read(fields, TreeKind::Extra, LeafValues::Fractions),
};

pub(crate) const EXTRA_TREE_REGRESSOR: Class = class! {
    /// A tree of random splits for numbers of one or several outputs.
    ///
    /// # Reads
    /// `tree_`; `splitter`, `criterion` and `monotonic_cst` decide whether values may be missing.
    /// # Predicts
    /// Rows are rounded to float32 and go down the tree, to the left where a feature is at most the threshold, until they
    /// reach a leaf. Its value is the result.
    /// # Older versions
    /// Before 1.3 no value could be missing.
    paths: ["sklearn.tree._classes.ExtraTreeRegressor", "sklearn.tree.tree.ExtraTreeRegressor"],
    read: |fields| SingleTree::read(fields, TreeKind::Extra, LeafValues::Raw),
};

/// One tree.
#[derive(Debug)]
struct SingleTree(TreesModel);

impl SingleTree {
    fn read(fields: &Fields<'_, '_>, kind: TreeKind, values: LeafValues) -> Result<Self, ReadError> {
        read_single(fields, kind, values).map(Self)
    }
}

impl Estimator for SingleTree {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        lower_single(&self.0, method, input, plan)
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.0.classes.clone()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.0.shape.n_features)
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let compute = |tree: &Attributes<'_>| importances::of_tree(tree, self.0.shape.n_features);
        vec![("feature_importances_", Box::new(compute))]
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(if self.0.classes.is_empty() { Scoring::R2 } else { Scoring::Accuracy })
    }
}
