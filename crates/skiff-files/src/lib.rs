//! Model files of any kind as inert graphs, and the values of Python, numpy, scipy and pandas in them.
//!
//! Nothing here imports or calls what a file names: a value is recognised by its class and read from its state.
#![deny(unsafe_code, clippy::as_conversions, clippy::indexing_slicing)]

mod call;
mod describe;
mod instance;
pub mod numpy;
pub mod pandas;
mod scalar;
pub mod scipy;
mod text;
mod value_error;

pub use describe::{class_path, describe};
pub use instance::Instance;
pub use numpy::{ArrayData, Column, DType, Endian, Field, MaskedArray, NdArray, Order, RandomState, TimeUnit};
pub use scalar::Scalar;
pub use scipy::{Sparse, SparseFormat};
pub use value_error::{ValueError, ValueErrorKind};
