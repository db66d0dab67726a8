//! Tables from files and from standard input.

mod csv;
mod infer;
mod json_lines;
mod numpy;
mod text_lines;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressBarIter};
use skiff::table::{Dicts, Texts};
use skiff::value::Columns;

pub use csv::CsvFile;
pub use json_lines::JsonLines;
pub use numpy::Array;
pub use text_lines::TextLines;

use crate::args::DataFormat;
use crate::report::Failure;

/// How many rows are read at a time.
const BATCH_ROWS: usize = 16 * 1024;

/// Some rows of the data.
#[derive(Debug)]
pub enum Batch {
    /// Columns, named or not.
    Columns(Columns<'static>),
    /// Documents.
    Texts(Texts<'static>),
    /// Mappings.
    Dicts(Dicts<'static>),
}

/// The data's format: by extension, or as said of standard input.
pub fn format_of(path: &Path, standard_input: DataFormat) -> Result<DataFormat, Failure> {
    if is_standard_input(path) {
        return Ok(standard_input);
    }
    Ok(match path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase).as_deref() {
        Some("csv") => DataFormat::Csv,
        Some("tsv" | "tab") => DataFormat::Tsv,
        Some("jsonl" | "ndjson") => DataFormat::Jsonl,
        Some("npy") => DataFormat::Npy,
        Some("npz") => DataFormat::Npz,
        Some("txt") => DataFormat::Text,
        _ => {
            let known = "expected .csv, .tsv, .jsonl, .npy, .npz or .txt";
            return Err(
                Failure::data(path, known).with_help("rename the file, or pipe it in: skiff predict MODEL - < FILE")
            );
        }
    })
}

/// Whether `-` was given.
pub fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A stream of bytes that tells how far it is.
pub type Source = ProgressBarIter<Box<dyn Read>>;

/// Opens the data as a stream.
pub fn source(path: &Path, progress: &ProgressBar) -> Result<Source, Failure> {
    let stream: Box<dyn Read> = if is_standard_input(path) {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(path).map_err(|error| Failure::data(path, format!("cannot read the data: {error}")))?;
        if let Ok(metadata) = file.metadata() {
            progress.set_length(metadata.len());
        }
        Box::new(file)
    };
    Ok(progress.wrap_read(stream))
}

/// A name for messages.
fn shown(path: &Path) -> PathBuf {
    if is_standard_input(path) { PathBuf::from("standard input") } else { path.to_owned() }
}
