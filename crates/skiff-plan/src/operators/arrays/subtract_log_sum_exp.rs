//! `jll - logsumexp(jll, axis=1)`: normalised logarithms of probabilities.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// Subtracts from each row the logarithm of the sum of its exponentials.
#[derive(Debug)]
pub struct SubtractLogSumExp;

impl Operator for SubtractLogSumExp {
    const NAME: &'static str = "subtract_log_sum_exp";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("numbers", inputs[0]));
        };
        let mut data = Vec::with_capacity(x.data.len());
        for row in x.iter_rows() {
            let sum = log_sum_exp(row, *precision);
            data.extend(row.iter().map(|value| precision.round(value - sum)));
        }
        Ok(Value::Floats(Matrix::new(x.rows, x.cols, data), *precision))
    }
}

/// The logarithm of the sum of the exponentials of each row. (n, k) → (n, 1).
#[derive(Debug)]
pub struct LogSumExp;

impl Operator for LogSumExp {
    const NAME: &'static str = "log_sum_exp";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("numbers", inputs[0]));
        };
        let sums: Vec<f64> = x.iter_rows().map(|row| log_sum_exp(row, *precision)).collect();
        Ok(Value::Floats(Matrix::new(x.rows, 1, sums), *precision))
    }
}

/// scipy's `logsumexp` since 1.15: the greatest terms are kept out of the sum, which makes small probabilities next to a
/// great one exact. Infinite and undefined terms follow the arithmetic, as there.
pub(crate) fn log_sum_exp(row: &[f64], precision: Precision) -> f64 {
    if row.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shift = if max.is_finite() { max } else { 0.0 };
    let (mut count, mut sum) = (0.0, 0.0);
    for &value in row {
        if value == max {
            count += 1.0;
        } else {
            sum += precision.round((value - shift).exp());
        }
    }
    let rest = precision.round(if sum == 0.0 { sum } else { sum / count });
    precision.round(precision.round(rest.ln_1p() + f64::ln(count)) + max)
}

#[cfg(test)]
mod tests {
    use super::log_sum_exp;
    use crate::value::Precision::Double;

    #[test]
    fn terms_of_every_kind() {
        let cases: [(&[f64], f64); 5] = [
            (&[0.0, 0.0], std::f64::consts::LN_2),
            (&[0.0, -50.0], 1.928_749_847_963_917_8e-22),
            (&[-1000.0, -1000.0, -1000.0], -998.901_387_711_331_8),
            (&[f64::NEG_INFINITY, 3.0], 3.0),
            (&[f64::NEG_INFINITY, f64::NEG_INFINITY], f64::NEG_INFINITY),
        ];
        for (row, expected) in cases {
            assert_eq!(log_sum_exp(row, Double).to_bits(), expected.to_bits(), "{row:?}");
        }
        assert!(log_sum_exp(&[f64::NAN, 1.0], Double).is_nan());
    }
}
