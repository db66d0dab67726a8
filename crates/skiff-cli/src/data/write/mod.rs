//! Writes predictions to files and to standard output.

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
use crate::input;
use crate::report::Failure;

/// An output of predictions, batch by batch.
pub trait Sink {
    /// Writes the predictions for some rows, with the kept columns.
    fn write(&mut self, answer: &Answer, kept: &[(String, Column<'_>)]) -> Result<(), Failure>;

    /// Ends the output.
    fn finish(self: Box<Self>) -> Result<(), Failure>;
}

/// The sink for a file or for standard output, in `format` or that of the file's extension.
pub fn sink(
    path: Option<&Path>,
    format: Option<AnswerFormat>,
    model: &Model,
    method: Method,
) -> Result<Box<dyn Sink>, Failure> {
    let names = columns::Names::of(model, method);
    let Some(path) = path else {
        let out = BufWriter::new(io::stdout().lock());
        return match format.unwrap_or(AnswerFormat::Csv) {
            AnswerFormat::Csv => Ok(Box::new(csv::Csv::new(out, names))),
            AnswerFormat::Jsonl => Ok(Box::new(json_lines::JsonLines::new(out, names))),
            AnswerFormat::Npy => Err(Failure::Usage("a .npy array needs an output file: `--output FILE`".to_owned())),
        };
    };
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase);
    let format = match (format, extension.as_deref()) {
        (Some(format), _) => format,
        (None, Some("csv")) => AnswerFormat::Csv,
        (None, Some("jsonl" | "ndjson")) => AnswerFormat::Jsonl,
        (None, Some("npy")) => AnswerFormat::Npy,
        (None, _) if input::is_stream(path) => AnswerFormat::Csv,
        (None, _) => {
            let failure = Failure::data(path, "expected .csv, .jsonl or .npy as the output's extension");
            return Err(failure.with_help("`--format FORMAT` selects the format for any name"));
        }
    };
    let file = NewFile::create(path)?;
    Ok(match format {
        AnswerFormat::Csv => Box::new(csv::Csv::new(file, names)),
        AnswerFormat::Jsonl => Box::new(json_lines::JsonLines::new(file, names)),
        AnswerFormat::Npy => Box::new(npy::Npy::new(file)),
    })
}

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

impl Finish for NewFile {
    fn finish(self) -> io::Result<()> {
        Self::finish(self)
    }
}
