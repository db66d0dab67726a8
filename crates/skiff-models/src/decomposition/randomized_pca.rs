//! `sklearn.decomposition.RandomizedPCA`, which `PCA(svd_solver='randomized')` replaced.

use skiff_plan::{Method, Output, ValueId};

use super::components::Components;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const RANDOMIZED_PCA: Class = class! {
    /// Principal component analysis by a randomized singular value decomposition. Until 0.19.
    ///
    /// # Reads
    /// `components_`, `mean_`.
    /// # Transforms
    /// `(X - mean_) · components_ᵀ`; `whiten` has divided the components. `inverse_transform` is `X · components_ + mean_`, which
    /// is not the inverse where `whiten`.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: ["sklearn.decomposition.pca.RandomizedPCA"],
    training_only: ["copy", "explained_variance_ratio_", "iterated_power", "n_components", "random_state", "singular_values_", "whiten"],
    read: RandomizedPCA::read,
};

/// A fitted `RandomizedPCA`.
#[derive(Debug)]
pub struct RandomizedPCA {
    components: Components,
}

impl RandomizedPCA {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { components: Components::read_whitened(fields)? })
    }
}

impl Estimator for RandomizedPCA {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        self.components.lower(method, input, plan)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.components.width())
    }
}
