//! `sklearn.cluster.MiniBatchKMeans`.

use skiff_plan::{Method, Output, ValueId};

use super::centers::Centers;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const MINI_BATCH_K_MEANS: Class = class! {
    /// K-means clustering, fitted on small batches.
    ///
    /// # Reads
    /// `cluster_centers_`.
    /// # Predicts
    /// The number of the nearest centre, the first of equals.
    /// # Transforms
    /// The distance to each centre.
    /// # Not supported
    /// `sample_weight`, which versions before 1.5 accepted and ignored. `predict` rejects rows of another float dtype
    /// than the centres', as scikit-learn does.
    /// # Older versions
    /// `cluster_centers_` has been the same since 0.17.
    paths: ["sklearn.cluster._kmeans.MiniBatchKMeans", "sklearn.cluster.k_means_.MiniBatchKMeans"],
    read: MiniBatchKMeans::read,
};

/// A fitted `MiniBatchKMeans`.
#[derive(Debug)]
pub struct MiniBatchKMeans {
    centers: Centers,
}

impl MiniBatchKMeans {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let centers = Centers::read(fields)?;
        fields.training_only(&[
            "_n_features_out",
            "_n_init",
            "_n_threads",
            "_tol",
            "copy_x",
            "inertia_",
            "init",
            "labels_",
            "max_iter",
            "n_clusters",
            "n_init",
            "n_iter_",
            "n_jobs",
            "precompute_distances",
            "random_state",
            "tol",
            "verbose",
            "_algorithm",
            "algorithm",
            "_batch_size",
            "_counts",
            "_ewa_inertia",
            "_ewa_inertia_min",
            "_init_size",
            "_n_since_last_reassign",
            "_no_improvement",
            "_random_state",
            "batch_size",
            "compute_labels",
            "counts_",
            "init_size",
            "init_size_",
            "max_no_improvement",
            "n_steps_",
            "random_state_",
            "reassignment_ratio",
        ]);
        Ok(Self { centers })
    }
}

impl Estimator for MiniBatchKMeans {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        self.centers.lower(method, input, plan)
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        Ok(names::class_prefix(header, self.centers.count()))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.centers.width())
    }
}
