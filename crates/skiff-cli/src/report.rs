//! Errors on standard error: what is wrong, where, and help.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use serde_json::json;
use skiff::{Method, Model};

use crate::args::Format;
use crate::input;
use crate::shown::shown;

/// The result of a command.
pub type Outcome = Result<(), Failure>;

/// The error of a command.
#[derive(Debug)]
pub enum Failure {
    /// An error of the library.
    Skiff(skiff::Error),
    /// A table or another file is wrong, or could not be read or written.
    Data {
        /// The error's code.
        code: &'static str,
        /// The file's name, `-` for standard input.
        file: String,
        /// The wrong line or row, counted from 1, if known.
        line: Option<u64>,
        /// What is wrong.
        what: String,
        /// What the user can do about it.
        help: Option<String>,
    },
    /// The model rejects the rows.
    Rows(Box<RowsFailure>),
    /// The output could not be written.
    Output(io::Error),
    /// Model and data were given in the wrong order.
    Swapped {
        /// What is wrong.
        what: String,
        /// The right order.
        help: String,
    },
    /// The output would overwrite a file.
    Overwrite(String),
    /// The model does not have the method.
    NoMethod {
        /// The library's error.
        error: skiff::Error,
        /// The methods that it has.
        methods: Vec<Method>,
    },
    /// Wrong arguments.
    Usage(String),
}

/// Why the model rejects some rows.
#[derive(Debug)]
pub struct RowsFailure {
    /// The library's error; its row is relative to the block.
    pub error: skiff::Error,
    /// The data's name.
    pub file: String,
    /// The line of a text file that the row begins on; the first line is 1.
    pub line: Option<u64>,
    /// The row of the data, counted from 0.
    pub row: Option<usize>,
    /// The row of the block of rows, counted from 0.
    pub in_block: Option<usize>,
    /// The wrong column.
    pub column: Option<String>,
}

impl Failure {
    /// A table whose content is wrong.
    pub fn data(file: &Path, what: impl fmt::Display) -> Self {
        Self::in_file("wrong-data", file, what)
    }

    /// A file that the system does not let the command read.
    pub fn unreadable(file: &Path, what: impl fmt::Display) -> Self {
        Self::in_file("unreadable-file", file, what)
    }

    /// A file that the system does not let the command write.
    pub fn unwritable(file: &Path, what: impl fmt::Display) -> Self {
        Self::in_file("unwritable-file", file, what)
    }

    /// Parquet or Arrow, for which this command was not built.
    #[cfg(not(feature = "arrow"))]
    pub fn without_arrow() -> Self {
        Self::Usage(
            "this skiff was built without Parquet and Arrow files: `cargo install --path crates/skiff-cli --features full` \
             builds it with them"
                .to_owned(),
        )
    }

    /// An error of a file, with its code.
    pub fn in_file(code: &'static str, file: &Path, what: impl fmt::Display) -> Self {
        Self::Data { code, file: file.display().to_string(), line: None, what: what.to_string(), help: None }
    }

    /// An error of preparing a method; if the model does not have it, with the methods that it has.
    pub fn of_method(error: skiff::Error, model: &Model) -> Self {
        match error.code() {
            "no-such-method" => Self::NoMethod { error, methods: model.methods() },
            _ => Self::Skiff(error),
        }
    }

    /// In this place, for a file that stands for something else.
    #[cfg(feature = "registry")]
    #[must_use]
    pub fn in_place(mut self, place: &str) -> Self {
        if let Self::Data { file, .. } = &mut self {
            place.clone_into(file);
        }
        self
    }

    /// In this line of the data.
    #[must_use]
    pub fn at_line(mut self, number: u64) -> Self {
        if let Self::Data { line, .. } = &mut self {
            *line = Some(number);
        }
        self
    }

    /// With help.
    #[must_use]
    pub fn with_help(mut self, advice: impl Into<String>) -> Self {
        if let Self::Data { help, .. } = &mut self {
            *help = Some(advice.into());
        }
        self
    }

    /// With help, if there is any.
    #[must_use]
    pub fn with_help_if(self, advice: Option<String>) -> Self {
        match advice {
            Some(advice) => self.with_help(advice),
            None => self,
        }
    }

    /// With the column that caused an error of a row, determined by `find`.
    #[must_use]
    pub fn with_column(mut self, find: impl FnOnce(&skiff::Error, usize) -> Option<String>) -> Self {
        if let Self::Rows(rows) = &mut self
            && let Some(row) = rows.in_block
        {
            rows.column = find(&rows.error, row);
        }
        self
    }

    /// For a model that could not be opened: checks whether model and data were given in the wrong order.
    #[must_use]
    pub fn or_swapped(self, model: &Path, data: &Path) -> Self {
        let is_model = || {
            let opened = skiff::File::open(data, &skiff::Options::default());
            opened.is_ok_and(|file| !file.estimators().is_empty())
        };
        match &self {
            Self::Skiff(error) if error.code() == "not-a-model" && is_model() => {
                let (model, data) = (model.display(), data.display());
                let what = format!("`{model}` is not a model file, but `{data}` is one: the model comes first");
                Self::Swapped { what, help: format!("skiff predict {data} {model}") }
            }
            _ => self,
        }
    }

    /// An error of the output, which is this file.
    #[must_use]
    pub fn of_output(self, file: &Path) -> Self {
        match self {
            Self::Output(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Self::in_file("unwritable-output", file, format!("cannot write the output: {error}"))
            }
            _ => self,
        }
    }

    /// Whether the reader of the output closed it.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Whether it is a negative verdict instead of an error.
    pub fn is_no(&self) -> bool {
        self.code() == "wrong-digest"
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Skiff(error) => error.code(),
            Self::Rows(rows) => rows.error.code(),
            Self::NoMethod { error, .. } => error.code(),
            Self::Data { code, .. } => code,
            Self::Output(_) => "unwritable-output",
            Self::Swapped { .. } => "not-a-model",
            Self::Overwrite(_) => "file-exists",
            Self::Usage(_) => "usage",
        }
    }

    /// The file, the path in the model, the byte, the row, as far as known.
    fn place(&self) -> Vec<String> {
        match self {
            Self::Skiff(error) | Self::NoMethod { error, .. } => {
                let file = error.file().map(|file| input::shown(file).display().to_string());
                let byte = error.offset().map(|offset| format!("byte {offset}"));
                let row = error.row().map(|row| format!("row {row}"));
                let model_path = error.model_path().map(str::to_owned);
                [file, model_path, byte, row].into_iter().flatten().collect()
            }
            Self::Rows(rows) => {
                let RowsFailure { file, line, row, column, .. } = &**rows;
                let row = match line {
                    Some(line) => Some(format!("line {line}")),
                    None => row.map(|row| format!("row {row}, counted from 0")),
                };
                let column = column.as_ref().map(|column| format!("column `{column}`"));
                [Some(file.clone()), row, column].into_iter().flatten().collect()
            }
            Self::Data { file, line, .. } => {
                [Some(file.clone()), line.map(|line| format!("line {line}"))].into_iter().flatten().collect()
            }
            Self::Swapped { .. } | Self::Output(_) | Self::Overwrite(_) | Self::Usage(_) => Vec::new(),
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Skiff(error) => error.help(),
            Self::Rows(rows) => rows.error.help(),
            Self::Data { help, .. } => help.clone(),
            Self::NoMethod { methods, .. } if methods.is_empty() => None,
            Self::NoMethod { methods, .. } => {
                let names: Vec<_> = methods.iter().map(|method| method.name()).collect();
                Some(format!("it has `{}`", names.join("`, `")))
            }
            Self::Swapped { help, .. } => Some(help.clone()),
            Self::Overwrite(_) => Some("`--force` overwrites it".to_owned()),
            Self::Output(_) | Self::Usage(_) => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skiff(error) | Self::NoMethod { error, .. } => f.write_str(&error.message()),
            Self::Rows(rows) => f.write_str(&rows.error.message()),
            Self::Data { what, .. } | Self::Swapped { what, .. } | Self::Overwrite(what) | Self::Usage(what) => {
                f.write_str(what)
            }
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

/// Prints a note to standard error.
pub fn note(text: &str) {
    let _ = io::stderr().write_all(format!("note: {}\n", shown(text)).as_bytes());
}

/// Prints a failure to standard error.
pub fn print(failure: &Failure, format: Format) {
    let place = failure.place();
    let text = match format {
        Format::Text => {
            let mut text = format!("error[{}]: {}\n", failure.code(), shown(&failure.to_string()));
            if !place.is_empty() {
                text += &format!("  --> {}\n", shown(&place.join(", ")));
            }
            if let Some(help) = failure.help() {
                let lines: Vec<_> = help.lines().map(shown).collect();
                text += &format!("help: {}\n", lines.join("\n"));
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
    // If standard error is closed, the error cannot be reported.
    let _ = io::stderr().write_all(text.as_bytes());
}
