//! `sklearn.mixture.GaussianMixture`.

use skiff_plan::{Method, Output, ValueId};

use super::base_mixture::{Gaussians, Mixture};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const GAUSSIAN_MIXTURE: Class = class! {
    /// A mixture of Gaussians.
    ///
    /// # Reads
    /// `means_`, `precisions_cholesky_`, `covariance_type`, `weights_`.
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
    paths: ["sklearn.mixture._gaussian_mixture.GaussianMixture", "sklearn.mixture.gaussian_mixture.GaussianMixture"],
    read: GaussianMixture::read,
};

/// A fitted `GaussianMixture`.
#[derive(Debug)]
pub struct GaussianMixture(Mixture);

impl GaussianMixture {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let gaussians = Gaussians::read(fields)?;
        let weights = fields.vector_of("weights_", gaussians.n_components)?;
        let logarithms: Vec<f64> = weights.iter().map(|weight| weight.ln()).collect();
        let nothing = vec![0.0; weights.len()];
        let mixture = gaussians.weighted(fields, &logarithms, &nothing)?;
        fields.training_only(&[
            "converged_",
            "covariance_type",
            "covariances_",
            "init_params",
            "lower_bound_",
            "lower_bounds_",
            "max_iter",
            "means_",
            "means_init",
            "n_components",
            "n_init",
            "n_iter_",
            "precisions_",
            "precisions_cholesky_",
            "precisions_init",
            "random_state",
            "reg_covar",
            "tol",
            "verbose",
            "verbose_interval",
            "warm_start",
            "weights_init",
        ]);
        Ok(Self(mixture))
    }
}

impl Estimator for GaussianMixture {
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
