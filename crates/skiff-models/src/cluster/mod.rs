//! `sklearn.cluster`.

mod centers;
mod k_means;
mod mini_batch_k_means;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] =
    &[Entry::of::<k_means::KMeans>(), Entry::of::<mini_batch_k_means::MiniBatchKMeans>()];
