//! From the raw scores of LightGBM and XGBoost to what they predict.

use crate::InputError;
use crate::operators::Operator;
use crate::operators::arrays::softmax;
use crate::operators::labels::argmax::argmax;
use crate::value::{Matrix, Precision, Value};

/// The link of an objective from raw scores to predictions: LightGBM in `float64`, XGBoost in `float32`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BoostedLink {
    /// `exp(x)`
    Exp,
    /// `log(1 + exp(x))`
    LogOnePlusExp,
    /// 1 / (1 + exp(-scale · x))
    Logistic {
        /// What scores are multiplied by first, 1 in `float32`.
        scale: f64,
    },
    /// x², with the sign of x.
    SignedSquare,
    /// The number of the column with the greatest score, the first of equals, as a float.
    Greatest,
    /// exp(x - max) over its row sum.
    Softmax,
    /// 1 above 0, and 0 elsewhere.
    Step,
}

impl BoostedLink {
    fn double(self, x: f64) -> f64 {
        match self {
            Self::Exp => x.exp(),
            Self::LogOnePlusExp => x.exp().ln_1p(),
            Self::Logistic { scale } => 1.0 / (1.0 + (-scale * x).exp()),
            Self::SignedSquare if x < 0.0 => -x * x,
            Self::SignedSquare => x * x,
            Self::Step => f64::from(u8::from(x > 0.0)),
            Self::Greatest | Self::Softmax => x,
        }
    }

    fn single(self, x: f32) -> f32 {
        match self {
            Self::Exp => x.exp(),
            // The exponential stays finite, and the quotient too.
            Self::Logistic { .. } => 1.0 / ((-x).min(88.7).exp() + 1.0 + 1e-16),
            #[expect(clippy::cast_possible_truncation, reason = "rounding to float32 is the purpose")]
            other => other.double(f64::from(x)) as f32,
        }
    }
}

/// XGBoost's: exponentials in `float32`, their sum in `float64`.
fn single_softmax(row: &mut [f64]) {
    let max = row.iter().map(|&value| single(value)).fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in &mut *row {
        *value = f64::from((single(*value) - max).exp());
        sum += *value;
    }
    for value in row {
        *value = f64::from(single(*value) / single(sum));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to float32 is the purpose")]
fn single(value: f64) -> f32 {
    value as f32
}

impl Operator for BoostedLink {
    const NAME: &'static str = "boosted_link";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("scores", inputs[0]));
        };
        if *self == Self::Greatest {
            #[expect(clippy::cast_precision_loss, reason = "a number of columns")]
            let greatest: Vec<f64> = x.iter_rows().map(|row| argmax(row) as f64).collect();
            return Ok(Value::Floats(Matrix::new(x.rows, 1, greatest), *precision));
        }
        let mut data = x.data.clone().into_owned();
        match (self, precision) {
            (Self::Softmax, Precision::Double) => data.chunks_exact_mut(x.cols.max(1)).for_each(softmax),
            (Self::Softmax, Precision::Single) => data.chunks_exact_mut(x.cols.max(1)).for_each(single_softmax),
            (link, Precision::Double) => data.iter_mut().for_each(|x| *x = link.double(*x)),
            (link, Precision::Single) => data.iter_mut().for_each(|x| *x = f64::from(link.single(single(*x)))),
        }
        Ok(Value::Floats(Matrix::new(x.rows, x.cols, data), *precision))
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }
}
