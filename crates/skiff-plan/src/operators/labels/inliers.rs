//! 1 for inliers, -1 for outliers.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{IntKind, Matrix, Value};

/// 1 where a score is greater than a bound, else -1. Shape: that of the scores.
#[derive(Debug)]
pub struct Inliers {
    /// The bound.
    pub bound: f64,
    /// Whether the bound itself is an inlier's: then -1 is for what is less, and NaN is not less.
    pub inclusive: bool,
}

impl Operator for Inliers {
    const NAME: &'static str = "inliers";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(scores, _) = inputs[0] else {
            return Err(InputError::wrong_kind("scores", inputs[0]));
        };
        let sides = scores.data.iter().map(|&score| {
            let outlier = if self.inclusive { score < self.bound } else { score <= self.bound || score.is_nan() };
            if outlier { -1 } else { 1 }
        });
        Ok(Value::Ints(Matrix::new(scores.rows, scores.cols, sides.collect::<Vec<_>>()), IntKind::I64))
    }

    fn describe(&self) -> String {
        format!("{} {}", if self.inclusive { ">=" } else { ">" }, self.bound)
    }
}
