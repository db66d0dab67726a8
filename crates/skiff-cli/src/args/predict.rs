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
    /// The rows: .csv, .tsv, .jsonl, .json, .npy, .npz (scipy sparse), .txt (one document per line), text formats also with .gz,
    /// .zst, .bz2 and .xz, or - for standard input. Of .parquet and .arrow there may be several files, patterns ('data/*.parquet') and folders.
    /// In an object store: s3://BUCKET/PATH, gs://…, az://…
    #[arg(required = true)]
    pub data: Vec<PathBuf>,
    /// The method: predict, predict_proba, decision_function, transform, …
    #[arg(long, short, default_value = "predict", value_name = "NAME", value_parser = values::method)]
    pub method: Method,
    /// A keyword argument of the method, as in Python: `n_neighbors=3`, `return_std=True`.
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::parameter)]
    pub param: Vec<(String, Scalar)>,
    /// The output file, in the format of its extension: .csv, .jsonl, .npy, .parquet, .arrow. By default, or with -, CSV to
    /// standard output. An existing file is replaced when the output is complete, unless it is the model or the data. A
    /// folder (`predictions/`) gets a file for every few row groups; run again after an interrupt, it gets those that it lacks.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The output format, instead of that of the extension.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<AnswerFormat>,
    /// Allow the output to replace the model or the data, and predictions of another model in an output folder.
    #[arg(long)]
    pub force: bool,
    /// Columns of the data to write next to the predictions, separated by commas.
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

/// Options of reading the data.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Reading the data")]
pub struct DataArguments {
    /// The format of the data, instead of that of its extension [default for standard input: csv].
    #[arg(long, value_name = "FORMAT")]
    pub data_format: Option<DataFormat>,
    /// The columns that the model takes, in its order, separated by commas; required if the model recorded no names and
    /// the data has other columns. With --no-header, the names of the data's columns.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// The CSV has no header line.
    #[arg(long)]
    pub no_header: bool,
    /// The delimiter of the CSV: a character, or `tab`.
    #[arg(long, value_name = "CHARACTER", value_parser = values::delimiter)]
    pub delimiter: Option<u8>,
    /// The decimal separator of the CSV.
    #[arg(long, value_name = "CHARACTER", default_value = ".", value_parser = values::decimal)]
    pub decimal: u8,
    /// The type of a column, instead of the one that the model determines: `zip=str`, `age=float`.
    #[arg(long, value_name = "COLUMN=TYPE", value_parser = values::dtype)]
    pub dtype: Vec<(String, Dtype)>,
}

/// The types of columns, with pandas' names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dtype {
    /// Text; a missing value is NaN.
    #[value(alias = "string", alias = "object")]
    Str,
    /// `float64`; a missing value is NaN.
    #[value(alias = "float64")]
    Float,
    /// `int64`, without missing values.
    #[value(alias = "int64")]
    Int,
    /// `bool`, without missing values.
    Bool,
    /// Text, as pandas reads the categories of a file.
    Category,
    /// Dates and times, `2024-05-31` or `2024-05-31T12:30:00`.
    #[value(alias = "datetime64", alias = "date")]
    Datetime,
    /// The type that pandas infers from the whole column.
    Infer,
}

/// The output format of predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnswerFormat {
    /// Comma-separated values with a header line.
    Csv,
    /// One JSON object per line.
    Jsonl,
    /// A numpy array; to a file only.
    Npy,
    /// Parquet.
    Parquet,
    /// An Arrow file, also known as Feather; an Arrow stream to standard output.
    Arrow,
}

/// Defines the data formats: the enum, and the extensions of each.
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
    /// One JSON object, array or string per line.
    Jsonl = "jsonl" | "ndjson",
    /// A JSON array of such.
    Json = "json",
    /// A numpy array.
    Npy = "npy",
    /// A scipy sparse matrix, or one array.
    Npz = "npz",
    /// One document per line.
    Text = "txt",
    /// Parquet.
    Parquet = "parquet" | "pq",
    /// An Arrow file or stream.
    Arrow = "arrow" | "feather" | "ipc" | "arrows",
}
