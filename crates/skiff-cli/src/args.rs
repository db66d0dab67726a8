//! The command line: every flag, once.

pub mod keys;
mod model;
mod predict;
mod values;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use skiff::Compression;

use keys::{Decrypt, Encrypt, IdentityArguments, Keygen, RecipientArguments, Sign, SignatureArguments};

pub use model::{LimitArguments, OpenArguments};
pub use predict::{AnswerFormat, DataFormat, Dtype, Predict};
pub use values::similar;

/// Open, inspect and run scikit-learn models without Python and without running anything in them.
#[derive(Debug, Parser)]
#[command(name = "skiff", version, max_term_width = 100)]
pub struct Arguments {
    /// How errors are printed.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", display_order = 900)]
    pub errors: Format,
    /// How many threads compute at a time: as many as there are cores, unless this or SKIFF_NUM_THREADS says so.
    #[arg(long, global = true, value_name = "COUNT", display_order = 901)]
    pub threads: Option<NonZeroUsize>,
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Predict for the rows of a table as scikit-learn would.
    Predict(Box<Predict>),
    /// Show what is in a model file.
    Inspect(Inspect),
    /// Write a model as another kind of file.
    #[command(after_help = convert_help())]
    Convert(Convert),
    /// Check that a .skiff file was not modified, and that its model still gives the answers recorded in it: exit status 0
    /// when all is as it was, 1 when something is not, 2 when not all of it could be checked. With a key or
    /// certificates, check its signature, or that of a folder.
    Verify(Verify),
    /// Sign a model, a file or a folder, with an OpenSSF Model Signing signature.
    Sign(Sign),
    /// Make a signing key, or an identity that decrypts.
    Keygen(Keygen),
    /// Encrypt a file with age: for the owners of keys, or with a passphrase.
    Encrypt(Encrypt),
    /// Decrypt a file to the disk. Models need not be decrypted for use: --identity opens them in memory.
    Decrypt(Decrypt),
    /// Show the operations that a model's method does.
    Plan(Plan),
    /// Show a pickle's opcodes, without running them.
    Disassemble(Disassemble),
    /// Tell what loading files in Python would do: exit status 0 when all are models and nothing else, 1 when one is
    /// not, 2 when one could not be read.
    Scan(Scan),
    /// List the supported estimators, or show the page of one.
    Supported(Supported),
    /// Print a script that completes commands and options in a shell.
    Completions(Completions),
    /// Print the manual page, or write those of all commands to a folder.
    Man(Man),
    /// Print the version.
    Version,
}

/// `skiff inspect`
#[derive(Debug, Args)]
pub struct Inspect {
    /// The model file, or - for standard input.
    pub model: PathBuf,
    /// How to show it.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: InspectFormat,
    #[command(flatten)]
    pub open: OpenArguments,
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
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
    /// Compress the new file with a codec (see below), at a level from 0 to 9. The name of a pickle or joblib file may
    /// say so instead: .joblib.gz.
    #[arg(long, value_name = "CODEC[:LEVEL]")]
    pub compress: Option<Compression>,
    /// The pickle protocol of the new file, 2 to 5; 4 when none is named.
    #[arg(long, value_name = "N")]
    pub protocol: Option<i64>,
    /// What to write to standard output: an extension, such as skops or joblib.xz.
    #[arg(long, value_name = "EXTENSION")]
    pub to: Option<String>,
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
    /// How to show what was found.
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
    /// The method whose operators to show; without it, those of every method.
    #[arg(long, short, value_name = "NAME", value_parser = values::method)]
    pub method: Option<skiff::Method>,
    /// Show the dtypes, shapes and names of what each method takes and returns instead.
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
    /// Files, folders (with all that is in them), or - for standard input.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// How to show the verdicts.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ScanFormat,
    /// In folders, count files that are not model files at all (texts, pictures, …) as unknown instead of skipping them.
    #[arg(long)]
    pub strict: bool,
    /// No progress bar.
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
    /// The estimator: `LogisticRegression`, or its whole path.
    pub class: Option<String>,
    /// How to show it.
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
    /// A folder that exists, to write skiff.1, skiff-predict.1, … to; without it, skiff.1 to standard output.
    pub folder: Option<PathBuf>,
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_agree_with_each_other() {
        Arguments::command().debug_assert();
    }
}
