//! Answers to files and to standard output.

mod columns;
mod csv;
mod json_lines;
mod npy;
mod replacing;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use skiff::table::Column;
use skiff::{Answer, Method, Model};

use self::replacing::Replacing;
use crate::report::Failure;

/// Where answers go, batch by batch.
pub trait Sink {
    /// Writes the answers to some rows, with the columns that are carried along.
    fn write(&mut self, answer: &Answer, kept: &[(String, Column<'_>)]) -> Result<(), Failure>;

    /// Ends the output.
    fn finish(self: Box<Self>) -> Result<(), Failure>;
}

/// The sink for a file by its extension, or CSV to standard output.
pub fn sink(path: Option<&Path>, model: &Model, method: Method) -> Result<Box<dyn Sink>, Failure> {
    let names = columns::Names::of(model, method);
    let Some(path) = path else {
        return Ok(Box::new(csv::Csv::new(BufWriter::new(io::stdout().lock()), names)));
    };
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase);
    match extension.as_deref() {
        Some("csv") => Ok(Box::new(csv::Csv::new(Replacing::create(path)?, names))),
        Some("jsonl" | "ndjson") => Ok(Box::new(json_lines::JsonLines::new(Replacing::create(path)?, names))),
        Some("npy") => Ok(Box::new(npy::Npy::new(Replacing::create(path)?))),
        _ => Err(Failure::data(path, "expected .csv, .jsonl or .npy as the output's extension")),
    }
}

/// What ends an output once all is written.
pub trait Finish: Write {
    /// Makes what was written last.
    fn finish(self) -> io::Result<()>;
}

impl Finish for BufWriter<io::StdoutLock<'_>> {
    fn finish(mut self) -> io::Result<()> {
        self.flush()
    }
}
