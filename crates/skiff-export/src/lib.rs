//! Fitted scikit-learn estimators for other runtimes.
//!
//! A plan's operators expand into a closed set of tensor primitives, which each target translates: [`onnx::onnx`]
//! writes ONNX files. What cannot be expressed is refused with the estimator, the operator and the reason.
#![forbid(unsafe_code)]

mod error;
mod expand;
mod graph;
#[cfg(test)]
mod interpreter;
mod model;
pub mod onnx;
#[cfg(test)]
mod tests;

pub use error::ExportError;
