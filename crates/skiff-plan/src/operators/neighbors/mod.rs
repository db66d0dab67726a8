//! Nearest neighbors, and what is made of them.

mod lists;
mod nearest_neighbors;
mod neighbor_graph;
mod neighbor_means;
mod neighbor_sums;
mod neighbor_votes;
mod neighbor_weights;
mod outlier_factors;
mod radius_means;
mod radius_neighbors;
mod radius_votes;
mod search;

pub use nearest_neighbors::NearestNeighbors;
pub use neighbor_graph::NeighborGraph;
pub use neighbor_means::NeighborMeans;
pub use neighbor_sums::NeighborSums;
pub use neighbor_votes::{NeighborVotes, VoteSum};
pub use neighbor_weights::NeighborWeights;
pub use outlier_factors::OutlierFactors;
pub use radius_means::{EmptyMean, RadiusMeans};
pub use radius_neighbors::RadiusNeighbors;
pub use radius_votes::{ArgmaxOrOutlier, ClassMode, Outliers, RadiusVotes};
pub use search::{Brute, Search};
