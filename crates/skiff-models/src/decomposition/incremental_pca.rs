//! `sklearn.decomposition.IncrementalPCA`.

use skiff_plan::operators::Covariance;
use skiff_plan::{Answer, Method, Output, ValueId};

use super::components::Components;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const INCREMENTAL_PCA: Class = class! {
    /// Principal component analysis, fitted batch by batch.
    ///
    /// # Reads
    /// `components_`, `mean_`; `explained_variance_` where `whiten`.
    /// # Transforms
    /// `(X - mean_) · components_ᵀ`, divided by `√explained_variance_` where `whiten`.
    /// # Older versions
    /// From 1.5 the mean is subtracted from the products instead of the rows, and `whiten` divides by no less than the dtype's
    /// epsilon. Sparse rows are accepted from 0.22.
    paths: [
        "sklearn.decomposition._incremental_pca.IncrementalPCA",
        "sklearn.decomposition.incremental_pca.IncrementalPCA",
    ],
    read: IncrementalPCA::read,
};

/// A fitted `IncrementalPCA`.
#[derive(Debug)]
pub struct IncrementalPCA {
    components: Components,
    /// `None` if there is no `noise_variance_`.
    covariance: Option<Covariance>,
}

impl IncrementalPCA {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let components = Components::read(fields)?;
        let has_noise = fields.has("noise_variance_") && fields.has("explained_variance_");
        let covariance = if has_noise { Some(components.covariance(fields)?) } else { None };
        fields.training_only(&[
            "copy",
            "explained_variance_ratio_",
            "n_components",
            "n_components_",
            "noise_variance_",
            "singular_values_",
            "batch_size",
            "batch_size_",
            "n_samples_seen_",
            "var_",
        ]);
        Ok(Self { components, covariance })
    }
}

impl Estimator for IncrementalPCA {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        self.components.lower(method, input, plan)
    }

    fn without_rows(&self, method: &str, _params: &Params) -> Option<Answer> {
        self.components.matrices(method, self.covariance.as_ref()?)
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        Ok(names::class_prefix(header, self.components.count()))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.components.width())
    }
}
