//! `_get_weights`: what each neighbour counts.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Value};

/// From the distances of the neighbours to their weights, `weights='distance'`: 1 / distance; where some distance is 0,
/// 1 for those and 0 for all others.
#[derive(Debug)]
pub struct NeighborWeights;

impl Operator for NeighborWeights {
    const NAME: &'static str = "neighbor_weights";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(distances, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("distances", inputs[0]));
        };
        let mut weights: Vec<f64> = distances.data.iter().map(|distance| precision.round(1.0 / distance)).collect();
        for row in weights.chunks_exact_mut(distances.cols.max(1)) {
            if row.iter().any(|weight| weight.is_infinite()) {
                for weight in row {
                    *weight = f64::from(weight.is_infinite());
                }
            }
        }
        Ok(Value::Floats(Matrix::new(distances.rows, distances.cols, weights), *precision))
    }
}
