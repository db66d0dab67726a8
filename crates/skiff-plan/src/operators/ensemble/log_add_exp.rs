//! Sums of probabilities whose logarithms are known.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// `np.logaddexp` over blocks of one shape in their order, from `-inf` on, less a constant. Shape: that of any one input.
#[derive(Debug)]
pub struct LogAddExp {
    /// What is subtracted at last: the logarithm of the number of blocks.
    pub subtract: f64,
}

impl Operator for LogAddExp {
    const NAME: &'static str = "log_add_exp";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (rows, cols) = (inputs[0].rows(), inputs[0].cols());
        let mut sums = vec![f64::NEG_INFINITY; rows * cols];
        for input in inputs {
            let Value::Floats(block, _) = input else { return Err(InputError::wrong_kind("numbers", input)) };
            if (block.rows, block.cols) != (rows, cols) {
                return Err(InputError::refused("the estimators return different numbers of columns"));
            }
            for (sum, &value) in sums.iter_mut().zip(block.data.iter()) {
                *sum = log_add_exp(*sum, value);
            }
        }
        for sum in &mut sums {
            *sum -= self.subtract;
        }
        Ok(Value::Floats(Matrix::new(rows, cols, sums), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("- {}", self.subtract)
    }
}

/// numpy's `npy_logaddexp`.
#[expect(clippy::float_cmp, reason = "infinities of the same sign, whose difference is NaN, are among the equals")]
fn log_add_exp(a: f64, b: f64) -> f64 {
    if a == b {
        return a + std::f64::consts::LN_2;
    }
    let difference = a - b;
    if difference > 0.0 {
        a + (-difference).exp().ln_1p()
    } else if difference <= 0.0 {
        b + difference.exp().ln_1p()
    } else {
        difference
    }
}

#[cfg(test)]
mod tests {
    use super::log_add_exp;

    #[test]
    fn infinities_and_nan_are_numpys() {
        assert_eq!(log_add_exp(f64::NEG_INFINITY, f64::NEG_INFINITY), f64::NEG_INFINITY);
        assert_eq!(log_add_exp(f64::NEG_INFINITY, 1.5), 1.5);
        assert!(log_add_exp(f64::NAN, 0.0).is_nan());
        assert_eq!(log_add_exp(0.0, 0.0), std::f64::consts::LN_2);
    }
}
