//! `sklearn.tree.ExtraTreeRegressor`.

use skiff_plan::{Method, Output, ValueId};

use super::{LeafValues, TreeKind, TreesModel, importances, lower_single, read_single};
use crate::computed::Attributes;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Scoring, class};

pub(crate) const EXTRA_TREE_REGRESSOR: Class = class! {
    /// A tree of random splits for numbers of one or several outputs.
    ///
    /// # Reads
    /// `tree_`; `splitter`, `criterion` and `monotonic_cst` decide whether values may be missing.
    /// # Predicts
    /// Rows are rounded to float32 and go down the tree, to the left where a feature is at most the threshold, until they
    /// reach a leaf. Its value is the answer.
    /// # Older versions
    /// Before 1.3 no value could be missing.
    paths: ["sklearn.tree._classes.ExtraTreeRegressor", "sklearn.tree.tree.ExtraTreeRegressor"],
    read: ExtraTreeRegressor::read,
};

/// A fitted `ExtraTreeRegressor`.
#[derive(Debug)]
pub struct ExtraTreeRegressor {
    model: TreesModel,
}

impl ExtraTreeRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { model: read_single(fields, TreeKind::Extra, LeafValues::Raw)? })
    }
}

impl Estimator for ExtraTreeRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        lower_single(&self.model, method, input, plan)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.model.shape.n_features)
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let compute = |tree: &Attributes<'_>| importances::of_tree(tree, self.model.shape.n_features);
        vec![("feature_importances_", Box::new(compute))]
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
