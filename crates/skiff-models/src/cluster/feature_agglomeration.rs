//! `sklearn.cluster.FeatureAgglomeration`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Dtype, Finite, Pool, Pooling, SelectColumns, Selection};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const FEATURE_AGGLOMERATION: Class = class! {
    /// Hierarchical clustering of features.
    ///
    /// # Reads
    /// `labels_`, `pooling_func`.
    /// # Transforms
    /// The mean, median, greatest or least of the features of each cluster. `inverse_transform` puts the value of its
    /// cluster into each feature.
    /// # Not supported
    /// A `pooling_func` that is not numpy's `mean`, `median`, `max` or `min`.
    /// # Older versions
    /// The state has been the same since 0.17. Before 0.20 means of `float32` rows were `float32`.
    paths: ["sklearn.cluster._agglomerative.FeatureAgglomeration", "sklearn.cluster.hierarchical.FeatureAgglomeration"],
    training_only: ["_metric", "_n_features_out", "affinity", "children_", "compute_distances", "compute_full_tree", "connectivity", "distance_threshold", "distances_", "linkage", "memory", "metric", "n_clusters", "n_clusters_", "n_components", "n_components_", "n_connected_components_", "n_leaves_"],
    read: FeatureAgglomeration::read,
};

/// A fitted `FeatureAgglomeration`.
#[derive(Debug)]
pub struct FeatureAgglomeration {
    pool: Arc<Pool>,
}

impl FeatureAgglomeration {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let function = fields.required("pooling_func")?;
        let pooling = match fields.graph().global(function) {
            Some((module, "mean")) if module.starts_with("numpy") && fields.before(0, 20) => Pooling::MeanAsGiven,
            Some((module, "mean")) if module.starts_with("numpy") => Pooling::Mean,
            Some((module, "median")) if module.starts_with("numpy") => Pooling::Median,
            Some((module, "max" | "amax")) if module.starts_with("numpy") => Pooling::Max,
            Some((module, "min" | "amin")) if module.starts_with("numpy") => Pooling::Min,
            _ => {
                return Err(
                    fields.unsupported("pooling_func", "another function than numpy's mean, median, max and min")
                );
            }
        };
        let labels = fields.ints("labels_")?;
        fields.expect_n_features("labels_", labels.len())?;
        // `np.unique`: the clusters in the order of their labels.
        let mut unique = labels.clone();
        unique.sort_unstable();
        unique.dedup();
        let cluster = |label: &i64| unique.binary_search(label).unwrap_or_default();
        let clusters = labels.iter().map(cluster).collect();
        // `np.bincount` counts from 0.
        let is_counted = unique.iter().zip(0..).all(|(&label, number)| label == number);
        if pooling == Pooling::Mean && !is_counted {
            return Err(fields.damaged("labels_", "they are not numbered from 0"));
        }
        Ok(Self { pool: Arc::new(Pool { clusters, count: unique.len(), pooling }) })
    }
}

impl Estimator for FeatureAgglomeration {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Float), self.pool.clusters.len());
                Ok(Output::matrix(plan.push(&self.pool, &[x])))
            }
            Method::InverseTransform => {
                let x = plan.check(input, ArrayRule::FLOATS.finite(Finite::Any).any_names(), self.pool.count);
                let by = Selection::Places(self.pool.clusters.clone());
                Ok(Output::matrix(plan.push(SelectColumns { by, series: false }, &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.pool.count)?;
        Ok(names::class_prefix(header, self.pool.count))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.pool.clusters.len())
    }
}
