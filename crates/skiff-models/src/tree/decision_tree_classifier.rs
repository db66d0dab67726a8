//! `sklearn.tree.DecisionTreeClassifier`.

use std::sync::Arc;

use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::{LeafValues, TreeKind, TreesModel, importances, lower_single, read_single};
use crate::computed::Attributes;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, class};

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
    read: DecisionTreeClassifier::read,
};

/// A fitted `DecisionTreeClassifier`.
#[derive(Debug)]
pub struct DecisionTreeClassifier {
    model: TreesModel,
}

impl DecisionTreeClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { model: read_single(fields, TreeKind::Decision, LeafValues::Fractions)? })
    }
}

impl Estimator for DecisionTreeClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        lower_single(&self.model, method, input, plan)
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.model.classes.clone()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.model.shape.n_features)
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let compute = |tree: &Attributes<'_>| importances::of_tree(tree, self.model.shape.n_features);
        vec![("feature_importances_", Box::new(compute))]
    }
}
