//! `sklearn.decomposition`.

mod components;
mod incremental_pca;
mod pca;
mod truncated_svd;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[incremental_pca::INCREMENTAL_PCA, pca::PCA, truncated_svd::TRUNCATED_SVD];
