//! Products with matrices, and affine maps.

mod affine;
mod multiply;
mod project;

pub use affine::Affine;
pub use multiply::Multiply;
pub use project::{Center, Project};
