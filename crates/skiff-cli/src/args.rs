//! The command line: every flag, once.

mod export;
mod format;
mod image;
pub mod keys;
mod model;
mod predict;
pub mod rebuild;
pub mod registry;
mod serve;
mod slim;
mod values;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use skiff::{Compression, ExportTarget, Method};

use keys::{Decrypt, Encrypt, IdentityArguments, Keygen, RecipientArguments, Sign, SignatureArguments};

pub use export::Export;
pub use format::Format;
pub use image::{Image, ImageFormat};
pub use model::{LimitArguments, OpenArguments};
pub use predict::{AnswerFormat, DataFormat, Dtype, Predict};
pub use rebuild::{Rebuild, Requirement};
pub use serve::Serve;
pub use slim::{LossyArguments, Slim};
pub use values::similar;

/// Open, inspect and run scikit-learn models without Python and without running any code in them.
#[derive(Debug, Parser)]
#[command(name = "skiff", version, max_term_width = 100)]
pub struct Arguments {
    /// How errors are printed.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", display_order = 900)]
    pub errors: Format,
    /// The number of threads; by default SKIFF_NUM_THREADS, or the number of cores.
    #[arg(long, global = true, value_name = "COUNT", display_order = 901, value_parser = values::count)]
    pub threads: Option<NonZeroUsize>,
    /// Require every model from a registry to be signed with this public key, in PEM [default: SKIFF_REGISTRY_KEY].
    #[arg(long, global = true, value_name = "FILE", display_order = 902)]
    pub require_signature: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Predict for the rows of a table as scikit-learn would.
    Predict(Box<Predict>),
    /// Show the content of a model file.
    Inspect(Inspect),
    /// Compare two model files: exit status 0 if their models are the same, 1 if something differs.
    Diff(Diff),
    /// Serve models over HTTP: Open Inference Protocol V2, KServe V1, MLflow's and SageMaker's scoring protocol.
    Serve(Box<Serve>),
    /// Convert a model to another file format.
    #[command(after_help = convert_help())]
    Convert(Convert),
    /// Write a smaller file for the same model: without what only training needs, in narrower numbers, compressed.
    Slim(Box<Slim>),
    /// Export a model's methods to another runtime.
    #[command(after_help = export_help())]
    Export(Export),
    /// Verify that a .skiff file was not modified, and that its model still predicts the recorded results: exit status 0
    /// if everything matches, 1 if something differs, 2 if not everything could be checked. With a key or
    /// certificates, verify its signature, or that of a folder.
    Verify(Verify),
    /// Train a model again from the source, the data and the versions in its passport: exit status 0 if it is the same to the
    /// last bit or its scores are in the recorded range, 1 if they are not. This runs code: it lists what, and asks.
    Rebuild(Box<Rebuild>),
    /// Keep versions of models in a folder or an object store, with aliases and their history. Every command takes
    /// URL/NAME@ALIAS in place of a model file.
    Registry(registry::Registry),
    /// Write a container image that serves a model, or a Kubernetes manifest or systemd unit.
    Image(Box<Image>),
    /// Sign a model, a file or a folder, with an OpenSSF Model Signing signature.
    Sign(Sign),
    /// Generate a signing key, or an age identity for decryption.
    Keygen(Keygen),
    /// Encrypt a file with age, for recipients' keys or with a passphrase.
    Encrypt(Encrypt),
    /// Decrypt a file to disk. Models need not be decrypted before use: --identity opens them in memory.
    Decrypt(Decrypt),
    /// Show the operators of a model's methods, or their signatures.
    Plan(Plan),
    /// Run SQL over files with models' predictions as functions, by the program skiff-sql, which is built by itself.
    #[command(disable_help_flag = true)]
    Sql(Sql),
    /// Print a pickle's opcodes, without running them.
    Disassemble(Disassemble),
    /// Report what loading files in Python would do: exit status 0 if all are models, 1 if one is
    /// not, 2 if one could not be read.
    Scan(Scan),
    /// List the supported estimators, or show the documentation of one.
    Supported(Supported),
    /// Print a shell completion script.
    Completions(Completions),
    /// Print the manual page, or write those of all commands to a folder.
    Man(Man),
    /// Print the version.
    Version,
}

/// A model among the arguments: a file, or its address in a registry.
#[derive(Debug)]
pub enum ModelArgument<'a> {
    /// A path.
    Path(&'a mut PathBuf),
    /// An argument of `skiff serve`, and the name in it, if there is one.
    Served(&'a mut String, Option<String>),
}

impl ModelArgument<'_> {
    /// The path or address, if it is text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Path(path) => path.to_str(),
            Self::Served(argument, None) => Some(argument),
            Self::Served(argument, Some(name)) => argument.get(name.len() + 1..),
        }
    }
}

impl Command {
    /// The models that the command opens, which may be in a registry; not those that it writes something next to.
    pub fn models(&mut self) -> Vec<ModelArgument<'_>> {
        let path = match self {
            Self::Predict(command) => &mut command.model,
            Self::Inspect(command) => &mut command.model,
            Self::Convert(command) => &mut command.input,
            Self::Slim(command) => &mut command.model,
            Self::Export(command) => &mut command.model,
            Self::Verify(command) => &mut command.model,
            Self::Rebuild(command) => &mut command.model,
            Self::Plan(command) => &mut command.model,
            Self::Image(command) => &mut command.model,
            Self::Disassemble(command) => &mut command.model,
            Self::Diff(command) => {
                return [&mut command.first, &mut command.second].map(ModelArgument::Path).into();
            }
            Self::Scan(command) => return command.paths.iter_mut().map(ModelArgument::Path).collect(),
            Self::Serve(command) => {
                // A name has no colon or slash, which addresses have.
                let name = |argument: &str| {
                    let (name, _) = argument.split_once('=')?;
                    (!name.contains([':', '/'])).then(|| name.to_owned())
                };
                let served = command.models.iter_mut().map(|argument| {
                    let name = name(argument);
                    ModelArgument::Served(argument, name)
                });
                return served.collect();
            }
            Self::Registry(_)
            | Self::Sign(_)
            | Self::Keygen(_)
            | Self::Encrypt(_)
            | Self::Decrypt(_)
            | Self::Sql(_)
            | Self::Supported(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::Version => return Vec::new(),
        };
        vec![ModelArgument::Path(path)]
    }
}

/// `skiff sql`
#[derive(Debug, Args)]
pub struct Sql {
    /// The arguments of skiff-sql: a query, `--help`, …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    pub arguments: Vec<OsString>,
}

/// `skiff inspect`
#[derive(Debug, Args)]
pub struct Inspect {
    /// The model file, or - for standard input.
    pub model: PathBuf,
    /// The output format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: InspectOutput,
    /// Show all hyperparameters in the text, not only those that do not have scikit-learn's default.
    #[arg(long)]
    pub all: bool,
    /// Also show what loading the file as it is would do in a version of scikit-learn, scikit-learn==1.9.1: with
    /// joblib or pickle, without a conversion.
    #[arg(long = "in", value_name = "scikit-learn==VERSION", value_parser = skiff::ScikitLearn::parse)]
    pub scikit_learn: Option<skiff::ScikitLearn>,
    #[command(flatten)]
    pub open: OpenArguments,
}

/// `skiff diff`
#[derive(Debug, Args)]
pub struct Diff {
    /// The first model file, of any supported format, or - for standard input.
    pub first: PathBuf,
    /// The second model file.
    pub second: PathBuf,
    /// The output format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: InspectFormat,
    /// Show all differences: otherwise those of each kind are shown as far as they fit on a screen.
    #[arg(long)]
    pub all: bool,
    /// Take arrays for the same whose elements differ by at most 1e-8 + 1e-5 · |second|.
    #[arg(long)]
    pub close: bool,
    #[command(flatten)]
    pub open: OpenArguments,
}

/// What `skiff convert` writes, from the one list of it.
fn convert_help() -> String {
    let (formats, targets) = (skiff::targets_help(), export_targets());
    format!("The output's extension selects the format:\n{formats}or, as `skiff export`, a runtime:\n{targets}")
}

/// What `skiff export` writes.
fn export_help() -> String {
    format!("The output's extension selects the target:\n{}", export_targets())
}

/// The targets of exports and their extensions, one per line.
fn export_targets() -> String {
    ExportTarget::all().map(|target| format!("  .{}: {}\n", target.extension(), target.about())).collect()
}

/// `skiff convert`
#[derive(Debug, Args)]
pub struct Convert {
    /// The model file, of any supported format, or - for standard input.
    pub input: PathBuf,
    /// The output file, whose extension selects the format, or - for standard output.
    pub output: PathBuf,
    /// Overwrite an existing file.
    #[arg(long)]
    pub force: bool,
    /// Write the model for another version of scikit-learn, scikit-learn==1.9.1: it loads there and predicts the same.
    #[arg(long = "for", value_name = "scikit-learn==VERSION", value_parser = skiff::ScikitLearn::parse)]
    pub scikit_learn: Option<skiff::ScikitLearn>,
    /// Compress the output with a codec (see below), optionally with a level. The name of a pickle or joblib file may
    /// select it instead: .joblib.gz.
    #[arg(long, value_name = "CODEC[:LEVEL]")]
    pub compress: Option<Compression>,
    /// The pickle protocol of the output, 2 to 5 [default: 4].
    #[arg(long, value_name = "N")]
    pub protocol: Option<i64>,
    /// The format of standard output, as an extension: skops, joblib.xz, …; or mlflow, for which the output is a folder
    /// that mlflow.pyfunc loads through skiff.
    #[arg(long, value_name = "EXTENSION")]
    pub to: Option<String>,
    /// The methods to export, where the output is for another runtime, separated by commas: all that can be exported,
    /// unless this names some. For MLflow, the one that predict of its model asks.
    #[arg(long, short, value_name = "NAMES", value_delimiter = ',', value_parser = values::method)]
    pub method: Vec<Method>,
    #[command(flatten)]
    pub recipients: RecipientArguments,
    #[command(flatten)]
    pub identity: IdentityArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// `skiff verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// The model file, a signed folder, or - for standard input.
    pub model: PathBuf,
    /// The output format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    pub signature: SignatureArguments,
    #[command(flatten)]
    pub open: OpenArguments,
}

/// `skiff plan`
#[derive(Debug, Args)]
pub struct Plan {
    /// The model file, or - for standard input.
    pub model: PathBuf,
    /// The method to show [default: all].
    #[arg(long, short, value_name = "NAME", value_parser = values::method)]
    pub method: Option<Method>,
    /// Show the dtypes, shapes and names of each method's input and output instead.
    #[arg(long)]
    pub signature: bool,
    #[command(flatten)]
    pub open: OpenArguments,
}

/// `skiff disassemble`
#[derive(Debug, Args)]
pub struct Disassemble {
    /// The file, which is decompressed first, or - for standard input.
    pub model: PathBuf,
    #[command(flatten)]
    pub identity: IdentityArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// `skiff scan`
#[derive(Debug, Args)]
pub struct Scan {
    /// Files, folders (recursively), or - for standard input.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// The output format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ScanFormat,
    /// In folders, report files that are not model files (text, images, …) as unknown instead of skipping them.
    #[arg(long)]
    pub strict: bool,
    /// Do not show a progress bar.
    #[arg(long, short)]
    pub quiet: bool,
    #[command(flatten)]
    pub identity: IdentityArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// `skiff supported`
#[derive(Debug, Args)]
pub struct Supported {
    /// The estimator: `LogisticRegression`, or its full path.
    pub class: Option<String>,
    /// List what is exported to this target, and which methods: onnx.
    #[arg(long, value_name = "TARGET", value_parser = values::export_target, conflicts_with = "class")]
    pub target: Option<ExportTarget>,
    /// The output format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `skiff completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    pub shell: Shell,
}

/// `skiff man`
#[derive(Debug, Args)]
pub struct Man {
    /// An existing folder for skiff.1, skiff-predict.1, …; by default skiff.1 is written to standard output.
    pub folder: Option<PathBuf>,
}

/// An output format of `skiff inspect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InspectOutput {
    /// Text.
    Text,
    /// For programs.
    Json,
    /// An HTML page, in one file.
    Html,
    /// A model card: Markdown with front matter, as model hubs read it.
    Card,
    /// A bill of materials: CycloneDX 1.6, with a model card.
    Cyclonedx,
}

/// An output format for the content of a model file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InspectFormat {
    /// Text.
    Text,
    /// For programs.
    Json,
    /// An HTML page, in one file.
    Html,
}

/// An output format for verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScanFormat {
    /// Text.
    Text,
    /// For programs.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_agree_with_each_other() {
        Arguments::command().debug_assert();
    }
}
