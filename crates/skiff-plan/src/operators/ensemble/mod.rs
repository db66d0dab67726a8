//! Combinations of the results of several estimators.

mod log_add_exp;
mod pairwise_scores;
mod samme_scores;
mod sum_up;
mod weighted_median;

pub use log_add_exp::LogAddExp;
pub use pairwise_scores::PairwiseScores;
pub use samme_scores::SammeScores;
pub use sum_up::SumUp;
pub use weighted_median::WeightedMedian;
