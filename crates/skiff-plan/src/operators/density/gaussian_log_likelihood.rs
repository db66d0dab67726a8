//! The joint log-likelihood of Gaussian naive Bayes.

use std::borrow::Cow;

use crate::InputError;
use crate::kernels::pairwise_sum::pairwise_sum_in;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// For each class `log_prior + (offset - Σ (x - mean)² / variance / 2)`, in this order of operations.
#[derive(Debug)]
pub struct GaussianLogLikelihood {
    /// (n_classes, n_features).
    pub means: Matrix<'static, f64>,
    /// (n_classes, n_features).
    pub variances: Matrix<'static, f64>,
    /// `-Σ log(2π variance) / 2` of each class.
    pub offsets: Vec<f64>,
    /// The logarithm of each class's prior probability.
    pub log_priors: Vec<f64>,
    /// The dtype of means and variances.
    pub moments: Precision,
    /// The dtype of the logarithms of the priors.
    pub priors: Precision,
}

impl Operator for GaussianLogLikelihood {
    const NAME: &'static str = "gaussian_log_likelihood";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (x, precision) = match inputs[0] {
            Value::Floats(x, precision) => (Cow::Borrowed(x), *precision),
            // Small integers are `float32` next to a `float32`.
            Value::Ints(x, kind) => (Cow::Owned(x.map(|&value| kind.to_f64(value))), kind.to_float()),
            other => return Err(InputError::wrong_kind("numbers", other)),
        };
        let of_rows = precision.promote(self.moments);
        let precision = of_rows.promote(self.priors);
        let mut data = Vec::with_capacity(x.rows * self.means.rows);
        for row in x.iter_rows() {
            let classes = self.means.iter_rows().zip(self.variances.iter_rows());
            let constants = self.offsets.iter().zip(&self.log_priors);
            for ((means, variances), (offset, log_prior)) in classes.zip(constants) {
                let half = of_rows.round(0.5 * distance(row, means, variances, of_rows));
                data.push(precision.round(log_prior + of_rows.round(offset - half)));
            }
        }
        Ok(Value::Floats(Matrix::new(x.rows, self.means.rows, data), precision))
    }

    fn describe(&self) -> String {
        format!("{} → {}", self.means.cols, self.means.rows)
    }
}

/// `np.sum((x - mean) ** 2 / variance)`, each term rounded to the dtype.
fn distance(x: &[f64], means: &[f64], variances: &[f64], precision: Precision) -> f64 {
    let terms = x.iter().zip(means).zip(variances).map(|((x, mean), variance)| {
        let difference = precision.round(x - mean);
        precision.round(precision.round(difference * difference) / variance)
    });
    pairwise_sum_in(&terms.collect::<Vec<_>>(), precision)
}
