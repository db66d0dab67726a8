//! `sklearn.cluster.KMeans`.

use skiff_plan::{Method, Output, ValueId};

use super::centers::Centers;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const K_MEANS: Class = class! {
    /// K-means clustering.
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
    paths: ["sklearn.cluster._kmeans.KMeans", "sklearn.cluster.k_means_.KMeans"],
    read: KMeans::read,
};

/// A fitted `KMeans`.
#[derive(Debug)]
pub struct KMeans {
    centers: Centers,
}

impl KMeans {
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
        ]);
        Ok(Self { centers })
    }
}

impl Estimator for KMeans {
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
