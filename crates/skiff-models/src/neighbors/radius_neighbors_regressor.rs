//! `sklearn.neighbors.RadiusNeighborsRegressor`.

use std::sync::Arc;

use skiff_files::DType;
use skiff_plan::operators::{EmptyMean, RadiusMeans};
use skiff_plan::value::{IntKind, Matrix, NumberType};
use skiff_plan::{Method, Output, ValueId};

use super::neighbors_base::{Nearest, NeighborsBase, Weights, read_weights};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const RADIUS_NEIGHBORS_REGRESSOR: Class = class! {
    /// Regression by the targets of the neighbours within a radius.
    ///
    /// # Reads
    /// What `NearestNeighbors` reads; `weights`, `_y`.
    /// # Predicts
    /// The mean of the targets of the neighbours, which weigh the same, or 1 / distance; NaN for a row without
    /// neighbours, which targets of integers have as their dtype has it. `radius_neighbors` and
    /// `radius_neighbors_graph` answer as well.
    /// # Not supported
    /// Callable weights and metrics; a call without rows.
    /// # Older versions
    /// The state has been the same since 0.17. Before 0.20 rows without neighbours had NaN for targets of any dtype, and
    /// were an error where neighbours weigh.
    paths: [
        "sklearn.neighbors._regression.RadiusNeighborsRegressor",
        "sklearn.neighbors.regression.RadiusNeighborsRegressor",
    ],
    read: RadiusNeighborsRegressor::read,
};

/// A fitted `RadiusNeighborsRegressor`.
#[derive(Debug)]
pub struct RadiusNeighborsRegressor {
    neighbors: NeighborsBase,
    means: Arc<RadiusMeans>,
    /// Whether `_y` has two dimensions.
    several: bool,
}

impl RadiusNeighborsRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let neighbors = NeighborsBase::read(fields)?;
        let by_distance = read_weights(fields)? == Weights::Distance;
        let dtype = match fields.array("_y")?.dtype {
            DType::Bool => Some(IntKind::Bool),
            DType::Int { size, .. } | DType::UInt { size, .. } if !matches!(size, 1 | 2 | 4 | 8) => {
                return Err(fields.unexpected("_y", "integers of 1, 2, 4 or 8 bytes"));
            }
            DType::Int { size, .. } => Some(IntKind::Int { bytes: u8::try_from(size).unwrap_or(8), signed: true }),
            DType::UInt { size, .. } => Some(IntKind::Int { bytes: u8::try_from(size).unwrap_or(8), signed: false }),
            _ => None,
        };
        let numbers = fields.numbers("_y")?;
        let dtype = dtype.map_or(NumberType::Float(numbers.precision), NumberType::Int);
        let several = numbers.shape.len() == 2;
        let targets = match several {
            true => numbers.into_matrix(),
            false if numbers.shape.len() == 1 => Some(Matrix::new(numbers.data.len(), 1, numbers.data)),
            false => None,
        };
        let targets = targets.ok_or_else(|| fields.unexpected("_y", "an array of one or two dimensions"))?;
        fields.expect_len("_y", targets.rows, neighbors.points())?;
        let empty = if fields.before(0, 20) { EmptyMean::Mean } else { EmptyMean::Cast };
        Ok(Self { neighbors, means: Arc::new(RadiusMeans { targets, dtype, by_distance, empty }), several })
    }
}

impl Estimator for RadiusNeighborsRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Predict {
            return self.neighbors.lower_radius(method, input, plan, params);
        }
        let Nearest { distances, neighbors, .. } = self.neighbors.within(method, input, plan, None, false)?;
        let inputs = if self.means.by_distance { vec![neighbors, distances] } else { vec![neighbors] };
        let means = plan.push(&self.means, &inputs);
        Ok(if self.several { Output::matrix(means) } else { Output::column(means) })
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.neighbors.width())
    }
}
