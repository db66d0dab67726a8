//! `sklearn.decomposition`.

mod components;
mod factor_analysis;
mod fast_ica;
mod incremental_pca;
mod kernel_pca;
mod latent_dirichlet_allocation;
mod pca;
mod truncated_svd;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    factor_analysis::FACTOR_ANALYSIS,
    fast_ica::FAST_ICA,
    incremental_pca::INCREMENTAL_PCA,
    kernel_pca::KERNEL_PCA,
    latent_dirichlet_allocation::LATENT_DIRICHLET_ALLOCATION,
    pca::PCA,
    truncated_svd::TRUNCATED_SVD,
];
