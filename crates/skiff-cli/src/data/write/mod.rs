//! Writes predictions to files and to standard output.

#[cfg(feature = "arrow")]
pub mod arrow;
mod collected;
mod columns;
mod csv;
mod json_lines;
mod npy;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use skiff::table::Column;
use skiff::{Answer, Method, Model};
use skiff_files::write::NewFile;

use crate::args::AnswerFormat;
use crate::data::remote::{self, is_remote};
use crate::input;
use crate::report::Failure;

pub use collected::Collected;

/// An output of predictions, batch by batch.
pub trait Sink {
    /// Writes the predictions for some rows, with the kept columns.
    fn write(&mut self, answer: &Answer, kept: &[(String, Column<'_>)]) -> Result<(), Failure>;

    /// Writes the predictions for some rows, with the kept columns of an Arrow table.
    #[cfg(feature = "arrow")]
    fn write_arrow(&mut self, answer: &Answer, kept: &skiff_arrow::array::RecordBatch) -> Result<(), Failure> {
        let names = kept.schema_ref().fields().iter().map(|field| field.name().clone());
        self.write(answer, &names.zip(kept.columns().iter().map(skiff_arrow::kept)).collect::<Vec<_>>())
    }

    /// Ends the output.
    fn finish(self: Box<Self>) -> Result<(), Failure>;
}

/// The sink for a file or for standard output, in `format` or that of the file's extension.
pub fn sink(
    path: Option<&Path>,
    format: Option<AnswerFormat>,
    model: &Model,
    method: Method,
    notes: &Notes,
) -> Result<Box<dyn Sink>, Failure> {
    let names = columns::Names::of(model, method);
    let Some(path) = path else {
        let out = BufWriter::new(io::stdout().lock());
        return match format.unwrap_or(AnswerFormat::Csv) {
            AnswerFormat::Csv => Ok(Box::new(csv::Csv::new(out, names))),
            AnswerFormat::Jsonl => Ok(Box::new(json_lines::JsonLines::new(out, names))),
            AnswerFormat::Npy => Err(Failure::Usage("a .npy array needs an output file: `--output FILE`".to_owned())),
            format @ (AnswerFormat::Parquet | AnswerFormat::Arrow) => {
                arrow_sink(io::stdout(), format, true, names, notes)
            }
        };
    };
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase);
    let format = match (format, extension.as_deref()) {
        (Some(format), _) => format,
        (None, Some("csv")) => AnswerFormat::Csv,
        (None, Some("jsonl" | "ndjson")) => AnswerFormat::Jsonl,
        (None, Some("npy")) => AnswerFormat::Npy,
        (None, Some("parquet" | "pq")) => AnswerFormat::Parquet,
        (None, Some("arrow" | "feather" | "ipc")) => AnswerFormat::Arrow,
        (None, _) if input::is_stream(path) => AnswerFormat::Csv,
        (None, _) => {
            let failure =
                Failure::data(path, "expected .csv, .jsonl, .npy, .parquet or .arrow as the output's extension");
            return Err(failure.with_help("`--format FORMAT` selects the format for any name"));
        }
    };
    match (is_remote(path), format) {
        (true, AnswerFormat::Npy) => {
            Err(Failure::data(path, "a .npy array needs a file of this machine: its length is written last"))
        }
        (true, _) => file_sink(remote::create(path)?, format, names, notes),
        (false, AnswerFormat::Npy) => Ok(Box::new(npy::Npy::new(NewFile::create(path)?))),
        (false, _) => file_sink(NewFile::create(path)?, format, names, notes),
    }
}

/// The sink for a file that is written from front to end.
fn file_sink<W: Finish + Send + 'static>(
    file: W,
    format: AnswerFormat,
    names: columns::Names,
    notes: &Notes,
) -> Result<Box<dyn Sink>, Failure> {
    match format {
        AnswerFormat::Jsonl => Ok(Box::new(json_lines::JsonLines::new(file, names))),
        AnswerFormat::Parquet | AnswerFormat::Arrow => arrow_sink(file, format, false, names, notes),
        AnswerFormat::Csv | AnswerFormat::Npy => Ok(Box::new(csv::Csv::new(file, names))),
    }
}

/// The sink for Parquet or Arrow.
#[cfg(feature = "arrow")]
fn arrow_sink<W: Finish + Send + 'static>(
    out: W,
    format: AnswerFormat,
    is_stream: bool,
    names: columns::Names,
    notes: &Notes,
) -> Result<Box<dyn Sink>, Failure> {
    Ok(Box::new(arrow::ArrowSink::new(out, format, is_stream, names, notes.clone())))
}

#[cfg(not(feature = "arrow"))]
fn arrow_sink<W>(_: W, _: AnswerFormat, _: bool, _: columns::Names, _: &Notes) -> Result<Box<dyn Sink>, Failure> {
    Err(Failure::without_arrow())
}

/// What a file of predictions says about their origin, by key.
pub type Notes = Vec<(String, String)>;

/// Finishes an output after everything was written.
pub trait Finish: Write {
    /// Finishes the output.
    fn finish(self) -> io::Result<()>;
}

impl Finish for BufWriter<io::StdoutLock<'_>> {
    fn finish(mut self) -> io::Result<()> {
        self.flush()
    }
}

impl Finish for io::Stdout {
    fn finish(mut self) -> io::Result<()> {
        self.flush()
    }
}

impl Finish for NewFile {
    fn finish(self) -> io::Result<()> {
        Self::finish(self)
    }
}
