//! `sklearn.mixture.BayesianGaussianMixture`.

use skiff_plan::kernels::digamma::digamma;
use skiff_plan::{Method, Output, ValueId};

use super::base_mixture::{Gaussians, Mixture};
use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const BAYESIAN_GAUSSIAN_MIXTURE: Class = class! {
    /// A mixture of Gaussians, by variational inference.
    ///
    /// # Reads
    /// `means_`, `precisions_cholesky_`, `covariance_type`; `weight_concentration_` with
    /// `weight_concentration_prior_type`, `degrees_of_freedom_` and `mean_precision_`, from which the expected logarithms
    /// are computed.
    /// # Predicts
    /// The index of the Gaussian with the greatest logarithm of weight times density. `predict_proba` is the fraction of
    /// each in the sum of these products, `score_samples` the logarithm of the sum. `sample` draws points and the numbers of
    /// their Gaussians by numpy's generator: each call begins with the seed `random_state`, or with the state of a
    /// `RandomState` in the file.
    /// # Not supported
    /// `sample` with `random_state=None`, and with `covariance_type` `full` or `tied` of several features: numpy multiplies
    /// its random numbers by singular vectors whose signs are those of the LAPACK that it was built with. `aic` and `bic`,
    /// which depend on all rows together.
    /// # Older versions
    /// The state has been the same since 0.18, which introduced the class. Since 1.7 distances of integer rows are
    /// truncated to integers if `covariance_type` is `full` or `tied`: scikit-learn stores them in an array of the rows'
    /// dtype.
    paths: ["sklearn.mixture._bayesian_mixture.BayesianGaussianMixture", "sklearn.mixture.bayesian_mixture.BayesianGaussianMixture"],
    read: BayesianGaussianMixture::read,
};

/// A fitted `BayesianGaussianMixture`.
#[derive(Debug)]
pub struct BayesianGaussianMixture(Mixture);

impl BayesianGaussianMixture {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let gaussians = Gaussians::read(fields)?;
        let log_weights = read_log_weights(fields, gaussians.n_components)?;
        let more = read_log_precisions(fields, &gaussians)?;
        let mixture = gaussians.weighted(fields, &log_weights, &more)?;
        fields.training_only(&[
            "converged_",
            "covariance_prior",
            "covariance_prior_",
            "covariance_type",
            "covariances_",
            "degrees_of_freedom_prior",
            "degrees_of_freedom_prior_",
            "init_params",
            "lower_bound_",
            "lower_bounds_",
            "max_iter",
            "mean_precision_prior",
            "mean_precision_prior_",
            "mean_prior",
            "mean_prior_",
            "means_",
            "n_components",
            "n_init",
            "n_iter_",
            "precisions_",
            "precisions_cholesky_",
            "random_state",
            "reg_covar",
            "tol",
            "verbose",
            "verbose_interval",
            "warm_start",
            "weight_concentration_prior",
            "weight_concentration_prior_",
            "weights_",
        ]);
        Ok(Self(mixture))
    }
}

/// `_estimate_log_weights`: the expected logarithm of the weight of each Gaussian.
fn read_log_weights(fields: &Fields<'_, '_>, count: usize) -> Result<Vec<f64>, ReadError> {
    let name = "weight_concentration_";
    if fields.string("weight_concentration_prior_type")? != "dirichlet_process" {
        let concentration = fields.vector_of(name, count)?;
        let all = digamma(concentration.iter().sum());
        return Ok(concentration.iter().map(|&value| digamma(value) - all).collect());
    }
    let [a, b] = fields.list(name)?[..] else {
        return Err(fields.unexpected(name, "two arrays"));
    };
    let path = fields.path_of(name);
    let (a, b) = (fields.numbers_at(a, &path)?.data, fields.numbers_at(b, &path)?.data);
    fields.expect_len(name, a.len(), count)?;
    fields.expect_len(name, b.len(), count)?;
    let mut before = 0.0;
    let each = a.iter().zip(&b).map(|(&a, &b)| {
        let sum = digamma(a + b);
        let weight = digamma(a) - sum + before;
        before += digamma(b) - sum;
        weight
    });
    Ok(each.collect())
}

/// What `_estimate_log_prob` adds to the logarithm of each density.
fn read_log_precisions(fields: &Fields<'_, '_>, gaussians: &Gaussians) -> Result<Vec<f64>, ReadError> {
    let count = gaussians.n_components;
    let numbers = fields.numbers("degrees_of_freedom_").map(|numbers| numbers.data);
    // `covariance_type='tied'` has one number for all.
    let degrees = match numbers {
        Ok(numbers) if numbers.len() == count => numbers,
        _ => vec![fields.float("degrees_of_freedom_")?; count],
    };
    let mean_precision = fields.vector_of("mean_precision_", count)?;
    let n = real(gaussians.n_features);
    let each = degrees.iter().zip(&mean_precision).map(|(&degrees, mean_precision)| {
        let sum: f64 = (0..gaussians.n_features).map(|at| digamma(0.5 * (degrees - real(at)))).sum();
        let log_lambda = n * 2.0_f64.ln() + sum;
        0.5 * (log_lambda - n / mean_precision) - 0.5 * n * degrees.ln()
    });
    Ok(each.collect())
}

impl Estimator for BayesianGaussianMixture {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        self.0.lower(method, input, plan)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.0.n_features())
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::MeanOfSamples)
    }
}
