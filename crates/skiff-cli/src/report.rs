//! Errors on standard error: what, where, and how to go on.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use crate::args::Format;

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Failure {
    /// What the library said.
    Skiff(skiff::Error),
    /// A table could not be read: which, where, why.
    Data {
        /// The file's name, `-` for standard input.
        file: String,
        /// The line or row, counted from 1, where one is to blame.
        line: Option<u64>,
        /// What is wrong.
        what: String,
        /// How to go on.
        help: Option<String>,
    },
    /// The rows cannot be answered.
    Rows {
        /// What the library said; its row counts from the batch.
        error: skiff::Error,
        /// The data's name, `-` for standard input.
        file: String,
        /// The batch's first row.
        start: usize,
    },
    /// The output could not be written.
    Output(io::Error),
    /// What was asked for makes no sense.
    Usage(String),
}

impl Failure {
    /// A table that cannot be read.
    pub fn data(file: &Path, what: impl fmt::Display) -> Self {
        Self::Data { file: file.display().to_string(), line: None, what: what.to_string(), help: None }
    }

    /// In this line of the data.
    #[must_use]
    pub fn at_line(mut self, number: u64) -> Self {
        if let Self::Data { line, .. } = &mut self {
            *line = Some(number);
        }
        self
    }

    /// With advice.
    #[must_use]
    pub fn with_help(mut self, advice: impl Into<String>) -> Self {
        if let Self::Data { help, .. } = &mut self {
            *help = Some(advice.into());
        }
        self
    }

    /// Whether the reader of our output went away.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Whether it is the answer to a question, and the answer is no.
    pub fn is_no(&self) -> bool {
        self.code() == "wrong-digest"
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Skiff(error) | Self::Rows { error, .. } => error.code(),
            Self::Data { .. } => "wrong-data",
            Self::Output(_) => "unwritable-output",
            Self::Usage(_) => "usage",
        }
    }

    /// The file, the place in the model, the byte, the row: whatever is known.
    fn place(&self) -> Vec<String> {
        match self {
            Self::Skiff(error) => {
                let file = error.file().map(|file| file.display().to_string());
                let byte = error.offset().map(|offset| format!("byte {offset}"));
                let row = error.row().map(|row| format!("row {row}"));
                let model_path = error.model_path().map(str::to_owned);
                [file, model_path, byte, row].into_iter().flatten().collect()
            }
            Self::Rows { error, file, start } => {
                let row = error.row().map(|row| format!("row {}, counted from 0", start + row));
                [Some(file.clone()), row].into_iter().flatten().collect()
            }
            Self::Data { file, line, .. } => {
                [Some(file.clone()), line.map(|line| format!("line {line}"))].into_iter().flatten().collect()
            }
            Self::Output(_) | Self::Usage(_) => Vec::new(),
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Skiff(error) | Self::Rows { error, .. } => error.help(),
            Self::Data { help, .. } => help.clone(),
            Self::Output(_) | Self::Usage(_) => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skiff(error) | Self::Rows { error, .. } => f.write_str(&error.message()),
            Self::Data { what, .. } | Self::Usage(what) => f.write_str(what),
            Self::Output(error) => write!(f, "cannot write the output: {error}"),
        }
    }
}

impl From<skiff::Error> for Failure {
    fn from(error: skiff::Error) -> Self {
        Self::Skiff(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Prints a failure to standard error.
pub fn print(failure: &Failure, format: Format) {
    let place = failure.place();
    let text = match format {
        Format::Text => {
            let mut text = format!("error[{}]: {failure}\n", failure.code());
            if !place.is_empty() {
                text += &format!("  --> {}\n", place.join(", "));
            }
            if let Some(help) = failure.help() {
                text += &format!("help: {help}\n");
            }
            text
        }
        Format::Json => {
            let json = json!({
                "code": failure.code(), "message": failure.to_string(), "place": place, "help": failure.help(),
            });
            format!("{json}\n")
        }
    };
    // When standard error is gone, nobody is left to be told.
    let _ = io::stderr().write_all(text.as_bytes());
}
