//! What scikit-learn does where no class has any probability.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Value};

/// Rows whose sum is zero become rows of ones, so that [`crate::operators::DivideByRowSum`] makes all classes equal.
#[derive(Debug)]
pub struct OnesForZeros;

impl Operator for OnesForZeros {
    const NAME: &'static str = "ones_for_zeros";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("numbers", inputs[0]));
        };
        let mut data = Vec::with_capacity(x.data.len());
        for row in x.iter_rows() {
            if row.iter().sum::<f64>() == 0.0 {
                data.extend(std::iter::repeat_n(1.0, x.cols));
            } else {
                data.extend_from_slice(row);
            }
        }
        Ok(Value::Floats(Matrix::new(x.rows, x.cols, data), *precision))
    }
}
