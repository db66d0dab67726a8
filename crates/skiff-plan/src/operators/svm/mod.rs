//! Support vector machines, and the votes of one-versus-one classifiers.

mod pair_probabilities;
pub(crate) mod pair_scores;
pub(crate) mod pair_votes;
mod support_vectors;

pub use pair_probabilities::PairProbabilities;
pub use pair_scores::{ConfidenceScale, PairScores};
pub use pair_votes::PairVotes;
pub use support_vectors::{Kernel, SupportVectors, Vectors};
