//! Kernel functions between rows and the rows of a fit.

mod center_kernel;
mod pairwise_kernel;
mod process_kernel;

pub use center_kernel::CenterKernel;
pub use pairwise_kernel::{KernelFunction, PairwiseKernel};
pub use process_kernel::{KernelNode, ProcessCovariance, ProcessKernel, ProcessVariance, Smoothness};
