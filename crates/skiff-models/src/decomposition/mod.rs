//! `sklearn.decomposition`.

mod components;
mod incremental_pca;
mod pca;
mod truncated_svd;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[
    Entry::of::<incremental_pca::IncrementalPCA>(),
    Entry::of::<pca::PCA>(),
    Entry::of::<truncated_svd::TruncatedSVD>(),
];
