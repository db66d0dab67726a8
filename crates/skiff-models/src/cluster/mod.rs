//! `sklearn.cluster`.

mod bisecting_k_means;
mod centers;
mod clustering_of_fit;
mod feature_agglomeration;
mod k_means;
mod mini_batch_k_means;
mod nearest_of_centers;

use crate::model::Class;

pub(crate) use clustering_of_fit::DBSCAN;
pub(crate) use k_means::K_MEANS;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    bisecting_k_means::BISECTING_K_MEANS,
    clustering_of_fit::AGGLOMERATIVE_CLUSTERING,
    DBSCAN,
    clustering_of_fit::HDBSCAN,
    clustering_of_fit::OPTICS,
    clustering_of_fit::SPECTRAL_BICLUSTERING,
    clustering_of_fit::SPECTRAL_CLUSTERING,
    clustering_of_fit::SPECTRAL_COCLUSTERING,
    feature_agglomeration::FEATURE_AGGLOMERATION,
    K_MEANS,
    mini_batch_k_means::MINI_BATCH_K_MEANS,
    nearest_of_centers::AFFINITY_PROPAGATION,
    nearest_of_centers::BIRCH,
    nearest_of_centers::MEAN_SHIFT,
];
