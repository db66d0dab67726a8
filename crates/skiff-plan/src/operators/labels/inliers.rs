//! 1 for inliers, -1 for outliers.

use crate::InputError;
use crate::operators::Operator;
use crate::value::{IntKind, Matrix, Value};

/// 1 where a score is greater than a bound, else -1.
#[derive(Debug)]
pub struct Inliers {
    /// The bound, which itself is an outlier's.
    pub bound: f64,
}

impl Operator for Inliers {
    const NAME: &'static str = "inliers";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(scores, _) = inputs[0] else {
            return Err(InputError::wrong_kind("scores", inputs[0]));
        };
        let sides = scores.data.iter().map(|&score| if score > self.bound { 1 } else { -1 });
        Ok(Value::Ints(Matrix::new(scores.rows, scores.cols, sides.collect::<Vec<_>>()), IntKind::I64))
    }

    fn describe(&self) -> String {
        format!("> {}", self.bound)
    }
}
