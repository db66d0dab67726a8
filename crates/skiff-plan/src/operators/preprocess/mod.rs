//! `sklearn.preprocessing` and `sklearn.impute`, but for what columns' arithmetic can do.

mod additive_chi2;
mod append_if_missing;
mod binarize;
mod count_sketch;
mod discretize;
mod impute;
mod impute_feature;
mod impute_neighbors;
mod normalize;
mod polynomial;
mod power;
mod quantile;
mod rescale;
mod spline;

pub use additive_chi2::AdditiveChi2;
pub use append_if_missing::AppendIfMissing;
pub use binarize::Binarize;
pub use count_sketch::CountSketch;
pub use discretize::{BinCenters, BinForm, Discretize};
pub use impute::{FillKind, Impute, ImputeInverse, Missing, MissingMask};
pub use impute_feature::{ImputeFeature, UnlessAllMissing};
pub use impute_neighbors::ImputeNeighbors;
pub use normalize::{Norm, Normalize};
pub use polynomial::Polynomial;
pub use power::{Power, PowerFamily};
pub use quantile::Quantile;
pub use rescale::{Rescale, Rescaling};
pub use spline::{Extrapolation, Spline, SplineBasis};
