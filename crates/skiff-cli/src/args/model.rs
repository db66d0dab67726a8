//! The flags of every command that opens a model file: which estimator, with what key, within which limits.

use std::time::Duration;

use clap::Args;
use skiff::{Limits, Options};

use super::keys::IdentityArguments;
use super::values;
use crate::report::Failure;

/// Which estimator in the file, and how it is opened.
#[derive(Debug, Args)]
#[command(next_help_heading = "Opening the model")]
pub struct OpenArguments {
    /// The estimator's address in a file that has several things in it: "[0]", "['model']".
    #[arg(long, value_name = "ADDRESS")]
    pub at: Option<String>,
    #[command(flatten)]
    pub identity: IdentityArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
}

impl OpenArguments {
    /// How to open the file.
    pub fn options(&self) -> Result<Options, Failure> {
        let (limits, identity) = (self.limits.limits(), self.identity.read()?);
        Ok(Options { limits, at: self.at.clone(), identity, ..Options::default() })
    }
}

/// Writes the flags of limits once.
macro_rules! limits {
    ($($(#[$doc:meta])* $flag:ident: $limit:ident = $name:literal, $type:ty;)*) => {
        /// What the file may cost.
        #[derive(Debug, Args)]
        #[command(next_help_heading = "Limits")]
        pub struct LimitArguments {
            $(
                $(#[$doc])*
                #[arg(long, value_name = $name)]
                pub $flag: Option<$type>,
            )*
            /// How long reading and checking the file may take.
            #[arg(long, value_name = "SECONDS", value_parser = values::seconds)]
            pub limit_time: Option<Duration>,
        }

        impl LimitArguments {
            /// The limits, with what was asked for.
            pub fn limits(&self) -> Limits {
                let default = Limits::default();
                Limits {
                    $($limit: self.$flag.unwrap_or(default.$limit),)*
                    time: self.limit_time.or(default.time),
                    ..default
                }
            }
        }
    };
}

limits! {
    /// How many bytes decompression may produce.
    limit_decompressed: decompressed = "BYTES", u64;
    /// How many bytes it may produce for each byte read.
    limit_ratio: ratio = "TIMES", u64;
    /// How many values the file may have.
    limit_nodes: nodes = "COUNT", u64;
    /// How deep values may be nested.
    limit_depth: depth = "COUNT", u32;
    /// How many bytes text and numbers may take that are not in the file as they are.
    limit_decoded: decoded = "BYTES", u64;
    /// How many values one pickle may keep in its memo.
    limit_memo: memo = "COUNT", u64;
    /// How many bytes one array may take.
    limit_array: array = "BYTES", u64;
    /// How many bytes one answer of the model may take.
    limit_answer: answer = "BYTES", u64;
}
