//! Logarithms of likelihoods and densities.

mod categorical_log_likelihood;
mod gaussian_log_likelihood;
mod gaussian_scores;
mod kernel_density;
mod log_density;
mod logistic_gaussian;
mod mahalanobis;
mod normalize_bounds;
mod topic_shares;

pub use categorical_log_likelihood::CategoricalLogLikelihood;
pub use gaussian_log_likelihood::GaussianLogLikelihood;
pub use gaussian_scores::{GaussianDistances, GaussianScores};
pub use kernel_density::KernelDensity;
pub use log_density::{Covariance, LogDensity};
pub use logistic_gaussian::LogisticGaussian;
pub use mahalanobis::Mahalanobis;
pub use normalize_bounds::NormalizeBounds;
pub use topic_shares::TopicShares;
