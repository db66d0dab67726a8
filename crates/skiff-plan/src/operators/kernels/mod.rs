//! Kernel functions between rows and the rows of a fit.

mod center_kernel;
mod kriging;
mod pairwise_kernel;
mod process_kernel;

pub use center_kernel::CenterKernel;
pub use kriging::{Correlation, Kriging, KrigingError, KrigingPrediction, Trend};
pub use pairwise_kernel::{KernelFunction, PairwiseKernel};
pub use process_kernel::{KernelNode, ProcessCovariance, ProcessKernel, ProcessVariance, Smoothness};
