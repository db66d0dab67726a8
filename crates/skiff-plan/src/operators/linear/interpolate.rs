//! `scipy.interpolate.interp1d`: on straight lines between thresholds.

use crate::InputError;
use crate::kernels::interpolate::interpolate;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// The value at each number of the lines through the thresholds, of which there is one at least. (n, 1) → (n, 1).
#[derive(Debug)]
pub struct Interpolate {
    /// Ascending.
    pub xs: Vec<f64>,
    /// One for each.
    pub ys: Vec<f64>,
    /// What happens beyond them.
    pub out_of_bounds: OutOfBounds,
}

/// What happens beyond the outermost thresholds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutOfBounds {
    /// NaN.
    Nan,
    /// Numbers are clipped to these two first.
    Clip(f64, f64),
    /// An error.
    Refuse,
}

impl Interpolate {
    /// `interp1d._call_linear` of scipy's newest, which it takes where numbers are not `float64`: the points are searched
    /// from the left, and each operation is rounded.
    fn of_single(&self, value: f64) -> f64 {
        let round = |value| Precision::Single.round(value);
        let last = self.xs.len() - 1;
        if last == 0 {
            return self.ys[0];
        }
        let high = self.xs.partition_point(|&x| x < value).clamp(1, last);
        let low = high - 1;
        let width = round(self.xs[high] - self.xs[low]);
        let upper = round(round(round(value - self.xs[low]) / width) * self.ys[high]);
        let lower = round(round(round(self.xs[high] - value) / width) * self.ys[low]);
        round(upper + lower)
    }
}

impl Operator for Interpolate {
    const NAME: &'static str = "interpolate";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("one column of numbers", inputs[0]));
        };
        let (first, last) = (self.xs[0], self.xs[self.xs.len() - 1]);
        let mut data = Vec::with_capacity(x.data.len());
        for (row, &value) in x.data.iter().enumerate() {
            let value = match self.out_of_bounds {
                OutOfBounds::Clip(low, high) => value.max(low).min(high),
                _ => value,
            };
            // One threshold makes a constant.
            let is_beyond = self.xs.len() > 1 && (value < first || value > last);
            data.push(match (is_beyond, self.out_of_bounds) {
                (true, OutOfBounds::Refuse) => {
                    let what = format!("a value ({value}) in x_new is outside of the interpolation range");
                    return Err(InputError::refused(what).in_row(row));
                }
                (true, _) => f64::NAN,
                (false, _) if *precision == Precision::Single => self.of_single(value),
                (false, _) => interpolate(value, &self.xs, &self.ys),
            });
        }
        Ok(Value::Floats(Matrix::new(x.rows, 1, data), *precision))
    }

    fn describe(&self) -> String {
        format!("{} thresholds", self.xs.len())
    }
}
