//! One function on each number.

use super::{InputError, Run};
use crate::value::Value;

/// Applies a function to each element; the dtype stays.
#[derive(Debug)]
pub struct Elementwise {
    /// Which function.
    pub function: Function,
}

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// `np.exp`
    Exp,
    /// `scipy.special.expit`: 1 / (1 + exp(-x))
    Expit,
    /// `np.log`
    Log,
    /// `-x`
    Negative,
    /// `x + constant`
    Add(f64),
    /// `x * constant`
    Multiply(f64),
    /// `x / constant`
    Divide(f64),
    /// `np.clip(x, low, high)`; NaN stays.
    Clip(f64, f64),
}

impl Function {
    /// Its value at `x`.
    pub fn at(self, x: f64) -> f64 {
        match self {
            Self::Exp => x.exp(),
            Self::Expit => 1.0 / (1.0 + (-x).exp()),
            Self::Log => x.ln(),
            Self::Negative => -x,
            Self::Add(constant) => x + constant,
            Self::Multiply(constant) => x * constant,
            Self::Divide(constant) => x / constant,
            Self::Clip(low, high) => x.clamp(low, high),
        }
    }
}

impl Run for Elementwise {
    const NAME: &'static str = "elementwise";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("numbers", inputs[0]));
        };
        Ok(Value::Floats(x.map(|&x| precision.round(self.function.at(x))), *precision))
    }

    fn describe(&self) -> String {
        format!("{:?}", self.function)
    }
}
