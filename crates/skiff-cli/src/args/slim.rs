//! The flags of `skiff slim`.

use std::path::PathBuf;

use clap::Args;
use skiff::slim::{Lossy, Precision, Pruning};
use skiff::{Compression, ConvertOptions};

use super::keys::{IdentityArguments, RecipientArguments};
use super::model::LimitArguments;
use super::predict::DataArguments;
use super::{Format, values};
use crate::report::Failure;

/// `skiff slim`
#[derive(Debug, Args)]
pub struct Slim {
    /// The model file, of any supported format, or - for standard input.
    pub model: PathBuf,
    /// The output file, whose extension selects the format: .skiff, .pkl, .joblib, .skops.
    pub output: PathBuf,
    /// The format of the report.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Overwrite an existing file.
    #[arg(long)]
    pub force: bool,
    /// Compress the output with a codec, optionally with a level [default: the best of the format: zstd:19 for a .skiff,
    /// xz:6 for a .joblib, deflate:9 for a .skops]. The output's name may select it instead: .joblib.lz4.
    #[arg(long, value_name = "CODEC[:LEVEL]")]
    pub compress: Option<Compression>,
    /// The pickle protocol of the output, 2 to 5 [default: 4].
    #[arg(long, value_name = "N")]
    pub protocol: Option<i64>,
    #[command(flatten)]
    pub lossy: LossyArguments,
    #[command(flatten)]
    pub data_options: DataArguments,
    #[command(flatten)]
    pub recipients: RecipientArguments,
    #[command(flatten)]
    pub identity: IdentityArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// What may change the answers, and what is measured of it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Smaller with other answers")]
pub struct LossyArguments {
    /// Round learned numbers to float32: coefficients, weights, components, support vectors, values of regression trees.
    #[arg(long, conflicts_with_all = ["float16", "quantize"])]
    pub float32: bool,
    /// Round learned numbers to float16.
    #[arg(long, conflicts_with = "quantize")]
    pub float16: bool,
    /// Round learned numbers to 8 bits: multiples of a power of two, for each row of an array.
    #[arg(long, value_name = "8", value_parser = values::bits)]
    pub quantize: Option<u8>,
    /// Keep the first N trees of ensembles, 50; or prune trees by cost-complexity, 0.001, as ccp_alpha of scikit-learn.
    #[arg(long, value_name = "N|ALPHA", value_parser = values::pruning)]
    pub prune_trees: Option<Pruning>,
    /// Make leaves of all nodes of trees at this depth.
    #[arg(long, value_name = "DEPTH")]
    pub max_depth: Option<usize>,
    /// Set the coefficients of linear models to zero but those of the K features with the greatest ones.
    #[arg(long, value_name = "K")]
    pub top_features: Option<usize>,
    /// Rows to measure the change on, in any format of `skiff predict` [default: the recorded rows of a .skiff].
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// The column of the data with the targets: accuracy or R², before and after.
    #[arg(long, value_name = "COLUMN", requires = "data")]
    pub target: Option<String>,
    /// Write nothing if a greater share of rows gets another label: 0.01.
    #[arg(long, value_name = "SHARE", conflicts_with = "unmeasured", value_parser = values::share)]
    pub max_label_change: Option<f64>,
    /// Write the model though there are no rows to measure the change on.
    #[arg(long, conflicts_with = "data")]
    pub unmeasured: bool,
}

impl LossyArguments {
    /// What may change the answers.
    pub fn lossy(&self) -> Lossy {
        let precision = match (self.float32, self.float16, self.quantize) {
            (true, ..) => Some(Precision::Float32),
            (_, true, _) => Some(Precision::Float16),
            (.., Some(_)) => Some(Precision::Quantized),
            _ => None,
        };
        Lossy { precision, pruning: self.prune_trees, max_depth: self.max_depth, top_features: self.top_features }
    }
}

impl Slim {
    /// How the output is written.
    pub fn options(&self) -> Result<ConvertOptions, Failure> {
        Ok(ConvertOptions {
            limits: self.limits.limits(),
            compression: self.compress,
            protocol: self.protocol,
            identity: self.identity.read()?,
            recipients: self.recipients.read()?,
            ..ConvertOptions::default()
        })
    }
}
