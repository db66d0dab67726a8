//! Model files of any kind as inert graphs, and the values of Python, numpy, scipy and pandas in them.
//!
//! [`open`] tells by content what a file is, takes compression off under [`Limits`], and reads what is inside: a
//! pickle, with joblib's arrays beside it or not, skops' zip, `.skiff`, `.npy`, `.npz`. [`write`](mod@write) is the way back.
//!
//! Nothing here imports or calls what a file names: a value is recognised by its class and read from its state.
#![deny(unsafe_code, clippy::as_conversions, clippy::indexing_slicing)]

mod call;
mod companion;
mod container;
mod decompress;
mod describe;
mod dill;
mod error;
mod file;
mod instance;
mod joblib;
pub mod json;
mod mapped;
mod npy;
pub mod numpy;
pub mod pandas;
mod pyarrow;
mod python_literal;
mod scalar;
pub mod scan;
pub mod scipy;
mod sevenz;
mod skops;
mod sniff;
mod text;
pub mod threads;
mod value_error;
pub mod write;
mod zip;

pub use decompress::Codec;
pub use describe::{class_path, describe};
pub use error::{Error, ErrorKind};
pub use file::{
    Content, Format, Layer, ModelFile, Trailing, bytes, disassemble, disassemble_bytes, open, read, read_with_buffers,
    verify, verify_bytes,
};
pub use instance::Instance;
pub use joblib::Layout;
pub use mapped::open_file;
pub use numpy::{ArrayData, Column, DType, Endian, Field, MaskedArray, NdArray, Order, RandomState, TimeUnit};
pub use scalar::{Closed, Interval, Scalar};
pub use scipy::{Sparse, SparseFormat};
pub use skiff_pickle::{Bytes, Graph, Interrupt, Limits, Node, NodeId, Owner};
pub use sniff::is_encrypted;
pub use value_error::{ValueError, ValueErrorKind};
