//! `sklearn.ensemble._forest`: random forests and forests of trees with random splits.

use std::sync::Arc;

use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::forest::{lower_forest, read_forest};
use crate::computed::Attributes;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Scoring, class};
use crate::tree::{LeafValues, TreesModel, importances};

pub(crate) const RANDOM_FOREST_CLASSIFIER: Class = class! {
    /// A random forest: decision trees, each fitted on a sample of rows, for labels of one or several outputs.
    ///
    /// # Reads
    /// The `tree_` of each of `estimators_`, `classes_`; `splitter`, `criterion` and `monotonic_cst` of the first decide whether
    /// values may be missing.
    /// # Predicts
    /// The mean of the trees' probabilities, summed in their order; the label is the first class of the greatest mean.
    /// # Older versions
    /// Before 1.4 no value could be missing, and leaves have counts of samples, which are normalized. Before 0.21 the labels
    /// of several outputs are floats.
    paths: ["sklearn.ensemble._forest.RandomForestClassifier", "sklearn.ensemble.forest.RandomForestClassifier"],
    read: |fields| Forest::read(fields, LeafValues::Fractions),
};

pub(crate) const RANDOM_FOREST_REGRESSOR: Class = class! {
    /// A random forest: decision trees, each fitted on a sample of rows, for numbers of one or several outputs.
    ///
    /// # Reads
    /// The `tree_` of each of `estimators_`; `splitter`, `criterion` and `monotonic_cst` of the first decide whether
    /// values may be missing.
    /// # Predicts
    /// The mean of the trees' values, summed in their order.
    /// # Older versions
    /// Before 1.4 no value could be missing.
    paths: ["sklearn.ensemble._forest.RandomForestRegressor", "sklearn.ensemble.forest.RandomForestRegressor"],
    read: |fields| Forest::read(fields, LeafValues::Raw),
};

pub(crate) const EXTRA_TREES_CLASSIFIER: Class = class! {
    /// A forest of trees with random splits, for labels of one or several outputs.
    ///
    /// # Reads
    /// The `tree_` of each of `estimators_`, `classes_`; `splitter`, `criterion` and `monotonic_cst` of the first decide whether
    /// values may be missing.
    /// # Predicts
    /// The mean of the trees' probabilities, summed in their order; the label is the first class of the greatest mean.
    /// # Older versions
    /// Before 1.4 no value could be missing, and leaves have counts of samples, which are normalized. Before 0.21 the labels
    /// of several outputs are floats.
    paths: ["sklearn.ensemble._forest.ExtraTreesClassifier", "sklearn.ensemble.forest.ExtraTreesClassifier"],
    read: |fields| Forest::read(fields, LeafValues::Fractions),
};

pub(crate) const EXTRA_TREES_REGRESSOR: Class = class! {
    /// A forest of trees with random splits, for numbers of one or several outputs.
    ///
    /// # Reads
    /// The `tree_` of each of `estimators_`; `splitter`, `criterion` and `monotonic_cst` of the first decide whether
    /// values may be missing.
    /// # Predicts
    /// The mean of the trees' values, summed in their order.
    /// # Older versions
    /// Before 1.4 no value could be missing.
    paths: ["sklearn.ensemble._forest.ExtraTreesRegressor", "sklearn.ensemble.forest.ExtraTreesRegressor"],
    read: |fields| Forest::read(fields, LeafValues::Raw),
};

/// The trees of a forest.
#[derive(Debug)]
struct Forest(TreesModel);

impl Forest {
    fn read(fields: &Fields<'_, '_>, values: LeafValues) -> Result<Self, ReadError> {
        read_forest(fields, values).map(Self)
    }
}

impl Estimator for Forest {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        lower_forest(&self.0, method, input, plan)
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.0.classes.clone()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.0.shape.n_features)
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let compute = |forest: &Attributes<'_>| importances::of_ensemble(forest, self.0.shape.n_features, true);
        vec![("feature_importances_", Box::new(compute))]
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(if self.0.classes.is_empty() { Scoring::R2 } else { Scoring::Accuracy })
    }
}
