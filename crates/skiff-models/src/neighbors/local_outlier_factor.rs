//! `sklearn.neighbors.LocalOutlierFactor`.

use std::sync::Arc;

use skiff_plan::operators::{Elementwise, Function, GreaterThan, OutlierFactors, TakeLabels};
use skiff_plan::value::{Classes, IntKind};
use skiff_plan::{Method, Output, ValueId};

use super::neighbors_base::NeighborsBase;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const LOCAL_OUTLIER_FACTOR: Class = class! {
    /// Outliers by the density around each row next to the density around its neighbours.
    ///
    /// # Reads
    /// What `NearestNeighbors` reads; `_distances_fit_X_`, `_lrd`, `n_neighbors_`, `offset_`, `novelty`.
    /// # Predicts
    /// With `novelty=True`: `score_samples` is the negative mean of the densities of the `n_neighbors_` nearest points
    /// over the density of the row, which is 1 over the mean of its distances to them, none of them less than the
    /// point's own distance to its last neighbor. `decision_function` subtracts `offset_`; `predict` is -1
    /// where it is below 0, else 1. `kneighbors` and `kneighbors_graph` are there as well. With `novelty=False` there
    /// is nothing for other rows than those of the fit, whose scores are in `negative_outlier_factor_`.
    /// # Not supported
    /// What `NearestNeighbors` does not support.
    /// # Older versions
    /// `novelty` is of 0.20. Since 1.2 distances from `float32` rows are rounded to `float32`.
    paths: ["sklearn.neighbors._lof.LocalOutlierFactor", "sklearn.neighbors.lof.LocalOutlierFactor"],
    training_only: ["_contamination", "_distances_fit_X_", "_fit_X", "_fit_method", "_lrd", "_tree", "algorithm", "contamination", "effective_metric_", "effective_metric_params_", "leaf_size", "metric", "metric_params", "n_jobs", "n_neighbors", "n_neighbors_", "n_samples_fit_", "negative_outlier_factor_", "offset_", "p", "radius", "threshold_"],
    read: LocalOutlierFactor::read,
};

/// A fitted `LocalOutlierFactor`.
#[derive(Debug)]
pub struct LocalOutlierFactor {
    neighbors: NeighborsBase,
    /// None where `novelty=False`.
    novelty: Option<Novelty>,
}

/// The model for new rows.
#[derive(Debug)]
struct Novelty {
    factors: Arc<OutlierFactors>,
    /// `n_neighbors_`
    count: usize,
    /// `offset_`
    offset: f64,
}

impl LocalOutlierFactor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let neighbors = NeighborsBase::read(fields)?;
        let novelty = match fields.bool_or("novelty", false)? {
            true => Some(Novelty::read(fields, &neighbors)?),
            false => None,
        };
        Ok(Self { neighbors, novelty })
    }
}

impl Novelty {
    fn read(fields: &Fields<'_, '_>, neighbors: &NeighborsBase) -> Result<Self, ReadError> {
        let count = fields.count("n_neighbors_")?;
        let densities = fields.numbers("_lrd")?;
        fields.expect_len("_lrd", densities.data.len(), neighbors.points())?;
        let numbers = fields.numbers("_distances_fit_X_")?;
        let reach_precision = numbers.precision;
        let distances = numbers.into_matrix();
        let distances =
            distances.ok_or_else(|| fields.unexpected("_distances_fit_X_", "an array of two dimensions"))?;
        fields.expect_len("_distances_fit_X_", distances.rows, neighbors.points())?;
        if count == 0 || count > distances.cols {
            return Err(fields.damaged("n_neighbors_", format!("{count} of {} neighbors", distances.cols)));
        }
        let reach = distances.iter_rows().filter_map(|row| row.get(count - 1).copied()).collect();
        let factors = OutlierFactors {
            reach,
            reach_precision,
            densities: densities.data,
            precision: densities.precision,
            casts: !fields.before(1, 2),
        };
        Ok(Self { factors: Arc::new(factors), count, offset: fields.float("offset_")? })
    }
}

impl Estimator for LocalOutlierFactor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if !matches!(method, Method::Predict | Method::DecisionFunction | Method::ScoreSamples) {
            return self.neighbors.lower(method, input, plan, params);
        }
        let Some(Novelty { factors, count, offset }) = &self.novelty else {
            return plan.no_method(method);
        };
        // scikit-learn passes the rows on as an array, whose columns have no names.
        let found = self.neighbors.nearest_of_any_names(method, input, plan, *count)?;
        let scores = plan.push(factors, &[found.distances, found.neighbors, found.rows]);
        if method == Method::ScoreSamples {
            return Ok(Output::column(scores));
        }
        let scores = plan.push(Elementwise { function: Function::Add(-offset) }, &[scores]);
        if method == Method::DecisionFunction {
            return Ok(Output::column(scores));
        }
        // NaN is not below 0.
        let negative = plan.push(Elementwise { function: Function::Negative }, &[scores]);
        let outside = plan.push(GreaterThan { bound: 0.0 }, &[negative]);
        let sides = TakeLabels::of(&Arc::new(Classes::Ints(vec![1, -1], IntKind::I64)));
        Ok(Output::column(plan.push(sides, &[outside])))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.neighbors.width())
    }
}
