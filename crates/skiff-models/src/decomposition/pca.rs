//! `sklearn.decomposition.PCA`.

use super::components::Components;
use crate::fields::{Fields, ReadError};
use crate::model::{Estimator, NamesError, Room};
use crate::names;
use crate::plan::{Header, Lowering, Method, Output, Params, Refusal, ValueId};

/// Principal component analysis.
///
/// # Reads
/// `components_`, `mean_`; `explained_variance_` where `whiten`.
/// # Transforms
/// `(X - mean_) · components_ᵀ`, divided by `√explained_variance_` where `whiten`.
/// # Not supported
/// `score_samples`.
/// # Older versions
/// From 1.5 the mean is taken from the products instead of the rows, and `whiten` divides by no less than the dtype's
/// epsilon. Sparse rows are taken from 1.4.
#[derive(Debug)]
#[expect(clippy::upper_case_acronyms, reason = "scikit-learn's name")]
pub struct PCA {
    components: Components,
}

impl Room for PCA {
    const CLASSES: &'static [&'static str] = &["sklearn.decomposition._pca.PCA", "sklearn.decomposition.pca.PCA"];
    const SOURCE: &'static str = include_str!("pca.rs");

    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let components = Components::read(fields)?;
        fields.training_only(&[
            "copy",
            "explained_variance_ratio_",
            "n_components",
            "n_components_",
            "noise_variance_",
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
        Ok(Self { components })
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
        if method == Method::ScoreSamples {
            return plan.unsupported(method, "any model yet");
        }
        self.components.lower(method, input, plan)
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        Ok(names::class_prefix(header, self.components.count()))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.components.width())
    }
}
