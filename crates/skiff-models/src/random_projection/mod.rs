//! `sklearn.random_projection`.

mod random_matrix;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] =
    &[random_matrix::GAUSSIAN_RANDOM_PROJECTION, random_matrix::SPARSE_RANDOM_PROJECTION];
