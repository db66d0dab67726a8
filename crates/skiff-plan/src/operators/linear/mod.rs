//! Products with matrices, and affine maps.

mod affine;
mod interpolate;
mod multiply;
mod project;
mod single_affine;
mod sparse_product;

pub use affine::Affine;
pub use interpolate::{Interpolate, OutOfBounds};
pub use multiply::Multiply;
pub use project::{Center, Project};
pub use single_affine::SingleAffine;
pub use sparse_product::SparseProduct;
