//! `sklearn.neighbors.KNeighborsTransformer`.

use skiff_plan::{Method, Output, ValueId};

use super::neighbors_base::NeighborsBase;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const K_NEIGHBORS_TRANSFORMER: Class = class! {
    /// The graph of the nearest neighbours, as a transformer.
    ///
    /// # Reads
    /// What `NearestNeighbors` reads; `mode`.
    /// # Transforms
    /// `kneighbors_graph`: with `mode='distance'` one neighbour more than `n_neighbors`, each with its distance, and
    /// with `'connectivity'` as many, each with 1. `kneighbors` and `kneighbors_graph` are there as well.
    /// # Not supported
    /// What `NearestNeighbors` does not support.
    /// # Older versions
    /// The state has been the same since 0.22, which has the class first.
    paths: ["sklearn.neighbors._graph.KNeighborsTransformer"],
    training_only: ["_fit_X", "_fit_method", "_n_features_out", "_tree", "algorithm", "effective_metric_", "effective_metric_params_", "leaf_size", "metric", "metric_params", "n_jobs", "n_neighbors", "n_samples_fit_", "p", "radius"],
    read: KNeighborsTransformer::read,
};

/// A fitted `KNeighborsTransformer`.
#[derive(Debug)]
pub struct KNeighborsTransformer {
    neighbors: NeighborsBase,
    /// Whether `mode` is `distance`.
    distances: bool,
}

impl KNeighborsTransformer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let distances = match fields.string("mode")?.as_str() {
            "distance" => true,
            "connectivity" => false,
            other => return Err(fields.unsupported("mode", format!("`{other}`"))),
        };
        Ok(Self { neighbors: NeighborsBase::read(fields)?, distances })
    }
}

impl Estimator for KNeighborsTransformer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let count = self.neighbors.count().map(|count| count.saturating_add(usize::from(self.distances)));
                self.neighbors.graph(method, input, plan, count, self.distances)
            }
            _ => self.neighbors.lower(method, input, plan, params),
        }
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.neighbors.points())?;
        Ok(names::class_prefix(header, self.neighbors.points()))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.neighbors.width())
    }
}
