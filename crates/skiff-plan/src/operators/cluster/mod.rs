//! Distances to cluster centers.

mod center_distances;
mod nearest_center;

pub use center_distances::CenterDistances;
pub use nearest_center::NearestCenter;
