//! The scores that a temperature scales.

use crate::InputError;
use crate::operator::{Operator, Scope};
use crate::value::{Matrix, Value};

/// `_convert_to_logits` of several columns: the logarithms if all values of the whole table are probabilities, between
/// 0 and 1 and add up to 1 in each row, else the values themselves. Shape: that of the input.
///
/// It needs the whole batch: one row that is not a distribution changes the meaning of all others, as in scikit-learn.
#[derive(Debug)]
pub struct ToLogits;

/// `eps` of `_convert_to_logits`.
const EPS: f64 = 1e-12;

impl Operator for ToLogits {
    const NAME: &'static str = "to_logits";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else { return Err(InputError::wrong_kind("scores", inputs[0])) };
        // `isclose`: an absolute tolerance of 1e-8 and a relative one, 1e-5 in numpy and the root of the precision in scipy.
        let is_one = |sum: f64| (sum - 1.0).abs() <= 1e-8 + 1e-5;
        let distributions = x.iter_rows().all(|row| {
            row.iter().all(|value| (0.0..=1.0).contains(value))
                && is_one(row.iter().fold(0.0, |sum, value| precision.round(sum + value)))
        });
        if !distributions {
            return Ok(inputs[0].clone());
        }
        let logs: Matrix<'static, f64> = x.map(|&value| precision.round(precision.round(value + EPS).ln()));
        Ok(Value::Floats(logs, *precision))
    }

    fn scope(&self) -> Scope {
        Scope::Batch
    }
}
