//! `sklearn.ensemble.RandomForestRegressor`.

use skiff_plan::{Method, Output, ValueId};

use super::forest::{lower_forest, read_forest};
use crate::computed::Attributes;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Scoring, class};
use crate::tree::{LeafValues, TreesModel, importances};

pub(crate) const RANDOM_FOREST_REGRESSOR: Class = class! {
    /// A forest of decision trees, each fitted to a sample, for numbers of one or several outputs.
    ///
    /// # Reads
    /// The `tree_` of each of `estimators_`; `splitter`, `criterion` and `monotonic_cst` of the first decide whether
    /// values may be missing.
    /// # Predicts
    /// The mean of the trees' values, summed in their order.
    /// # Older versions
    /// Before 1.4 no value could be missing.
    paths: ["sklearn.ensemble._forest.RandomForestRegressor", "sklearn.ensemble.forest.RandomForestRegressor"],
    read: RandomForestRegressor::read,
};

/// A fitted `RandomForestRegressor`.
#[derive(Debug)]
pub struct RandomForestRegressor {
    model: TreesModel,
}

impl RandomForestRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { model: read_forest(fields, LeafValues::Raw)? })
    }
}

impl Estimator for RandomForestRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        lower_forest(&self.model, method, input, plan)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.model.shape.n_features)
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let compute = |forest: &Attributes<'_>| importances::of_ensemble(forest, self.model.shape.n_features, true);
        vec![("feature_importances_", Box::new(compute))]
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
