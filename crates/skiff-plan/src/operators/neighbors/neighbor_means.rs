//! From neighbours to the mean of their targets.

use crate::InputError;
use crate::kernels::pairwise_sum::pairwise_sum;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// The mean, weighted or not, of the targets of each row's neighbours. Inputs: the neighbours' numbers and, where they
/// have some, their weights.
#[derive(Debug)]
pub struct NeighborMeans {
    /// `_y`, (n_samples_fit, n_outputs).
    pub targets: Matrix<'static, f64>,
    /// Their dtype: unweighted means of `float32` are `float32`.
    pub precision: Precision,
}

impl Operator for NeighborMeans {
    const NAME: &'static str = "neighbor_means";

    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ neighbours")]
    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Ints(neighbors, _) = inputs[0] else {
            return Err(InputError::wrong_kind("neighbours", inputs[0]));
        };
        let weights = match inputs.get(1) {
            None => None,
            Some(Value::Floats(weights, _)) => Some(weights),
            Some(other) => return Err(InputError::wrong_kind("weights", other)),
        };
        let outputs = self.targets.cols;
        let mut means = Vec::with_capacity(neighbors.rows * outputs);
        let mut terms = Vec::with_capacity(neighbors.cols);
        for (row, points) in neighbors.iter_rows().enumerate() {
            for output in 0..outputs {
                terms.clear();
                terms.extend(points.iter().map(|&point| {
                    let at = usize::try_from(point).unwrap_or(0) * outputs + output;
                    self.targets.data.get(at).copied().unwrap_or(f64::NAN)
                }));
                means.push(match weights {
                    Some(weights) => {
                        let weights = weights.row(row);
                        for (term, weight) in terms.iter_mut().zip(weights) {
                            *term *= weight;
                        }
                        pairwise_sum(&terms) / pairwise_sum(weights)
                    }
                    None if self.precision == Precision::Single => {
                        let sum = terms.iter().fold(0.0, |sum, term| self.precision.round(sum + term));
                        self.precision.round(sum / terms.len() as f64)
                    }
                    // numpy adds single outputs pairwise, and rows of several outputs one after the other.
                    None if outputs == 1 => pairwise_sum(&terms) / terms.len() as f64,
                    None => terms.iter().fold(0.0, |sum, term| sum + term) / terms.len() as f64,
                });
            }
        }
        let precision = if weights.is_some() { Precision::Double } else { self.precision };
        Ok(Value::Floats(Matrix::new(neighbors.rows, outputs, means), precision))
    }

    fn describe(&self) -> String {
        format!("{} outputs", self.targets.cols)
    }
}
