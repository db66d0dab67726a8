//! `LocalOutlierFactor.score_samples`: how dense it is around each row, next to how dense it is around its neighbours.

use crate::InputError;
use crate::kernels::pairwise_sum::pairwise_sum_in;
use crate::operator::Operator;
use crate::value::{Matrix, NumberType, Precision, Value};

/// The negative mean of `density of the neighbour / density of the row`. Inputs: the distances of the neighbours (n, k),
/// their numbers (n, k), and the rows, whose dtype counts. → (n, 1).
#[derive(Debug)]
pub struct OutlierFactors {
    /// The distance of each point of the fit to its k-th neighbour.
    pub reach: Vec<f64>,
    /// The dtype of these distances.
    pub reach_precision: Precision,
    /// `_lrd`: the local reachability density of each point of the fit.
    pub densities: Vec<f64>,
    /// Their dtype.
    pub precision: Precision,
    /// Whether the distances from `float32` rows are rounded to `float32`.
    pub casts: bool,
}

impl Operator for OutlierFactors {
    const NAME: &'static str = "outlier_factors";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (Value::Floats(distances, found), Value::Ints(neighbors, _)) = (inputs[0], inputs[1]) else {
            return Err(InputError::wrong_kind("neighbours", inputs[1]));
        };
        let is_single = match inputs[2] {
            Value::Floats(_, precision) => *precision == Precision::Single,
            Value::Sparse(csr) => csr.dtype == NumberType::Float(Precision::Single),
            _ => false,
        };
        let from_rows = if self.casts && is_single { Precision::Single } else { *found };
        let reached = from_rows.promote(self.reach_precision);
        let precision = reached.promote(self.precision);
        let of = |values: &[f64], point: i64| {
            usize::try_from(point).ok().and_then(|point| values.get(point).copied()).unwrap_or(f64::NAN)
        };
        let mut scores = Vec::with_capacity(distances.rows);
        let mut terms = Vec::with_capacity(distances.cols);
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ neighbours")]
        let count = distances.cols as f64;
        for (distances, neighbors) in distances.iter_rows().zip(neighbors.iter_rows()) {
            let pairs = distances.iter().zip(neighbors);
            terms.clear();
            terms.extend(pairs.map(|(&distance, &point)| from_rows.round(distance).max(of(&self.reach, point))));
            let density =
                reached.round(1.0 / reached.round(reached.round(pairwise_sum_in(&terms, reached) / count) + 1e-10));
            terms.clear();
            terms.extend(neighbors.iter().map(|&point| precision.round(of(&self.densities, point) / density)));
            scores.push(precision.round(-(pairwise_sum_in(&terms, precision) / count)));
        }
        Ok(Value::Floats(Matrix::new(scores.len(), 1, scores), precision))
    }

    fn describe(&self) -> String {
        format!("{} points", self.densities.len())
    }
}
