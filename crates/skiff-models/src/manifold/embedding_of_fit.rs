//! Embeddings of the rows of the fit alone: their results can be looked at.

use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const CLASSICAL_MDS: Class = class! {
    /// Coordinates from distances, by their eigenvectors.
    ///
    /// # Reads
    /// Nothing: `embedding_`, `eigenvalues_` and `dissimilarity_matrix_` can be looked at.
    /// # Transforms
    /// Nothing: scikit-learn's estimator has no method for other rows than those of the fit.
    /// # Older versions
    /// Every attribute of a known version may be there.
    paths: ["sklearn.manifold._classical_mds.ClassicalMDS"],
    training_only: ["dissimilarity_matrix_", "eigenvalues_", "embedding_", "metric", "metric_params", "n_components"],
    read: EmbeddingOfFit::read,
};

pub(crate) const MDS: Class = class! {
    /// Coordinates from distances, by a search for the least stress.
    ///
    /// # Reads
    /// Nothing: `embedding_`, `stress_`, `n_iter_` and `dissimilarity_matrix_` can be looked at.
    /// # Transforms
    /// Nothing: scikit-learn's estimator has no method for other rows than those of the fit.
    /// # Older versions
    /// Every attribute of a known version may be there.
    paths: ["sklearn.manifold._mds.MDS", "sklearn.manifold.mds.MDS"],
    training_only: ["_init", "_metric", "_metric_mds", "_n_init", "dissimilarity", "dissimilarity_matrix_", "embedding_", "eps", "init", "max_iter", "metric", "metric_mds", "metric_params", "n_components", "n_init", "n_iter_", "n_jobs", "normalized_stress", "random_state", "stress_", "verbose"],
    read: EmbeddingOfFit::read,
};

pub(crate) const SPECTRAL_EMBEDDING: Class = class! {
    /// Coordinates from the eigenvectors of a graph.
    ///
    /// # Reads
    /// Nothing: `embedding_`, `affinity_matrix_`, `n_neighbors_` and `gamma_` can be looked at.
    /// # Transforms
    /// Nothing: scikit-learn's estimator has no method for other rows than those of the fit.
    /// # Older versions
    /// Every attribute of a known version may be there.
    paths: ["sklearn.manifold._spectral_embedding.SpectralEmbedding", "sklearn.manifold.spectral_embedding_.SpectralEmbedding"],
    training_only: ["affinity", "affinity_matrix_", "eigen_solver", "eigen_tol", "embedding_", "gamma", "gamma_", "n_components", "n_jobs", "n_neighbors", "n_neighbors_", "random_state"],
    read: EmbeddingOfFit::read,
};

pub(crate) const TSNE: Class = class! {
    /// Coordinates whose neighbours are those of the rows.
    ///
    /// # Reads
    /// Nothing: `embedding_`, `kl_divergence_`, `n_iter_` and `learning_rate_` can be looked at.
    /// # Transforms
    /// Nothing: scikit-learn's estimator has no method for other rows than those of the fit.
    /// # Older versions
    /// Every attribute of a known version may be there.
    paths: ["sklearn.manifold._t_sne.TSNE", "sklearn.manifold.t_sne.TSNE"],
    training_only: ["_init", "_learning_rate", "_max_iter", "_n_features_out", "angle", "early_exaggeration", "embedding_", "init", "kl_divergence_", "learning_rate", "learning_rate_", "max_iter", "method", "metric", "metric_params", "min_grad_norm", "n_components", "n_iter", "n_iter_", "n_iter_final", "n_iter_without_progress", "n_jobs", "perplexity", "random_state", "square_distances", "verbose"],
    read: EmbeddingOfFit::read,
};

/// An embedding of the rows of the fit.
#[derive(Debug)]
pub struct EmbeddingOfFit {
    /// How many columns `get_feature_names_out` names: that of `TSNE` alone.
    names: Option<usize>,
}

impl EmbeddingOfFit {
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let names = match fields.has("_n_features_out") || fields.header().class == "TSNE" && !fields.before(1, 2) {
            true => fields.array("embedding_")?.shape.get(1).copied(),
            false => None,
        };
        Ok(Self { names })
    }
}

impl Estimator for EmbeddingOfFit {
    fn lower(
        &self,
        method: Method,
        _input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        plan.no_method(method)
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        let count = self.names.ok_or_else(|| NamesError::no_method(header))?;
        names::check_count(count)?;
        Ok(names::class_prefix(header, count))
    }
}
