//! Tables from files and from standard input.

mod cells;
mod column;
mod csv;
mod dates;
mod json;
mod json_column;
mod json_values;
mod kind;
mod numpy;
mod records;
mod source;
mod text_lines;
mod whole;

use std::fs;
use std::path::Path;

use skiff::table::{Dicts, Texts};
use skiff::value::Columns;

pub use csv::{CsvFile, Dialect};
pub use json::{JsonRows, Shape};
pub use json_values::Layout;
pub use kind::Kind;
pub use numpy::Array;
#[cfg(feature = "arrow")]
pub use source::Copy;
pub use text_lines::TextLines;

use crate::args::DataFormat;
use crate::data::remote::is_remote;
use crate::input::is_standard;
use crate::report::Failure;

/// How many rows are read at a time.
const BATCH_ROWS: usize = 16 * 1024;

/// Some rows of the data.
#[derive(Debug)]
pub struct Batch {
    /// The line that each row begins on; the first line of the file is 1.
    pub lines: Vec<u64>,
    /// The rows.
    pub content: Content,
}

/// A column of the data that is read.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Its number in the data.
    pub place: usize,
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
}

/// The kind of rows.
#[derive(Debug)]
pub enum Content {
    /// Columns, named or not.
    Columns(Columns<'static>),
    /// Documents.
    Texts(Texts<'static>),
    /// Mappings.
    Dicts(Dicts<'static>),
}

/// The data's format: given by the user, else that of the extension; standard input is CSV.
pub fn format_of(path: &Path, given: Option<DataFormat>) -> Result<DataFormat, Failure> {
    if is_standard(path) {
        return Ok(given.unwrap_or(DataFormat::Csv));
    }
    if !is_remote(path) {
        let metadata =
            fs::metadata(path).map_err(|error| Failure::unreadable(path, format!("cannot read the data: {error}")))?;
        if metadata.is_dir() {
            return Err(Failure::unreadable(path, "expected a file of rows, found a folder"));
        }
    }
    if let Some(format) = given {
        return Ok(format);
    }
    let extension = |path: &Path| path.extension().and_then(|text| text.to_str()).map(str::to_lowercase);
    let last = match extension(path) {
        // The format of compressed data is that of the inner extension.
        Some(last) if matches!(last.as_str(), "gz" | "zst" | "bz2" | "xz") => {
            extension(Path::new(path.file_stem().unwrap_or_default()))
        }
        last => last,
    };
    DataFormat::of_extension(last.as_deref().unwrap_or_default()).ok_or_else(|| {
        let what = format!("unknown extension: expected {}", DataFormat::extensions());
        Failure::data(path, what).with_help("`--data-format FORMAT` selects the format")
    })
}
