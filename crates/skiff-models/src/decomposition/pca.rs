//! `sklearn.decomposition.PCA`.

use std::sync::Arc;

use skiff_plan::operators::Covariance;
use skiff_plan::{Answer, Method, Output, ValueId};

use super::components::Components;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, Scoring, class};
use crate::names;

pub(crate) const PCA: Class = class! {
    /// Principal component analysis.
    ///
    /// # Reads
    /// `components_`, `mean_`, `explained_variance_`, `noise_variance_`.
    /// # Transforms
    /// `(X - mean_) · components_ᵀ`, divided by `√explained_variance_` where `whiten`.
    /// `score_samples` is the logarithm of the density of a Gaussian around `mean_` whose covariance is
    /// `components_ᵀ · diag(explained_variance_ - noise_variance_) · components_ + noise_variance_ · I`.
    /// # Not supported
    /// `score_samples` without noise and with fewer components than features: the covariance is singular, and
    /// scikit-learn's result, if any, consists of rounding errors.
    /// # Older versions
    /// From 1.5 the mean is subtracted from the products instead of the rows, and `whiten` divides by no less than the dtype's
    /// epsilon. Sparse rows are accepted from 1.4.
    paths: ["sklearn.decomposition._pca.PCA", "sklearn.decomposition.pca.PCA"],
    read: PCA::read,
};

/// A fitted `PCA`.
#[derive(Debug)]
#[expect(clippy::upper_case_acronyms, reason = "scikit-learn's name")]
pub struct PCA {
    components: Components,
    /// The model of `score_samples`; `None` if there is no `noise_variance_`.
    covariance: Option<Arc<Covariance>>,
}

impl PCA {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let components = Components::read(fields)?;
        let covariance = if fields.has("noise_variance_") { Some(components.covariance(fields)?.into()) } else { None };
        fields.training_only(&[
            "copy",
            "explained_variance_ratio_",
            "n_components",
            "n_components_",
            "singular_values_",
            "_fit_svd_solver",
            "iterated_power",
            "n_features_",
            "n_oversamples",
            "n_samples_",
            "power_iteration_normalizer",
            "random_state",
            "svd_solver",
            "tol",
        ]);
        Ok(Self { components, covariance })
    }
}

impl Estimator for PCA {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match (method, &self.covariance) {
            (Method::ScoreSamples, Some(covariance)) => Ok(self.components.log_density(covariance, input, plan)),
            (Method::ScoreSamples, None) => plan.unsupported(method, "a model without `noise_variance_`"),
            _ => self.components.lower(method, input, plan),
        }
    }

    fn without_rows(&self, method: &str, _params: &Params) -> Option<Answer> {
        self.components.matrices(method, self.covariance.as_deref()?)
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        Ok(names::class_prefix(header, self.components.count()))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.components.width())
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::MeanOfSamples)
    }
}
