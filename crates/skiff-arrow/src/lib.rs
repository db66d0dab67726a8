//! Arrow record batches as skiff's tables, and answers as Arrow arrays.
//!
//! A table is read as scikit-learn sees it through pandas: [`read::ColumnReader`] says for each type of Arrow what
//! `pandas.read_parquet` makes of it, and what is missing. Columns without nulls whose layout is numpy's are borrowed.
//! [`answer`] has the way back, and the types of an answer before there are rows.
//!
//! With the feature `ffi` arrays of other libraries come in and go out by the Arrow C Data Interface, and with the feature
//! `files` it reads and writes Parquet and Arrow files: `files`.
#![forbid(unsafe_code)]

pub mod answer;
mod error;
#[cfg(feature = "files")]
pub mod files;
mod pandas;
pub mod read;
mod shown;

pub use arrow_array as array;
pub use arrow_schema as schema;
pub use error::Error;
pub use pandas::PandasSchema;
pub use shown::{kept, shown};
