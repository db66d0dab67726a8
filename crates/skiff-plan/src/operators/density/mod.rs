//! Logarithms of likelihoods and densities.

mod categorical_log_likelihood;
mod gaussian_log_likelihood;
mod log_density;

pub use categorical_log_likelihood::CategoricalLogLikelihood;
pub use gaussian_log_likelihood::GaussianLogLikelihood;
pub use log_density::{Covariance, LogDensity};
