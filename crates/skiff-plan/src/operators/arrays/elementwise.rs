//! One function on each number.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Precision, Value};

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
    #[inline(always)]
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

    /// Its value at a `float32`, as a `float32`.
    #[inline(always)]
    fn at_single(self, x: f64) -> f64 {
        match self {
            Self::Expit => expit_single(x),
            Self::SmallestForZero if x == 0.0 => f64::from(f32::MIN_POSITIVE),
            function => Precision::Single.round(function.at(x)),
        }
    }

    /// Its value at each element, in its place.
    fn apply(self, values: &mut [f64]) {
        #[inline(always)]
        fn each(values: &mut [f64], function: impl Fn(f64) -> f64) {
            for value in values {
                *value = function(*value);
            }
        }
        // The functions that are an instruction or two get a loop of their own, which runs in SIMD registers.
        match self {
            Self::Negative => each(values, |x| Self::Negative.at(x)),
            Self::Relu => each(values, |x| Self::Relu.at(x)),
            Self::Sqrt => each(values, |x| Self::Sqrt.at(x)),
            Self::Square => each(values, |x| Self::Square.at(x)),
            Self::Add(constant) => each(values, |x| Self::Add(constant).at(x)),
            Self::Multiply(constant) => each(values, |x| Self::Multiply(constant).at(x)),
            Self::Divide(constant) => each(values, |x| Self::Divide(constant).at(x)),
            other => each(values, |x| other.at(x)),
        }
    }
}

/// `scipy.special.expit` of a `float32`, which computes with `float32`: above 16.6 it is 1, although a `float32` nearer to
/// the logistic function is below 1 up to 17.3.
pub(super) fn expit_single(x: f64) -> f64 {
    let round = |value: f64| Precision::Single.round(value);
    round(1.0 / round(1.0 + round((-x).exp())))
}

impl Operator for Elementwise {
    const NAME: &'static str = "elementwise";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        self.run_owned(inputs[0].clone())
    }

    fn run_owned<'a>(&self, input: Value<'a>) -> Result<Value<'a>, InputError> {
        match input {
            Value::Floats(mut x, Precision::Double) => {
                self.function.apply(x.data.to_mut());
                Ok(Value::Floats(x, Precision::Double))
            }
            Value::Floats(mut x, Precision::Single) => {
                for value in x.data.to_mut() {
                    *value = self.function.at_single(*value);
                }
                Ok(Value::Floats(x, Precision::Single))
            }
            Value::Sparse(mut x) => {
                for value in x.data.to_mut() {
                    *value = x.dtype.round(self.function.at(*value));
                }
                Ok(Value::Sparse(x))
            }
            other => Err(InputError::wrong_kind("numbers", &other)),
        }
    }

    fn describe(&self) -> String {
        format!("{:?}", self.function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float32_are_computed_with_as_scipy_does() {
        // `expit(np.float32(16.9))` is 1, and `expit(16.9)` as a `float32` is 0.99999994.
        let rounded = Precision::Single.round(Function::Expit.at(16.9));
        assert!(rounded < 1.0);
        assert_eq!(Function::Expit.at_single(Precision::Single.round(16.9)), 1.0);
        assert_eq!(Function::Expit.at_single(-1000.0), 0.0);
        assert_eq!(Function::Expit.at_single(1000.0), 1.0);
        assert!(Function::Expit.at_single(f64::NAN).is_nan());
    }
}
