//! `sklearn.ensemble.RandomForestClassifier`.

use std::sync::Arc;

use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::forest::{lower_forest, read_forest};
use crate::computed::Attributes;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, class};
use crate::tree::{LeafValues, TreesModel, importances};

pub(crate) const RANDOM_FOREST_CLASSIFIER: Class = class! {
    /// A forest of decision trees, each fitted to a sample, for labels of one or several outputs.
    ///
    /// # Reads
    /// The `tree_` of each of `estimators_`, `classes_`; `splitter`, `criterion` and `monotonic_cst` of the first decide whether
    /// values may be missing.
    /// # Predicts
    /// The mean of the trees' probabilities, summed in their order; the label is the first class of the greatest mean.
    /// # Older versions
    /// Before 1.4 no value could be missing, and leaves counted samples, of which shares are made. Before 0.21 the labels
    /// of several outputs are floats.
    paths: ["sklearn.ensemble._forest.RandomForestClassifier", "sklearn.ensemble.forest.RandomForestClassifier"],
    read: RandomForestClassifier::read,
};

/// A fitted `RandomForestClassifier`.
#[derive(Debug)]
pub struct RandomForestClassifier {
    model: TreesModel,
}

impl RandomForestClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { model: read_forest(fields, LeafValues::Fractions)? })
    }
}

impl Estimator for RandomForestClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        lower_forest(&self.model, method, input, plan)
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.model.classes.clone()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.model.shape.n_features)
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let compute = |forest: &Attributes<'_>| importances::of_ensemble(forest, self.model.shape.n_features, true);
        vec![("feature_importances_", Box::new(compute))]
    }
}
