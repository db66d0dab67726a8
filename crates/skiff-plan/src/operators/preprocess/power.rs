//! Box-Cox's and Yeo-Johnson's powers.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// A power of each column, or the way back. (n, n_features) → the same shape and dtype.
#[derive(Debug)]
pub struct Power {
    /// `lambdas_`, (n_features,).
    pub lambdas: Vec<f64>,
    /// Their dtype, in which what depends on λ alone is computed.
    pub precision: Precision,
    /// Which one.
    pub family: PowerFamily,
    /// Whether it is undone.
    pub inverse: bool,
}

/// How λ makes a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerFamily {
    /// `(x^λ - 1) / λ`, of positive numbers.
    BoxCox {
        /// Whether the inverse uses `exp` and `log1p`, as since 1.6.
        back_by_logarithms: bool,
    },
    /// Box-Cox of `x + 1`, and for negative numbers that of `1 - x` with `2 - λ`, negated.
    YeoJohnson {
        /// Whether powers are computed with `expm1` and `log1p`, as since 1.8.
        by_logarithms: bool,
    },
}

impl Power {
    fn at(&self, x: f64, lambda: f64) -> f64 {
        match (self.family, self.inverse) {
            (PowerFamily::BoxCox { .. }, false) if lambda.abs() < 1e-19 => x.ln(),
            (PowerFamily::BoxCox { .. }, false) => (lambda * x.ln()).exp_m1() / lambda,
            (PowerFamily::BoxCox { .. }, true) if lambda == 0.0 => x.exp(),
            (PowerFamily::BoxCox { back_by_logarithms: true }, true) => ((lambda * x).ln_1p() / lambda).exp(),
            (PowerFamily::BoxCox { .. }, true) => (x * lambda + 1.0).powf(self.precision.round(1.0 / lambda)),
            (PowerFamily::YeoJohnson { by_logarithms }, false) => yeo_johnson(x, lambda, by_logarithms, self.precision),
            (PowerFamily::YeoJohnson { .. }, true) => yeo_johnson_inverse(x, lambda, self.precision),
        }
    }
}

fn yeo_johnson(x: f64, lambda: f64, by_logarithms: bool, precision: Precision) -> f64 {
    let other = precision.round(2.0 - lambda);
    match (x >= 0.0, by_logarithms) {
        (true, _) if lambda.abs() < f64::EPSILON => x.ln_1p(),
        (true, true) => (lambda * x.ln_1p()).exp_m1() / lambda,
        (true, false) => ((x + 1.0).powf(lambda) - 1.0) / lambda,
        (false, _) if (lambda - 2.0).abs() <= f64::EPSILON => -(-x).ln_1p(),
        (false, true) => -(other * (-x).ln_1p()).exp_m1() / other,
        (false, false) => -((-x + 1.0).powf(other) - 1.0) / other,
    }
}

fn yeo_johnson_inverse(x: f64, lambda: f64, precision: Precision) -> f64 {
    let other = precision.round(2.0 - lambda);
    match x >= 0.0 {
        true if lambda.abs() < f64::EPSILON => x.exp() - 1.0,
        true => (x * lambda + 1.0).powf(precision.round(1.0 / lambda)) - 1.0,
        false if (lambda - 2.0).abs() <= f64::EPSILON => 1.0 - (-x).exp(),
        false => 1.0 - (-other * x + 1.0).powf(precision.round(1.0 / other)),
    }
}

impl Operator for Power {
    const NAME: &'static str = "power";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        if matches!(self.family, PowerFamily::BoxCox { .. })
            && !self.inverse
            && let Some(place) = x.data.iter().position(|&value| value <= 0.0)
        {
            let what = "The Box-Cox transformation can only be applied to strictly positive data";
            return Err(InputError::refused(what).in_row(place / x.cols.max(1)));
        }
        let data = x.iter_rows().flat_map(|row| row.iter().zip(&self.lambdas));
        let data: Vec<f64> = data.map(|(&x, &lambda)| precision.round(self.at(x, lambda))).collect();
        Ok(Value::Floats(Matrix::new(x.rows, x.cols, data), *precision))
    }

    fn describe(&self) -> String {
        format!("{:?}, {} columns{}", self.family, self.lambdas.len(), if self.inverse { ", inverse" } else { "" })
    }
}
