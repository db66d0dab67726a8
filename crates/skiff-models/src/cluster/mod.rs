//! `sklearn.cluster`.

mod centers;
mod k_means;
mod mini_batch_k_means;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[k_means::K_MEANS, mini_batch_k_means::MINI_BATCH_K_MEANS];
