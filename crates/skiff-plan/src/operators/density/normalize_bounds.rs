//! `DPGMM.score_samples` and `VBGMM.score_samples`: shares of components whose densities are bounded.

use crate::InputError;
use crate::operator::{Operator, Scope};
use crate::value::{Matrix, Precision, Value};

/// The share of each component in the sum of what exponentials of bounds and weights come to, and the bounds summed by
/// these shares. (n, k) → (n, 1) and (n, k).
#[derive(Debug)]
pub struct NormalizeBounds {
    /// The expected logarithms of the weights.
    pub log_weights: Vec<f64>,
    /// Whether the sum is of all rows, as scikit-learn 0.19 has it by mistake, and not of each row.
    pub whole_batch: bool,
}

/// `np.finfo(np.float32).eps`, which is added to each share.
const EPSILON: f64 = f32::EPSILON as f64;

impl Operator for NormalizeBounds {
    const NAME: &'static str = "normalize_bounds";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(bounds, _) = inputs[0] else {
            return Err(InputError::wrong_kind("numbers", inputs[0]));
        };
        let count = self.log_weights.len();
        let mut shares = Vec::with_capacity(bounds.data.len());
        for row in bounds.iter_rows() {
            let scores: Vec<f64> = row.iter().zip(&self.log_weights).map(|(bound, weight)| bound + weight).collect();
            let greatest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            shares.extend(scores.iter().map(|score| score - greatest));
        }
        // The greatest is 0 in each row, so no exponential overflows.
        let log_of_sum = |values: &[f64]| values.iter().map(|value| value.exp()).sum::<f64>().ln();
        let of_all = self.whole_batch.then(|| log_of_sum(&shares));
        let mut sums = Vec::with_capacity(bounds.rows);
        for (row, bounds) in shares.chunks_exact_mut(count.max(1)).zip(bounds.iter_rows()) {
            let total = of_all.unwrap_or_else(|| log_of_sum(row));
            row.iter_mut().for_each(|value| *value = (*value - total).exp() + EPSILON);
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|value| *value /= sum);
            sums.push(row.iter().zip(bounds).map(|(share, bound)| share * bound).sum());
        }
        Ok(Value::Many(vec![
            Value::Floats(Matrix::new(bounds.rows, 1, sums), Precision::Double),
            Value::Floats(Matrix::new(bounds.rows, count, shares), Precision::Double),
        ]))
    }

    fn describe(&self) -> String {
        format!("{} components", self.log_weights.len())
    }

    /// In 0.19 the sum is of all rows.
    fn scope(&self) -> Scope {
        if self.whole_batch { Scope::Batch } else { Scope::Rows }
    }
}
