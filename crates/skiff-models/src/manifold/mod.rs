//! `sklearn.manifold`.

mod embedding_of_fit;
mod isomap;
mod locally_linear_embedding;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    embedding_of_fit::CLASSICAL_MDS,
    embedding_of_fit::MDS,
    embedding_of_fit::SPECTRAL_EMBEDDING,
    embedding_of_fit::TSNE,
    isomap::ISOMAP,
    locally_linear_embedding::LOCALLY_LINEAR_EMBEDDING,
];
