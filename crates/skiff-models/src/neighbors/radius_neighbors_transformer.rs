//! `sklearn.neighbors.RadiusNeighborsTransformer`.

use skiff_plan::{Method, Output, ValueId};

use super::neighbors_base::NeighborsBase;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const RADIUS_NEIGHBORS_TRANSFORMER: Class = class! {
    /// The graph of the neighbours within a radius, as a transformer.
    ///
    /// # Reads
    /// What `NearestNeighbors` reads; `mode`.
    /// # Transforms
    /// `radius_neighbors_graph`: with `mode='distance'` each neighbour with its distance, nearest first, and with
    /// `'connectivity'` with 1. `radius_neighbors` and `radius_neighbors_graph` are there as well.
    /// # Not supported
    /// What `NearestNeighbors` does not support.
    /// # Older versions
    /// The state has been the same since 0.22, which has the class first.
    paths: ["sklearn.neighbors._graph.RadiusNeighborsTransformer"],
    training_only: ["_n_features_out"],
    read: RadiusNeighborsTransformer::read,
};

/// A fitted `RadiusNeighborsTransformer`.
#[derive(Debug)]
pub struct RadiusNeighborsTransformer {
    neighbors: NeighborsBase,
    /// Whether `mode` is `distance`.
    distances: bool,
}

impl RadiusNeighborsTransformer {
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

impl Estimator for RadiusNeighborsTransformer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => self.neighbors.graph_within(method, input, plan, None, (self.distances, true)),
            _ => self.neighbors.lower_radius(method, input, plan, params),
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
