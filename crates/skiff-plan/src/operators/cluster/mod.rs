//! Distances to cluster centers.

mod center_distances;
mod nearest_center;
mod pool;

pub use center_distances::CenterDistances;
pub use nearest_center::NearestCenter;
pub use pool::{Pool, Pooling};
