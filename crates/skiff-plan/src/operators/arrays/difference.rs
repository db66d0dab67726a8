//! From the scores of two classes to one.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Value};

/// The second column less the first one. Shape: from (n_samples, 2) to (n_samples, 1).
#[derive(Debug)]
pub struct Difference;

impl Operator for Difference {
    const NAME: &'static str = "difference";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("scores", inputs[0]));
        };
        if x.cols != 2 {
            return Err(InputError::refused(format!("expected the scores of 2 classes, found {}", x.cols)));
        }
        let data: Vec<f64> = x.iter_rows().map(|row| precision.round(row[1] - row[0])).collect();
        Ok(Value::Floats(Matrix::new(x.rows, 1, data), *precision))
    }
}
