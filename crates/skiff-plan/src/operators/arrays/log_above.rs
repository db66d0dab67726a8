//! The logarithm of what a number is above a bound.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Value};

/// `log(x - bound)`; numbers not above the bound are an error. Shape and dtype are kept.
#[derive(Debug)]
pub struct LogAbove {
    /// The bound.
    pub bound: f64,
}

impl Operator for LogAbove {
    const NAME: &'static str = "log_above";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        if let Some(place) = x.data.iter().position(|&value| value <= self.bound) {
            let what = format!("X may not contain entries smaller than {}.", self.bound);
            return Err(InputError::refused(what).in_row(place / x.cols.max(1)));
        }
        let data = x.data.iter().map(|&value| precision.round(precision.round(value - self.bound).ln()));
        Ok(Value::Floats(Matrix::new(x.rows, x.cols, data.collect::<Vec<_>>()), *precision))
    }

    fn describe(&self) -> String {
        format!("> {}", self.bound)
    }
}
