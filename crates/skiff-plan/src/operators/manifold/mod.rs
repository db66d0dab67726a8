//! Embeddings by the neighbours of rows.

mod barycenters;
mod geodesic_kernel;

pub use barycenters::Barycenters;
pub use geodesic_kernel::GeodesicKernel;
