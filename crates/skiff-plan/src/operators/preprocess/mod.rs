//! `sklearn.preprocessing` and `sklearn.impute`, but for what columns' arithmetic can do.

mod binarize;
mod impute;
mod normalize;
mod polynomial;

pub use binarize::Binarize;
pub use impute::{FillKind, Impute, ImputeInverse, Missing, MissingMask};
pub use normalize::{Norm, Normalize};
pub use polynomial::Polynomial;
