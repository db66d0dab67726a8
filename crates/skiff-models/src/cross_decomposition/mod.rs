//! `sklearn.cross_decomposition`.

mod partial_least_squares;
mod pls_svd;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    partial_least_squares::CCA,
    partial_least_squares::PLS_CANONICAL,
    partial_least_squares::PLS_REGRESSION,
    pls_svd::PLSSVD,
];
