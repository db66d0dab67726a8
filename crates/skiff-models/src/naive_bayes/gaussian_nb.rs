//! `sklearn.naive_bayes.GaussianNB`.

use std::f64::consts::TAU;
use std::sync::Arc;

use skiff_plan::ValueId;
use skiff_plan::kernels::pairwise_sum::pairwise_sum_in;
use skiff_plan::operators::{ArrayRule, Dtype, GaussianLogLikelihood};
use skiff_plan::value::{Matrix, Precision};

use super::joint_log_likelihood::{Likelihood, NaiveBayes};
use crate::fields::{Fields, ReadError};
use crate::lowering::Lowering;
use crate::model::{Class, class};

pub(crate) const GAUSSIAN_NB: Class = class! {
    /// Gaussian naive Bayes.
    ///
    /// # Reads
    /// `theta_`, `var_`, `class_prior_`, `classes_`.
    /// # Predicts
    /// The class with the greatest joint log-likelihood `log prior - Σ log(2π var) / 2 - Σ (x - theta)² / var / 2`;
    /// probabilities are its exponential over their sum.
    /// # Older versions
    /// `var_` was `sigma_` before 1.0. There is no `predict_joint_log_proba` before 1.2.
    paths: ["sklearn.naive_bayes.GaussianNB"],
    read: read,
};

/// Reads and checks the attributes.
fn read(fields: &Fields<'_, '_>) -> Result<NaiveBayes<Arc<GaussianLogLikelihood>>, ReadError> {
    NaiveBayes::read(fields, |classes| {
        let count = classes.len();
        let matrix = |name: &str| -> Result<(Matrix<'static, f64>, Precision), ReadError> {
            let numbers = fields.numbers(name)?;
            let precision = numbers.precision;
            let matrix = numbers.into_matrix().ok_or_else(|| fields.unexpected(name, "an array of two dimensions"))?;
            fields.expect_len(name, matrix.rows, count)?;
            fields.expect_n_features(name, matrix.cols)?;
            Ok((matrix, precision))
        };
        let (means, means_precision) = matrix("theta_")?;
        let variance = if fields.before(1, 0) { "sigma_" } else { "var_" };
        let (variances, variance_precision) = matrix(variance)?;
        fields.expect_len(variance, variances.cols, means.cols)?;
        let prior_precision = fields.numbers("class_prior_")?.precision;
        let priors = fields.vector_of("class_prior_", count)?;
        fields.training_only(&["class_count_", "epsilon_", "priors", "var_smoothing"]);
        // Each is computed in the dtype of its own attribute.
        let half_log_determinant = |variances: &[f64]| {
            let precision = variance_precision;
            // `2.0 * np.pi` is a Python number, which takes the dtype of the array.
            let logs = variances
                .iter()
                .map(|&variance| precision.round(precision.round(precision.round(TAU) * variance).ln()));
            precision.round(-0.5 * pairwise_sum_in(&logs.collect::<Vec<_>>(), precision))
        };
        let offsets = variances.iter_rows().map(half_log_determinant).collect();
        let log_priors = priors.iter().map(|&prior| prior_precision.round(prior.ln())).collect();
        let moments = means_precision.promote(variance_precision);
        let likelihood =
            GaussianLogLikelihood { means, variances, offsets, log_priors, moments, priors: prior_precision };
        Ok(likelihood.into())
    })
}

impl Likelihood for Arc<GaussianLogLikelihood> {
    fn joint(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        // Integers become floats when a mean is subtracted: next to `float64` as by a check for floats.
        let dtype = if self.moments == Precision::Single { Dtype::Numeric } else { Dtype::Float };
        let x = plan.check(input, ArrayRule::FLOATS.dtype(dtype).half(Precision::Single), self.means.cols);
        plan.push(self, &[x])
    }

    fn n_features(&self) -> usize {
        self.means.cols
    }
}
