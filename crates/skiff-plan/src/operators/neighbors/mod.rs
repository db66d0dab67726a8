//! Nearest neighbors, and what is made of them.

mod nearest_neighbors;
mod neighbor_graph;
mod neighbor_means;
mod neighbor_votes;
mod neighbor_weights;
mod outlier_factors;

pub use nearest_neighbors::{Brute, NearestNeighbors, Search};
pub use neighbor_graph::NeighborGraph;
pub use neighbor_means::NeighborMeans;
pub use neighbor_votes::{NeighborVotes, VoteSum};
pub use neighbor_weights::NeighborWeights;
pub use outlier_factors::OutlierFactors;
