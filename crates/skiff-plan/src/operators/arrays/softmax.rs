//! `sklearn.utils.extmath.softmax`.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Precision, Value};

/// exp(x - max) over its row sum.
#[derive(Debug)]
pub struct Softmax;

impl Operator for Softmax {
    const NAME: &'static str = "softmax";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        self.run_owned(inputs[0].clone())
    }

    fn run_owned<'a>(&self, input: Value<'a>) -> Result<Value<'a>, InputError> {
        let Value::Floats(mut x, precision) = input else {
            return Err(InputError::wrong_kind("scores", &input));
        };
        for row in x.data.to_mut().chunks_exact_mut(x.cols.max(1)) {
            softmax(row);
            if precision == Precision::Single {
                for value in row {
                    *value = precision.round(*value);
                }
            }
        }
        Ok(Value::Floats(x, precision))
    }
}

/// The softmax of one row, in place.
pub(crate) fn softmax(row: &mut [f64]) {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for value in &mut *row {
        *value = (*value - max).exp();
        sum += *value;
    }
    for value in row {
        *value /= sum;
    }
}
