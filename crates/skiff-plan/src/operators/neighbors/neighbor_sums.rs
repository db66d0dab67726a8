//! From neighbours to the sum of what they have.

use crate::InputError;
use crate::kernels::pairwise_sum::pairwise_sum;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// The sum of the rows of some table that belong to each row's neighbours: `np.sum(values[indices], axis=0)`.
#[derive(Debug)]
pub struct NeighborSums {
    /// (n_samples_fit, n_columns)
    pub values: Matrix<'static, f64>,
}

impl Operator for NeighborSums {
    const NAME: &'static str = "neighbor_sums";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Ints(neighbors, _) = inputs[0] else {
            return Err(InputError::wrong_kind("neighbours", inputs[0]));
        };
        let columns = self.values.cols;
        let mut sums = Vec::with_capacity(neighbors.rows * columns);
        for points in neighbors.iter_rows() {
            for column in 0..columns {
                let value = |&point: &i64| {
                    let at = usize::try_from(point).ok().and_then(|point| point.checked_mul(columns));
                    at.and_then(|at| self.values.data.get(at + column)).copied().unwrap_or(f64::NAN)
                };
                // numpy adds single columns pairwise, and rows of several one after the other.
                sums.push(match columns {
                    1 => pairwise_sum(&points.iter().map(value).collect::<Vec<_>>()),
                    _ => points.iter().map(value).fold(0.0, |sum, value| sum + value),
                });
            }
        }
        Ok(Value::Floats(Matrix::new(neighbors.rows, columns, sums), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} columns", self.values.cols)
    }
}
