//! The command line: every flag, once.

pub mod keys;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use skiff::{Compression, Limits, Method, Options, Scalar};

use crate::report::Failure;
use keys::{Decrypt, Encrypt, IdentityArguments, Keygen, RecipientArguments, Sign, SignatureArguments};

/// Open, inspect and run scikit-learn models without Python and without running anything in them.
#[derive(Debug, Parser)]
#[command(name = "skiff", version, max_term_width = 100)]
pub struct Arguments {
    /// How errors are printed.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub errors: Format,
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answer a table of rows as scikit-learn would.
    Predict(Predict),
    /// Show what is in a model file.
    Inspect(Inspect),
    /// Write a model as another kind of file.
    #[command(after_help = convert_help())]
    Convert(Convert),
    /// Tell whether a .skiff file is as it was written, to the last bit, and whether its model answers the rows that were
    /// recorded in it as it did: exit status 0 when all is as it was, 1 when something is not, 2 when not all of it
    /// could be looked at. With a key or certificates, whether its signature, or that of a folder, is right.
    Verify(Verify),
    /// Sign a model, a file or a folder, as OpenSSF Model Signing has it.
    Sign(Sign),
    /// Make a key that signs, or an identity that decrypts.
    Keygen(Keygen),
    /// Encrypt a file by age: for those who hold a key, or know a passphrase.
    Encrypt(Encrypt),
    /// Decrypt a file to the disk. Encrypted models need not be: --identity opens them where they are.
    Decrypt(Decrypt),
    /// Show the steps of a model's method.
    Plan(Plan),
    /// Show a pickle's opcodes, without running them.
    Disassemble(Disassemble),
    /// Tell what loading files in Python would do: exit status 0 when all are models and nothing else, 1 when one is
    /// not, 2 when one could not be read.
    Scan(Scan),
    /// List the estimators that are read, or show the page of one.
    Supported(Supported),
}

/// `skiff predict`
#[derive(Debug, Args)]
pub struct Predict {
    #[command(flatten)]
    pub model: ModelArguments,
    /// The rows: .csv, .tsv, .jsonl, .npy, .npz (scipy sparse), .txt (a document a line), or - for standard input.
    pub data: PathBuf,
    /// The method: predict, predict_proba, decision_function, transform, …
    #[arg(long, short, default_value = "predict", value_name = "NAME")]
    pub method: Method,
    /// A keyword argument of the method, as Python would write it: `n_neighbors=3`, `return_std=True`.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    pub param: Vec<(String, Scalar)>,
    /// Where to write; the extension decides: .csv, .jsonl, .npy. Without it, CSV to standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What standard input holds.
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    pub data_format: DataFormat,
    /// Columns of the data to write beside the answers, separated by commas.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub keep: Vec<String>,
    /// The columns that the model takes, in its order, separated by commas; needed where the model recorded no names
    /// and the data has others.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// The CSV has no header line.
    #[arg(long)]
    pub no_header: bool,
    /// No progress bar.
    #[arg(long, short)]
    pub quiet: bool,
}

/// `skiff inspect`
#[derive(Debug, Args)]
pub struct Inspect {
    #[command(flatten)]
    pub model: ModelArguments,
    /// How to show it.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: InspectFormat,
}

/// What `skiff convert` writes, from the one list of it.
fn convert_help() -> String {
    format!("The output's extension says what is written:\n{}", skiff::targets_help())
}

/// `skiff convert`
#[derive(Debug, Args)]
pub struct Convert {
    /// The model file, of any kind that is read, or - for standard input.
    pub input: PathBuf,
    /// The file to write, whose extension decides, or - for standard output.
    pub output: PathBuf,
    /// Compress the new file: by what it can be compressed by (see below), at a level from 0 to 9. A pickle or joblib's
    /// file may say it by its name instead: .joblib.gz.
    #[arg(long, value_name = "CODEC[:LEVEL]")]
    pub compress: Option<Compression>,
    /// The pickle protocol of the new file, 2 to 5; 4 when none is named.
    #[arg(long, value_name = "N")]
    pub protocol: Option<i64>,
    /// What to write to standard output: an extension, such as skops or joblib.xz.
    #[arg(long, value_name = "EXTENSION")]
    pub to: Option<String>,
    #[command(flatten)]
    pub identity: IdentityArguments,
    #[command(flatten)]
    pub recipients: RecipientArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// `skiff verify`
#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    pub model: ModelArguments,
    #[command(flatten)]
    pub signature: SignatureArguments,
    /// How to show what was found.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `skiff plan`
#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    pub model: ModelArguments,
    /// The method whose steps to show; without it, those of every method.
    #[arg(long, short, value_name = "NAME")]
    pub method: Option<Method>,
}

/// `skiff disassemble`
#[derive(Debug, Args)]
pub struct Disassemble {
    /// The file; compression is taken off first.
    pub model: PathBuf,
    #[command(flatten)]
    pub identity: IdentityArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// `skiff scan`
#[derive(Debug, Args)]
pub struct Scan {
    /// Files, folders (with all that is in them), or - for standard input.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// How to show the verdicts.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ScanFormat,
    /// In folders, count files that are no model files at all (texts, pictures, …) as unknown instead of passing over
    /// them.
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub identity: IdentityArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// `skiff supported`
#[derive(Debug, Args)]
pub struct Supported {
    /// The estimator: `LogisticRegression`, or its whole path.
    pub class: Option<String>,
    /// How to show it.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `name=value`, the value a Python literal: None, True, 3, 0.5, or a string with or without quotes.
fn parameter(text: &str) -> Result<(String, Scalar), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    let value = match value {
        "None" => Scalar::None,
        "True" => Scalar::Bool(true),
        "False" => Scalar::Bool(false),
        _ => match (value.parse(), value.parse()) {
            (Ok(value), _) => Scalar::Int(value),
            (_, Ok(value)) => Scalar::Float(value),
            _ => Scalar::Str(value.trim_matches(['\'', '"']).to_owned()),
        },
    };
    Ok((name.to_owned(), value))
}

/// The model file, and which estimator in it.
#[derive(Debug, Args)]
pub struct ModelArguments {
    /// The model file: pickle, joblib, skops or .skiff, compressed or not.
    pub model: PathBuf,
    /// The estimator's address in a file that holds several things: "[0]", "['model']".
    #[arg(long, value_name = "ADDRESS")]
    pub at: Option<String>,
    #[command(flatten)]
    pub identity: IdentityArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
}

impl ModelArguments {
    /// How to open the file.
    pub fn options(&self) -> Result<Options, Failure> {
        let (limits, identity) = (self.limits.limits(), self.identity.read()?);
        Ok(Options { limits, at: self.at.clone(), identity, ..Options::default() })
    }
}

/// What the file may cost.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArguments {
    /// How many bytes decompression may bring forth.
    #[arg(long, value_name = "BYTES")]
    pub limit_decompressed: Option<u64>,
    /// How many bytes it may bring forth for each byte read.
    #[arg(long, value_name = "TIMES")]
    pub limit_ratio: Option<u64>,
    /// How many values the file may hold.
    #[arg(long, value_name = "COUNT")]
    pub limit_nodes: Option<u64>,
    /// How deep values may nest.
    #[arg(long, value_name = "COUNT")]
    pub limit_depth: Option<u32>,
    /// How many bytes text and numbers may take that do not lie in the file as they are.
    #[arg(long, value_name = "BYTES")]
    pub limit_decoded: Option<u64>,
    /// How many values one pickle may keep in its memo.
    #[arg(long, value_name = "COUNT")]
    pub limit_memo: Option<u64>,
    /// How many bytes one array may take.
    #[arg(long, value_name = "BYTES")]
    pub limit_array: Option<u64>,
    /// How many bytes one answer of the model may take.
    #[arg(long, value_name = "BYTES")]
    pub limit_answer: Option<u64>,
    /// How long reading and checking the file may take.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub limit_time: Option<Duration>,
}

impl LimitArguments {
    /// The limits, with what was asked for.
    pub fn limits(&self) -> Limits {
        let default = Limits::default();
        Limits {
            decompressed: self.limit_decompressed.unwrap_or(default.decompressed),
            ratio: self.limit_ratio.unwrap_or(default.ratio),
            nodes: self.limit_nodes.unwrap_or(default.nodes),
            depth: self.limit_depth.unwrap_or(default.depth),
            decoded: self.limit_decoded.unwrap_or(default.decoded),
            memo: self.limit_memo.unwrap_or(default.memo),
            array: self.limit_array.unwrap_or(default.array),
            answer: self.limit_answer.unwrap_or(default.answer),
            time: self.limit_time.or(default.time),
            deadline: None,
            interrupt: None,
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// How something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How the contents of a model file are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InspectFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// A page for people, in one file.
    Html,
}

/// How verdicts are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScanFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
}

/// The formats of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DataFormat {
    /// Comma-separated values with a header line.
    Csv,
    /// Tab-separated values with a header line.
    Tsv,
    /// A JSON object, array or string a line.
    Jsonl,
    /// A numpy array.
    Npy,
    /// A scipy sparse matrix, or one array.
    Npz,
    /// A document a line.
    Text,
}
