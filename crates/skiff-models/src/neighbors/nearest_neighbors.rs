//! `sklearn.neighbors.NearestNeighbors`.

use skiff_plan::{Method, Output, ValueId};

use super::neighbors_base::NeighborsBase;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const NEAREST_NEIGHBORS: Class = class! {
    /// The search for neighbors.
    ///
    /// # Reads
    /// `_fit_X` or `_tree`, `_fit_method`, `effective_metric_` with its parameters, `n_neighbors`, `radius`.
    /// # Predicts
    /// `kneighbors`, `radius_neighbors` and their graphs.
    /// # Not supported
    /// A call without rows, for the neighbors of the training rows; callable metrics; a radius for each row.
    /// # Older versions
    /// The order of equal distances depends on the version, which skiff reproduces; where numpy's `argpartition` chooses
    /// among them, it is numpy's order without SIMD.
    paths: ["sklearn.neighbors._unsupervised.NearestNeighbors", "sklearn.neighbors.unsupervised.NearestNeighbors"],
    read: NearestNeighbors::read,
};

/// A fitted `NearestNeighbors`.
#[derive(Debug)]
pub struct NearestNeighbors {
    neighbors: NeighborsBase,
}

impl NearestNeighbors {
    /// What it searches.
    pub(crate) fn neighbors(&self) -> &NeighborsBase {
        &self.neighbors
    }

    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { neighbors: NeighborsBase::read(fields)? })
    }
}

impl Estimator for NearestNeighbors {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::RadiusNeighbors | Method::RadiusNeighborsGraph => {
                self.neighbors.lower_radius(method, input, plan, params)
            }
            _ => self.neighbors.lower(method, input, plan, params),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.neighbors.width())
    }
}
