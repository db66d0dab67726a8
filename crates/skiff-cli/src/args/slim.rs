//! The flags of `skiff slim`.

use std::path::PathBuf;

use clap::Args;
use skiff::{Compression, ConvertOptions};

use super::Format;
use super::keys::{IdentityArguments, RecipientArguments};
use super::model::LimitArguments;
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
    pub recipients: RecipientArguments,
    #[command(flatten)]
    pub identity: IdentityArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
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
