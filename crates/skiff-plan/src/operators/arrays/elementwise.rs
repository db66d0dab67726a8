//! One function on each number.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Csr, Precision, Value};

/// Applies a function to each element; the dtype is kept. In sparse rows only the stored elements are processed, so only
/// functions that leave 0 at 0 have a meaning there.
#[derive(Debug)]
pub struct Elementwise {
    /// Which function.
    pub function: Function,
}

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// `np.cos`
    Cos,
    /// `np.exp`
    Exp,
    /// `scipy.special.expit`: 1 / (1 + exp(-x))
    Expit,
    /// `2 ** x`
    Exp2,
    /// `np.log`
    Log,
    /// `-x`
    Negative,
    /// `np.maximum(x, 0)`; NaN stays NaN.
    Relu,
    /// The smallest normal number of the dtype for 0.
    SmallestForZero,
    /// `np.sqrt`
    Sqrt,
    /// `x * x`
    Square,
    /// `np.tanh`
    Tanh,
    /// `x + constant`
    Add(f64),
    /// `x * constant`
    Multiply(f64),
    /// `x / constant`
    Divide(f64),
    /// `x ** constant`
    Power(f64),
    /// `np.clip(x, low, high)`; NaN stays NaN.
    Clip(f64, f64),
}

impl Function {
    /// Its value at `x`.
    pub fn at(self, x: f64) -> f64 {
        match self {
            Self::Cos => x.cos(),
            Self::Exp => x.exp(),
            Self::Expit => 1.0 / (1.0 + (-x).exp()),
            Self::Exp2 => 2_f64.powf(x),
            Self::Log => x.ln(),
            Self::Negative => -x,
            Self::Relu if x < 0.0 => 0.0,
            Self::Relu => x,
            Self::SmallestForZero if x == 0.0 => f64::MIN_POSITIVE,
            Self::SmallestForZero => x,
            Self::Sqrt => x.sqrt(),
            Self::Square => x * x,
            Self::Tanh => x.tanh(),
            Self::Add(constant) => x + constant,
            Self::Multiply(constant) => x * constant,
            Self::Divide(constant) => x / constant,
            Self::Power(constant) => x.powf(constant),
            Self::Clip(low, high) => x.clamp(low, high),
        }
    }
}

impl Operator for Elementwise {
    const NAME: &'static str = "elementwise";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        match inputs[0] {
            Value::Floats(x, Precision::Single) if self.function == Function::SmallestForZero => {
                let smallest = f64::from(f32::MIN_POSITIVE);
                Ok(Value::Floats(x.map(|&x| if x == 0.0 { smallest } else { x }), Precision::Single))
            }
            Value::Floats(x, precision) => {
                Ok(Value::Floats(x.map(|&x| precision.round(self.function.at(x))), *precision))
            }
            Value::Sparse(x) => {
                let data = x.data.iter().map(|&value| x.dtype.round(self.function.at(value))).collect();
                Ok(Value::Sparse(Csr { data, ..x.clone() }))
            }
            other => Err(InputError::wrong_kind("numbers", other)),
        }
    }

    fn describe(&self) -> String {
        format!("{:?}", self.function)
    }
}
