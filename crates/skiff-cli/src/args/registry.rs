//! The flags of `skiff registry`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Format;
use super::model::LimitArguments;

/// `skiff registry`
#[derive(Debug, Args)]
pub struct Registry {
    #[command(subcommand)]
    pub command: RegistryCommand,
}

/// What to do with a registry.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Make a registry, if its store creates an object for one writer only.
    Init(Init),
    /// Make a file the next version of a model: 1, 2, …
    Push(Box<Push>),
    /// Push the versions of MLflow's registry or of W&B's artifacts in a folder, and set their aliases: exit status 1 if something was left out.
    Import(Import),
    /// Write a version to a file, and its signature next to it.
    Pull(Pull),
    /// List the models.
    List(List),
    /// Show the versions and aliases of a model, or one version.
    Show(Show),
    /// Set an alias to a version.
    Alias(Alias),
    /// Set an alias back to what it was before its last change.
    Rollback(Rollback),
    /// Show the history of a model's aliases, or which version one had at a time.
    Log(Log),
    /// Compare two versions: their files, and what their passports say.
    Diff(Diff),
    /// Show what a version was made from, and what was made from it.
    Lineage(Lineage),
    /// Remove the blobs that no version has: what pushes left that were killed.
    Gc(Gc),
    /// Read every object: exit status 0 if all are what they must be, 1 if one is not.
    Verify(VerifyRegistry),
}

/// `skiff registry init`
#[derive(Debug, Args)]
pub struct Init {
    /// A folder, which is made if it is missing, or s3://BUCKET/FOLDER, gs://…, az://… An OCI registry, oci://…, needs none.
    pub url: String,
    /// How old a blob must be to be removed if no version has it, in seconds; longer than any push takes.
    #[arg(long, value_name = "SECONDS", default_value = "86400")]
    pub grace: u64,
}

/// `skiff registry push`
#[derive(Debug, Args)]
pub struct Push {
    /// The model file. Its signature is pushed too, if there is a MODEL.sig next to it.
    pub model: PathBuf,
    /// The registry and the name of the model: URL/NAME.
    #[arg(value_name = "URL/NAME")]
    pub address: String,
    /// The signature file [default: MODEL.sig, if there is one].
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
    /// Set this alias to the new version.
    #[arg(long, value_name = "ALIAS")]
    pub alias: Vec<String>,
    /// A version in the same registry that this one was made from: churn:2, churn@production.
    #[arg(long, value_name = "NAME:VERSION")]
    pub parent: Vec<String>,
    /// Push a file that skiff does not open as a model, such as an export or an encrypted model.
    #[arg(long)]
    pub as_is: bool,
    #[command(flatten)]
    pub change: ChangeArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// `skiff registry import`
#[derive(Debug, Args)]
pub struct Import {
    /// MLflow's folder, mlruns, or that of W&B's artifacts, with a folder NAME:v3 for each version.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// The registry.
    pub url: String,
    /// Only this model.
    #[arg(long, value_name = "NAME")]
    pub model: Vec<String>,
    #[command(flatten)]
    pub change: ChangeArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// `skiff registry pull`
#[derive(Debug, Args)]
pub struct Pull {
    /// The version: URL/NAME@ALIAS, URL/NAME:3 or URL/NAME@sha256:…
    #[arg(value_name = "URL/NAME@ALIAS")]
    pub address: String,
    /// The file to write. The signature becomes OUT.sig.
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// Overwrite existing files.
    #[arg(long)]
    pub force: bool,
}

/// `skiff registry list`
#[derive(Debug, Args)]
pub struct List {
    /// The registry.
    pub url: String,
    /// The output format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `skiff registry show`
#[derive(Debug, Args)]
pub struct Show {
    /// A model, URL/NAME, or a version, URL/NAME@ALIAS.
    #[arg(value_name = "URL/NAME[@ALIAS]")]
    pub address: String,
    /// The output format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `skiff registry alias`
#[derive(Debug, Args)]
pub struct Alias {
    /// The model.
    #[arg(value_name = "URL/NAME")]
    pub address: String,
    /// The alias: production.
    pub alias: String,
    /// The version.
    #[arg(required_unless_present = "remove")]
    pub version: Option<u64>,
    /// Remove the alias; its history remains.
    #[arg(long, conflicts_with = "version")]
    pub remove: bool,
    /// Only if the alias is at this version, or, for 0, does not exist.
    #[arg(long, value_name = "VERSION")]
    pub expect: Option<u64>,
    #[command(flatten)]
    pub change: ChangeArguments,
}

/// `skiff registry rollback`
#[derive(Debug, Args)]
pub struct Rollback {
    /// The model.
    #[arg(value_name = "URL/NAME")]
    pub address: String,
    /// The alias: production.
    pub alias: String,
    /// Only if the alias is at this version.
    #[arg(long, value_name = "VERSION")]
    pub expect: Option<u64>,
    #[command(flatten)]
    pub change: ChangeArguments,
}

/// Who changes something, and why.
#[derive(Debug, Args)]
pub struct ChangeArguments {
    /// Why, for the history.
    #[arg(long, value_name = "TEXT")]
    pub why: Option<String>,
    /// Who, for the history [default: SKIFF_AUTHOR, or the name of the user].
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Nobody else writes to this model meanwhile: needed to write to an OCI registry, which cannot keep writers apart.
    #[arg(long)]
    pub single_writer: bool,
}

/// `skiff registry log`
#[derive(Debug, Args)]
pub struct Log {
    /// The model.
    #[arg(value_name = "URL/NAME")]
    pub address: String,
    /// The alias [default: all].
    pub alias: Option<String>,
    /// Which version the alias had at this time, UTC: 2026-11-25 or 2026-11-25T15:09:04Z.
    #[arg(long, value_name = "TIME", requires = "alias")]
    pub at: Option<String>,
    /// The output format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `skiff registry diff`
#[derive(Debug, Args)]
pub struct Diff {
    /// A version.
    #[arg(value_name = "URL/NAME@ALIAS")]
    pub old: String,
    /// Another one: an address, or :4 or @ALIAS of the same model.
    #[arg(value_name = "VERSION")]
    pub new: String,
    /// The output format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `skiff registry lineage`
#[derive(Debug, Args)]
pub struct Lineage {
    /// A version.
    #[arg(value_name = "URL/NAME@ALIAS")]
    pub address: String,
}

/// `skiff registry gc`
#[derive(Debug, Args)]
pub struct Gc {
    /// The registry.
    pub url: String,
    /// Only list what would be removed.
    #[arg(long)]
    pub dry_run: bool,
}

/// `skiff registry verify`
#[derive(Debug, Args)]
pub struct VerifyRegistry {
    /// The registry.
    pub url: String,
    /// The output format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}
