//! Clusterings of only the training rows: their fitted attributes are available.

use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const DBSCAN: Class = class! {
    /// Clustering by density.
    ///
    /// # Reads
    /// Nothing: `labels_`, `core_sample_indices_` and `components_` are available.
    /// # Predicts
    /// Nothing: scikit-learn's estimator has no method for other rows than those of the fit.
    /// # Older versions
    /// Every attribute of a known version may be there.
    paths: ["sklearn.cluster._dbscan.DBSCAN", "sklearn.cluster.dbscan_.DBSCAN"],
    training_only: ["algorithm", "components_", "core_sample_indices_", "eps", "labels_", "leaf_size", "metric", "metric_params", "min_samples", "n_jobs", "p", "random_state"],
    read: ClusteringOfFit::read,
};

pub(crate) const OPTICS: Class = class! {
    /// Clustering by density, of every density at once.
    ///
    /// # Reads
    /// Nothing: `labels_`, `reachability_`, `ordering_`, `core_distances_` and `predecessor_` are available.
    /// # Predicts
    /// Nothing: scikit-learn's estimator has no method for other rows than those of the fit.
    /// # Older versions
    /// Every attribute of a known version may be there.
    paths: ["sklearn.cluster._optics.OPTICS", "sklearn.cluster.optics_.OPTICS"],
    training_only: ["algorithm", "cluster_hierarchy_", "cluster_method", "core_distances_", "eps", "labels_", "leaf_size", "max_eps", "memory", "metric", "metric_params", "min_cluster_size", "min_samples", "n_jobs", "ordering_", "p", "predecessor_", "predecessor_correction", "reachability_", "xi"],
    read: ClusteringOfFit::read,
};

pub(crate) const HDBSCAN: Class = class! {
    /// Hierarchical clustering by density.
    ///
    /// # Reads
    /// Nothing: `labels_`, `probabilities_`, `centroids_` and `medoids_` are available.
    /// # Predicts
    /// Nothing: scikit-learn's estimator has no method for other rows than those of the fit.
    /// # Older versions
    /// Every attribute of a known version may be there.
    paths: ["sklearn.cluster._hdbscan.hdbscan.HDBSCAN"],
    training_only: ["_metric_params", "_min_samples", "_raw_data", "_single_linkage_tree_", "algorithm", "allow_single_cluster", "alpha", "centroids_", "cluster_selection_epsilon", "cluster_selection_method", "copy", "labels_", "leaf_size", "max_cluster_size", "medoids_", "metric", "metric_params", "min_cluster_size", "min_samples", "n_jobs", "probabilities_", "store_centers"],
    read: ClusteringOfFit::read,
};

pub(crate) const AGGLOMERATIVE_CLUSTERING: Class = class! {
    /// Hierarchical clustering from below.
    ///
    /// # Reads
    /// Nothing: `labels_`, `children_` and `distances_` are available.
    /// # Predicts
    /// Nothing: scikit-learn's estimator has no method for other rows than those of the fit.
    /// # Older versions
    /// Every attribute of a known version may be there.
    paths: ["sklearn.cluster._agglomerative.AgglomerativeClustering", "sklearn.cluster.hierarchical.AgglomerativeClustering"],
    training_only: ["_metric", "affinity", "children_", "compute_distances", "compute_full_tree", "connectivity", "distance_threshold", "distances_", "labels_", "linkage", "memory", "metric", "n_clusters", "n_clusters_", "n_components", "n_components_", "n_connected_components_", "n_leaves_", "pooling_func"],
    read: ClusteringOfFit::read,
};

pub(crate) const SPECTRAL_CLUSTERING: Class = class! {
    /// Clustering of the eigenvectors of a graph.
    ///
    /// # Reads
    /// Nothing: `labels_` and `affinity_matrix_` are available.
    /// # Predicts
    /// Nothing: scikit-learn's estimator has no method for other rows than those of the fit.
    /// # Older versions
    /// Every attribute of a known version may be there.
    paths: ["sklearn.cluster._spectral.SpectralClustering", "sklearn.cluster.spectral.SpectralClustering"],
    training_only: ["affinity", "affinity_matrix_", "assign_labels", "coef0", "degree", "eigen_solver", "eigen_tol", "gamma", "kernel_params", "labels_", "n_clusters", "n_components", "n_init", "n_jobs", "n_neighbors", "random_state", "verbose"],
    read: ClusteringOfFit::read,
};

pub(crate) const SPECTRAL_BICLUSTERING: Class = class! {
    /// Clusters of rows and columns, as of a checkerboard.
    ///
    /// # Reads
    /// Nothing: `row_labels_`, `column_labels_`, `rows_` and `columns_` are available.
    /// # Predicts
    /// Nothing: scikit-learn's estimator has no method for other rows than those of the fit.
    /// # Older versions
    /// Every attribute of a known version may be there.
    paths: ["sklearn.cluster._bicluster.SpectralBiclustering", "sklearn.cluster.bicluster.SpectralBiclustering"],
    training_only: ["column_labels_", "columns_", "init", "method", "mini_batch", "n_best", "n_clusters", "n_components", "n_init", "n_jobs", "n_svd_vecs", "random_state", "row_labels_", "rows_", "svd_method"],
    read: ClusteringOfFit::read,
};

pub(crate) const SPECTRAL_COCLUSTERING: Class = class! {
    /// Clusters of rows and columns, as of blocks on a diagonal.
    ///
    /// # Reads
    /// Nothing: `row_labels_`, `column_labels_`, `rows_` and `columns_` are available.
    /// # Predicts
    /// Nothing: scikit-learn's estimator has no method for other rows than those of the fit.
    /// # Older versions
    /// Every attribute of a known version may be there.
    paths: ["sklearn.cluster._bicluster.SpectralCoclustering", "sklearn.cluster.bicluster.SpectralCoclustering"],
    training_only: ["column_labels_", "columns_", "init", "mini_batch", "n_clusters", "n_init", "n_jobs", "n_svd_vecs", "random_state", "row_labels_", "rows_", "svd_method"],
    read: ClusteringOfFit::read,
};

/// A clustering of the rows of the fit.
#[derive(Debug)]
pub struct ClusteringOfFit;

impl ClusteringOfFit {
    #[expect(clippy::unnecessary_wraps, reason = "what reads a model may fail")]
    fn read(_fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self)
    }
}

impl Estimator for ClusteringOfFit {
    fn lower(
        &self,
        method: Method,
        _input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        plan.no_method(method)
    }
}
