//! `KNNImputer`: missing values by the rows of the fit that are nearest by what both have.

use crate::InputError;
use crate::kernels::brute_force::{DistancesOf, Points};
use crate::kernels::neighbor_heap::argpartition;
use crate::kernels::pairwise_sum::pairwise_sum_in;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// Puts the mean of the nearest donors where a value is missing. (n, n_features) → (n, columns that are kept).
#[derive(Debug)]
pub struct ImputeNeighbors {
    /// What is missing in the rows that come in; NaN for NaN.
    pub missing: f64,
    /// The rows of the fit, with NaN where a value is missing.
    pub fitted: Matrix<'static, f64>,
    /// The same, by `nan_euclidean`.
    pub points: Points,
    /// The dtype of the fit.
    pub precision: Precision,
    /// `n_neighbors`.
    pub neighbors: usize,
    /// Whether a donor counts 1 / distance.
    pub by_distance: bool,
    /// Whether donors that weigh the same count where they share no feature with the row, as before 1.6.
    pub counts_incomparable: bool,
    /// Whether columns without any value in the fit are kept, as zeros.
    pub keep_empty: bool,
}

impl ImputeNeighbors {
    pub(super) fn is_missing(&self, value: f64) -> bool {
        if self.missing.is_nan() { value.is_nan() } else { value == self.missing }
    }

    /// Whether the fit had a value in this column.
    pub fn is_valid(&self, column: usize) -> bool {
        self.fitted.iter_rows().any(|row| !row[column].is_nan())
    }

    /// The value of `column` for a row at these `distances` from the rows of the fit.
    fn value(&self, distances: &[f64], column: usize) -> f64 {
        let donors: Vec<(f64, f64)> = (distances.iter().zip(self.fitted.iter_rows()))
            .map(|(&distance, row)| (distance, row[column]))
            .filter(|(_, value)| !value.is_nan())
            .collect();
        // A masked array adds in its own dtype, with zeros for what is masked, and divides in `float64`.
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ rows")]
        let mean = |values: &[f64], count: usize| pairwise_sum_in(values, self.precision) / count as f64;
        if donors.iter().all(|(distance, _)| distance.is_nan()) {
            let column = self.fitted.iter_rows().map(|row| if row[column].is_nan() { 0.0 } else { row[column] });
            return mean(&column.collect::<Vec<_>>(), donors.len());
        }
        let far: Vec<f64> = donors.iter().map(|(distance, _)| *distance).collect();
        let mut order = Vec::new();
        argpartition(&far, self.neighbors.min(far.len()), &mut order);
        if self.counts_incomparable && !self.by_distance {
            let values: Vec<f64> = order.iter().map(|&at| donors[at].1).collect();
            return mean(&values, values.len());
        }
        let is_zero = order.iter().any(|&at| far[at] == 0.0);
        let weight = |distance: f64| match (distance.is_nan(), self.by_distance) {
            (true, _) => 0.0,
            (false, false) => 1.0,
            (false, true) if is_zero => f64::from(distance == 0.0),
            (false, true) => 1.0 / distance,
        };
        let (mut sum, mut weights) = (0.0, 0.0);
        for &at in &order {
            let weight = weight(far[at]);
            sum += weight * donors[at].1;
            weights += weight;
        }
        sum / weights
    }
}

impl Operator for ImputeNeighbors {
    const NAME: &'static str = "impute_neighbors";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        let columns: Vec<(usize, bool)> = (0..x.cols)
            .map(|column| (column, self.is_valid(column)))
            .filter(|(_, is_valid)| *is_valid || self.keep_empty)
            .collect();
        let distance = precision.promote(self.precision);
        let (mut data, mut distances) = (Vec::with_capacity(x.rows * columns.len()), Vec::new());
        for row in x.iter_rows() {
            let with_gaps: Vec<f64> =
                row.iter().map(|&value| if self.is_missing(value) { f64::NAN } else { value }).collect();
            distances.clear();
            if columns.iter().any(|&(column, is_valid)| is_valid && with_gaps[column].is_nan()) {
                self.points.distances(&with_gaps, false, DistancesOf::Pairwise, &mut distances);
                let metric = &self.points.metric;
                distances.iter_mut().for_each(|value| *value = distance.round(metric.finish(*value)));
            }
            data.extend(columns.iter().map(|&(column, is_valid)| match is_valid {
                false => 0.0,
                true if with_gaps[column].is_nan() => precision.round(self.value(&distances, column)),
                true => row[column],
            }));
        }
        Ok(Value::Floats(Matrix::new(x.rows, columns.len(), data), *precision))
    }

    fn describe(&self) -> String {
        format!("{} of {} rows", self.neighbors, self.fitted.rows)
    }
}
