//! `sklearn.decomposition`.

mod components;
mod dictionary_learning;
mod factor_analysis;
mod fast_ica;
mod incremental_pca;
mod kernel_pca;
mod latent_dirichlet_allocation;
mod nmf;
mod pca;
mod randomized_pca;
mod sparse_pca;
mod truncated_svd;

use crate::model::Class;

pub(crate) use kernel_pca::KernelPCA;

pub(crate) use pca::PCA;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    dictionary_learning::DICTIONARY_LEARNING,
    dictionary_learning::MINI_BATCH_DICTIONARY_LEARNING,
    dictionary_learning::SPARSE_CODER,
    factor_analysis::FACTOR_ANALYSIS,
    fast_ica::FAST_ICA,
    incremental_pca::INCREMENTAL_PCA,
    kernel_pca::KERNEL_PCA,
    latent_dirichlet_allocation::LATENT_DIRICHLET_ALLOCATION,
    nmf::MINI_BATCH_NMF,
    nmf::NMF,
    PCA,
    randomized_pca::RANDOMIZED_PCA,
    sparse_pca::MINI_BATCH_SPARSE_PCA,
    sparse_pca::SPARSE_PCA,
    truncated_svd::TRUNCATED_SVD,
];
