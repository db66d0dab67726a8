//! `sklearn.mixture.GMM`, until 0.19.

use std::f64::consts::TAU;
use std::sync::Arc;

use skiff_plan::kernels::cholesky::{cholesky, inverse_of_lower};
use skiff_plan::operators::{
    Argmax, ArrayRule, Dtype, Elementwise, Function, GaussianDistances, GaussianScores, LogSumExp, SubtractLogSumExp,
};
use skiff_plan::value::{Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const GMM: Class = class! {
    /// A mixture of Gaussians, by expectation maximization; `GaussianMixture` since 0.18.
    ///
    /// # Reads
    /// `means_`, `covars_`, `covariance_type`, `weights_`.
    /// # Predicts
    /// The logarithm of the density of each Gaussian is `-½ (n_features ln 2π + ln |covar| + (x - mean)ᵀ covar⁻¹ (x - mean))`.
    /// `score_samples` returns the logarithm of the sum of weights times densities, and next to it the fraction of each
    /// Gaussian in this sum, which are `predict_proba`; `predict` is the index of the greatest fraction. `score` returns the
    /// logarithms of all rows, and not their mean.
    /// # Not supported
    /// `sample`, whose random numbers are multiplied by eigenvectors, the signs of which are those of LAPACK. `aic` and
    /// `bic`, which depend on all rows together.
    /// # Older versions
    /// The class was deprecated in 0.18 and removed in 0.20; its state never changed.
    /// # References
    /// `sklearn/mixture/gmm.py` of 0.19.
    paths: ["sklearn.mixture.gmm.GMM"],
    training_only: ["converged_", "init_params", "min_covar", "n_components", "n_init", "n_iter", "params", "random_state", "thresh", "tol", "verbose"],
    read: Gmm::read,
};

/// A fitted `GMM`.
#[derive(Debug)]
pub struct Gmm {
    scores: Arc<GaussianScores>,
    n_features: usize,
}

impl Gmm {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let means = fields.matrix("means_")?;
        fields.expect_n_features("means_", means.cols)?;
        let (k, n) = (means.rows, means.cols);
        let weights = fields.vector_of("weights_", k)?;
        let (distances, log_determinants) = read_covariances(fields, means)?;
        let outer = log_determinants.iter().zip(&weights).map(|(log, weight)| weight.ln() - 0.5 * log).collect();
        let inner = vec![real(n) * TAU.ln(); k];
        let scores = GaussianScores { distances, inner, outer, precision: Precision::Double, truncates: false };
        Ok(Self { scores: Arc::new(scores), n_features: n })
    }
}

/// `covars_`: how distances are computed, and the logarithm of the determinant of each.
fn read_covariances(
    fields: &Fields<'_, '_>,
    means: Matrix<'static, f64>,
) -> Result<(GaussianDistances, Vec<f64>), ReadError> {
    let (k, n) = (means.rows, means.cols);
    let name = "covars_";
    let numbers = fields.numbers(name)?;
    let covariance_type = fields.string("covariance_type")?;
    let expected: &[usize] = match covariance_type.as_str() {
        "full" => &[k, n, n],
        "tied" => &[n, n],
        "diag" | "spherical" => &[k, n],
        other => return Err(fields.unsupported("covariance_type", format!("`{other}`"))),
    };
    if numbers.shape != expected {
        let found = &numbers.shape;
        return Err(fields.damaged(name, format!("expected an array of shape {expected:?}, found {found:?}")));
    }
    if expected == [k, n] && !matches!(covariance_type.as_str(), "full" | "tied") {
        let rows = numbers.data.chunks_exact(n.max(1));
        let logs = rows.map(|row| row.iter().map(|value| value.ln()).sum()).collect();
        let precisions = Matrix::new(k, n, numbers.data.iter().map(|value| 1.0 / value).collect::<Vec<_>>());
        return Ok((GaussianDistances::Diagonal { means, precisions }, logs));
    }
    let (mut factors, mut logs) = (Vec::new(), Vec::new());
    for covariance in numbers.data.chunks_exact(n.saturating_mul(n).max(1)) {
        let lower = factor(covariance, n);
        let lower = lower.ok_or_else(|| fields.damaged(name, "expected positive definite covariances"))?;
        logs.push(2.0 * lower.data.iter().step_by(n + 1).map(|value| value.ln()).sum::<f64>());
        factors.push(inverse_of_lower(&lower));
    }
    if let ([factor], [log]) = (&factors[..], &logs[..])
        && k != 1
    {
        // All components share one.
        fields.spend(&fields.path_of(name), numbers.data.len().saturating_mul(k).saturating_mul(size_of::<f64>()))?;
        (factors, logs) = (vec![factor.clone(); k], vec![*log; k]);
    }
    Ok((GaussianDistances::OfCentered { means, factors }, logs))
}

/// The Cholesky factor of a covariance, or of one with a little more on its diagonal, which scikit-learn tries then.
fn factor(covariance: &[f64], n: usize) -> Option<Matrix<'static, f64>> {
    let mut covariance = Matrix::new(n, n, covariance.to_vec());
    cholesky(&covariance).or_else(|| {
        covariance.data.to_mut().iter_mut().step_by(n + 1).for_each(|value| *value += 1e-7);
        cholesky(&covariance)
    })
}

impl Estimator for Gmm {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict | Method::PredictProba | Method::ScoreSamples => {}
            Method::Sample => {
                return plan.unsupported(method, "random numbers times eigenvectors, whose signs are LAPACK's");
            }
            _ => return plan.no_method(method),
        }
        let x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Numeric), self.n_features);
        let scores = plan.push(&self.scores, &[x]);
        let logarithms = plan.push(SubtractLogSumExp, &[scores]);
        let fractions = plan.push(Elementwise { function: Function::Exp }, &[logarithms]);
        Ok(match method {
            Method::Predict => Output::column(plan.push(Argmax, &[fractions])),
            Method::PredictProba => Output::matrix(fractions),
            _ => {
                let densities = Output::column(plan.push(LogSumExp, &[scores]));
                Output::Tuple(vec![densities, Output::matrix(fractions)])
            }
        })
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features)
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::OfEachSample)
    }
}
