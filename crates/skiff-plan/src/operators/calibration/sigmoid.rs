//! Platt's scaling: `_SigmoidCalibration`.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// `expit(-(a * score + b))` in `float64`. (n, 1) → (n, 1).
#[derive(Clone, Copy, Debug)]
pub struct Sigmoid {
    /// `a_`
    pub a: f64,
    /// `b_`
    pub b: f64,
}

impl Operator for Sigmoid {
    const NAME: &'static str = "sigmoid";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (scores, _) = inputs[0].to_floats().ok_or_else(|| InputError::wrong_kind("scores", inputs[0]))?;
        let values: Matrix<'static, f64> = scores.map(|score| 1.0 / (1.0 + (self.a * score + self.b).exp()));
        Ok(Value::Floats(values, Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} · x + {}", self.a, self.b)
    }
}
