//! The expectation of the logistic function of a Gaussian.

use std::f64::consts::PI;

use crate::InputError;
use crate::kernels::normal::erf;
use crate::operators::Operator;
use crate::value::{Matrix, Precision, Value};

/// The mean of the logistic function of a Gaussian, by five error functions, as Williams and Barber have it. Inputs: means
/// and variances, (n, 1) each. → (n, 2), both classes.
#[derive(Debug)]
pub struct LogisticGaussian;

const LAMBDAS: [f64; 5] = [0.41, 0.4, 0.37, 0.44, 0.39];
const COEFFICIENTS: [f64; 5] = [-1_854.821_415_1, 3_516.898_936_46, 221.293_467_12, 128.123_238_05, -2_010.494_226_54];

impl LogisticGaussian {
    /// The scale of each error function, and its coefficient.
    pub const TERMS: [(f64, f64); 5] = [
        (LAMBDAS[0], COEFFICIENTS[0]),
        (LAMBDAS[1], COEFFICIENTS[1]),
        (LAMBDAS[2], COEFFICIENTS[2]),
        (LAMBDAS[3], COEFFICIENTS[3]),
        (LAMBDAS[4], COEFFICIENTS[4]),
    ];
}

impl Operator for LogisticGaussian {
    const NAME: &'static str = "logistic_gaussian";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (Value::Floats(means, _), Value::Floats(variances, _)) = (inputs[0], inputs[1]) else {
            return Err(InputError::wrong_kind("means and variances", inputs[0]));
        };
        let probability = |(&mean, &variance): (&f64, &f64)| {
            let alpha = 1.0 / (2.0 * variance);
            let terms = LAMBDAS.iter().zip(COEFFICIENTS).map(|(lambda, coefficient)| {
                let argument = lambda * mean * (alpha / (alpha + lambda * lambda)).sqrt();
                coefficient * ((PI / alpha).sqrt() * erf(argument) / (2.0 * (variance * 2.0 * PI).sqrt()))
            });
            terms.sum::<f64>() + 0.5 * COEFFICIENTS.iter().sum::<f64>()
        };
        let pairs = means.data.iter().zip(variances.data.iter()).map(probability);
        let data: Vec<f64> = pairs.flat_map(|probability| [1.0 - probability, probability]).collect();
        Ok(Value::Floats(Matrix::new(means.rows, 2, data), Precision::Double))
    }
}
