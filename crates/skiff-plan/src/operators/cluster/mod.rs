//! Distances to cluster centers.

mod bisecting_tree;
mod center_distances;
mod nearest_center;
mod pool;

pub use bisecting_tree::{BisectingTree, Branch, Split};
pub use center_distances::CenterDistances;
pub use nearest_center::NearestCenter;
pub use pool::{Pool, Pooling};
