//! `sklearn.neighbors.KNeighborsRegressor`.

use std::sync::Arc;

use skiff_plan::operators::NeighborMeans;
use skiff_plan::value::Matrix;
use skiff_plan::{Method, Output, ValueId};

use super::neighbors_base::{NeighborsBase, Weights, read_weights};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const K_NEIGHBORS_REGRESSOR: Class = class! {
    /// Regression by the mean of the nearest neighbours.
    ///
    /// # Reads
    /// `_fit_X` or `_tree`, `_fit_method`, `effective_metric_` with its parameters, `n_neighbors`, `weights`, `_y`.
    /// # Predicts
    /// The mean of the targets of the nearest points, which weigh the same, or 1 / distance. `kneighbors` and
    /// `kneighbors_graph` are supported as well.
    /// # Not supported
    /// Callable weights and metrics; a call without rows.
    /// # Older versions
    /// The order of equal distances depends on the version, which skiff reproduces; where numpy's `argpartition` chooses
    /// among them, it is numpy's order without SIMD.
    paths: ["sklearn.neighbors._regression.KNeighborsRegressor", "sklearn.neighbors.regression.KNeighborsRegressor"],
    read: KNeighborsRegressor::read,
};

/// A fitted `KNeighborsRegressor`.
#[derive(Debug)]
pub struct KNeighborsRegressor {
    neighbors: NeighborsBase,
    weights: Weights,
    /// Over `_y`, (n_samples_fit, n_outputs).
    means: Arc<NeighborMeans>,
    /// Whether `_y` has two dimensions.
    several: bool,
}

impl KNeighborsRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let neighbors = NeighborsBase::read(fields)?;
        let weights = read_weights(fields)?;
        let numbers = fields.numbers("_y")?;
        let (several, precision) = (numbers.shape.len() == 2, numbers.precision);
        let targets = match numbers.shape[..] {
            [rows] => Matrix::new(rows, 1, numbers.data),
            [rows, cols] => Matrix::new(rows, cols, numbers.data),
            _ => return Err(fields.unexpected("_y", "an array of one or two dimensions")),
        };
        fields.expect_len("_y", targets.rows, neighbors.points())?;
        let means = Arc::new(NeighborMeans { targets, precision });
        Ok(Self { neighbors, weights, means, several })
    }
}

impl Estimator for KNeighborsRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => {
                let neighbors = self.neighbors.weighted(method, input, plan, self.weights)?;
                let means = plan.push(&self.means, &neighbors);
                Ok(if self.several { Output::matrix(means) } else { Output::column(means) })
            }
            _ => self.neighbors.lower(method, input, plan, params),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.neighbors.width())
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
