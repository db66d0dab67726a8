//! The arguments of the command.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Run SQL over Parquet, CSV, JSON and Arrow files, with predictions of scikit-learn's models
///
/// skiff_predict('model.joblib', a, b), skiff_predict_proba(…), skiff_transform(…), … are the methods of a model for its
/// columns in order; the model may be a version in a registry: 's3://bucket/models/churn@production'.
#[derive(Debug, Parser)]
#[command(name = "skiff-sql", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(flatten)]
    pub query: Query,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// A part of a cluster.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run Ballista's scheduler
    Scheduler(Box<Scheduler>),
    /// Run an executor of Ballista
    Executor(Box<Executor>),
}

/// What to run, and where the result goes.
#[derive(Args, Debug)]
pub struct Query {
    /// The statements, separated by `;`; the result is that of the last
    ///
    /// A table is a path in quotes: FROM 'data/*.parquet'.
    #[arg(required = true)]
    pub sql: Option<String>,
    /// Write the result to a file, which appears when it is complete; without this, to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The format of the result, by default that of the ending of FILE (.csv, .parquet, .arrow), or a table
    #[arg(long)]
    pub format: Option<Format>,
    /// How many rows of a table are printed
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub rows: usize,
    /// Run in the cluster of this scheduler: df://host:50050
    #[arg(long, value_name = "URL")]
    pub scheduler: Option<String>,
    /// How many threads are used, by default one for each core
    #[arg(long, value_name = "N", env = "SKIFF_NUM_THREADS")]
    pub threads: Option<NonZeroUsize>,
    #[command(flatten)]
    pub trust: Trusting,
}

/// Which models are opened.
#[derive(Args, Debug)]
pub struct Trusting {
    /// Open only models that are signed with the key in this PEM file, by the signature of the registry or in MODEL.sig
    #[arg(long, value_name = "KEY", env = "SKIFF_REGISTRY_KEY")]
    pub require_signature: Option<PathBuf>,
}

/// The formats of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    Csv,
    Parquet,
    /// An Arrow file; to standard output a stream
    Arrow,
}

/// Options of the scheduler.
#[derive(Args, Debug)]
pub struct Scheduler {
    #[command(flatten)]
    pub trust: Trusting,
    #[command(flatten)]
    pub options: ballista_scheduler::config::Config,
}

/// Options of an executor.
#[derive(Args, Debug)]
pub struct Executor {
    #[command(flatten)]
    pub trust: Trusting,
    #[command(flatten)]
    pub options: ballista_executor::config::Config,
}
