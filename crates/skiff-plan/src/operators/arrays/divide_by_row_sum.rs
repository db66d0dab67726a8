//! Shares of a whole: one-versus-rest probabilities.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Value};

/// Each value over the sum of its row, in the order of the columns: `prob /= prob.sum(axis=1)`.
#[derive(Debug)]
pub struct DivideByRowSum;

impl Operator for DivideByRowSum {
    const NAME: &'static str = "divide_by_row_sum";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("numbers", inputs[0]));
        };
        let mut data = Vec::with_capacity(x.data.len());
        for row in x.iter_rows() {
            let sum: f64 = row.iter().sum();
            data.extend(row.iter().map(|value| precision.round(value / sum)));
        }
        Ok(Value::Floats(Matrix::new(x.rows, x.cols, data), *precision))
    }
}

/// Like [`DivideByRowSum`], but rows with the sum 0 are unchanged.
#[derive(Debug)]
pub struct DivideByNonzeroRowSum;

impl Operator for DivideByNonzeroRowSum {
    const NAME: &'static str = "divide_by_nonzero_row_sum";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("numbers", inputs[0]));
        };
        let mut data = Vec::with_capacity(x.data.len());
        for row in x.iter_rows() {
            let sum: f64 = row.iter().sum();
            let divisor = if sum == 0.0 { 1.0 } else { sum };
            data.extend(row.iter().map(|value| precision.round(value / divisor)));
        }
        Ok(Value::Floats(Matrix::new(x.rows, x.cols, data), *precision))
    }
}
