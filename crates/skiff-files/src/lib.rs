//! Model files of any format as inert graphs, and the values of Python, numpy, scipy and pandas in them.
//!
//! [`open`] detects the format from the content, decompresses within [`Limits`], and reads the object graph of a
//! pickle, a joblib file, a skops zip, `.skiff`, `.npy` or `.npz`. [`write`](mod@write) writes graphs.
//!
//! Nothing here imports or calls what a file names: a value is recognized by its class and read from its state.
#![deny(unsafe_code, clippy::as_conversions, clippy::indexing_slicing)]

mod call;
mod companion;
mod container;
mod decompress;
mod describe;
mod dill;
mod error;
mod file;
pub mod formats;
mod history;
mod instance;
mod joblib;
pub mod json;
mod mapped;
mod model_json;
mod npy;
pub mod numpy;
pub mod pandas;
pub mod pyarrow;
mod python_literal;
mod scalar;
pub mod scipy;
mod sevenz;
mod sha256;
mod skops;
mod sniff;
mod text;
pub mod threads;
mod value_error;
pub mod write;
mod zip;

pub use call::{has_new_obj, is_numpy_module, python_bytes};
pub use decompress::Codec;
pub use describe::{class_path, describe};
pub use error::{Error, ErrorKind};
pub use file::{
    Content, Format, Layer, ModelFile, Trailing, bytes, copied_bytes, disassemble, disassemble_bytes, open, read,
    read_with_buffers, verify, verify_bytes,
};
pub use history::MOST_HISTORY;
pub use instance::Instance;
pub use joblib::Layout;
pub use mapped::open_file;
pub use numpy::{
    ArrayData, Column, DType, Endian, Field, LegacyState, MaskedArray, NdArray, Order, RandomState, TimeUnit,
};
pub use scalar::{Closed, ForeignObject, Interval, Scalar};
pub use scipy::{Sparse, SparseFormat};
pub use sha256::sha256_of;
pub use skiff_pickle::{Bytes, Graph, Interrupt, Limits, Node, NodeId, Owner};
pub use sniff::is_encrypted;
pub use value_error::{ValueError, ValueErrorKind};
