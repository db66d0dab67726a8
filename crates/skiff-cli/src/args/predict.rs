//! The flags of `skiff predict`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use skiff::{Method, Scalar};

use super::model::OpenArguments;
use super::values;

/// `skiff predict`
#[derive(Debug, Args)]
pub struct Predict {
    /// The model file, or - for standard input.
    pub model: PathBuf,
    /// The rows: .csv, .tsv, .jsonl, .json, .npy, .npz (scipy sparse), .txt (a document a line), the texts also with .gz,
    /// or - for standard input.
    pub data: PathBuf,
    /// The method: predict, predict_proba, decision_function, transform, …
    #[arg(long, short, default_value = "predict", value_name = "NAME", value_parser = values::method)]
    pub method: Method,
    /// A keyword argument of the method, as in Python: `n_neighbors=3`, `return_std=True`.
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::parameter)]
    pub param: Vec<(String, Scalar)>,
    /// Where to write; the extension decides: .csv, .jsonl, .npy. Without it, or with -, CSV to standard output. A file
    /// that exists is replaced when all is written, unless it is the model or the data.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What to write, whatever the output's name says.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<AnswerFormat>,
    /// Replace the model or the data by the output.
    #[arg(long)]
    pub force: bool,
    /// Columns of the data to write next to the answers, separated by commas.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub keep: Vec<String>,
    /// No progress bar.
    #[arg(long, short)]
    pub quiet: bool,
    #[command(flatten)]
    pub data_options: DataArguments,
    #[command(flatten)]
    pub open: OpenArguments,
}

/// How the data is read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading the data")]
pub struct DataArguments {
    /// What the data is, whatever its name says; standard input is csv unless this says otherwise.
    #[arg(long, value_name = "FORMAT")]
    pub data_format: Option<DataFormat>,
    /// The columns that the model takes, in its order, separated by commas; needed where the model recorded no names and
    /// the data has others. With --no-header, the names of the data's columns.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// The CSV has no header line.
    #[arg(long)]
    pub no_header: bool,
    /// What is between two cells of the CSV: a character, or `tab`.
    #[arg(long, value_name = "CHARACTER", value_parser = values::delimiter)]
    pub delimiter: Option<u8>,
    /// What is between the whole part of a number and its fraction in the CSV.
    #[arg(long, value_name = "CHARACTER", default_value = ".", value_parser = values::decimal)]
    pub decimal: u8,
    /// What a column is read as, where the model does not say it right: `zip=str`, `age=float`.
    #[arg(long, value_name = "COLUMN=TYPE", value_parser = values::dtype)]
    pub dtype: Vec<(String, Dtype)>,
}

/// The types that a column can be read as, by the names that pandas has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dtype {
    /// Text; a missing cell is NaN.
    #[value(alias = "string", alias = "object")]
    Str,
    /// `float64`; a missing cell is NaN.
    #[value(alias = "float64")]
    Float,
    /// `int64`, without missing cells.
    #[value(alias = "int64")]
    Int,
    /// `bool`, without missing cells.
    Bool,
    /// Text, as pandas reads the categories of a file.
    Category,
    /// Dates and times, `2024-05-31` or `2024-05-31T12:30:00`.
    #[value(alias = "datetime64", alias = "date")]
    Datetime,
    /// Whatever pandas makes of the whole column.
    Infer,
}

/// What answers are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnswerFormat {
    /// Comma-separated values with a header line.
    Csv,
    /// A JSON object on each line.
    Jsonl,
    /// A numpy array; to a file only.
    Npy,
}

/// Writes the list of data formats once: the enum, and the extensions of each.
macro_rules! data_formats {
    ($($(#[$doc:meta])* $format:ident = $($extension:literal)|+,)*) => {
        /// The formats of tables.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
        pub enum DataFormat {
            $($(#[$doc])* $format,)*
        }

        impl DataFormat {
            /// The format of a file with this extension.
            pub fn of_extension(extension: &str) -> Option<Self> {
                match extension {
                    $($($extension)|+ => Some(Self::$format),)*
                    _ => None,
                }
            }

            /// All extensions, for messages.
            pub fn extensions() -> String {
                let all = [$($(concat!(".", $extension)),+),*];
                format!("{} or {}", all[..all.len() - 1].join(", "), all[all.len() - 1])
            }
        }
    };
}

data_formats! {
    /// Comma-separated values with a header line.
    Csv = "csv",
    /// Tab-separated values with a header line.
    Tsv = "tsv" | "tab",
    /// A JSON object, array or string a line.
    Jsonl = "jsonl" | "ndjson",
    /// A JSON array of such.
    Json = "json",
    /// A numpy array.
    Npy = "npy",
    /// A scipy sparse matrix, or one array.
    Npz = "npz",
    /// A document a line.
    Text = "txt",
}
