//! The flags of every command that opens a model file: which estimator, with what key, within which limits.

use std::time::Duration;

use clap::Args;
use skiff::{Limits, Options};

use super::keys::IdentityArguments;
use super::values;
use crate::report::Failure;

/// Which estimator in the file, and how it is opened.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Opening the model")]
pub struct OpenArguments {
    /// The estimator's address in a file with several objects: "[0]", "['model']".
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
        /// The limits of reading a file.
        #[derive(Debug, Default, Args)]
        #[command(next_help_heading = "Limits")]
        pub struct LimitArguments {
            $(
                $(#[$doc])*
                #[arg(long, value_name = $name)]
                pub $flag: Option<$type>,
            )*
            /// The limit on the time for reading and checking the file.
            #[arg(long, value_name = "SECONDS", value_parser = values::seconds)]
            pub limit_time: Option<Duration>,
        }

        impl LimitArguments {
            /// The limits, with the given values.
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
    /// The limit on decompressed bytes.
    limit_decompressed: decompressed = "BYTES", u64;
    /// The limit on decompressed bytes per byte read.
    limit_ratio: ratio = "TIMES", u64;
    /// The limit on values in the file.
    limit_nodes: nodes = "COUNT", u64;
    /// The limit on the nesting of values.
    limit_depth: depth = "COUNT", u32;
    /// The limit on bytes of text and numbers that have to be decoded.
    limit_decoded: decoded = "BYTES", u64;
    /// The limit on values in the memo of one pickle.
    limit_memo: memo = "COUNT", u64;
    /// The limit on the bytes of one array.
    limit_array: array = "BYTES", u64;
    /// The limit on the bytes of one result of the model.
    limit_answer: answer = "BYTES", u64;
}
