//! Products with matrices, and affine maps.

mod affine;
mod interpolate;
mod multiply;
mod project;

pub use affine::Affine;
pub use interpolate::{Interpolate, OutOfBounds};
pub use multiply::Multiply;
pub use project::{Center, Project};
