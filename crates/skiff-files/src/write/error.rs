//! Errors of writing a file.

use std::{fmt, io};

use crate::{Codec, ValueError};

/// Why a graph cannot be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// The pickle cannot represent it.
    Pickle(skiff_pickle::WriteError),
    /// An array in the graph is damaged.
    Value(ValueError),
    /// Content between the opcodes that is not an array, or that was changed.
    Content,
    /// Out-of-band buffers of the graph are missing.
    Buffers(usize),
    /// A codec that can be read but not written.
    Codec(Codec),
    /// A level that the codec does not have.
    Level {
        /// The codec.
        codec: Codec,
        /// The requested level.
        level: u32,
    },
    /// The passport of a `.skiff` is not a JSON object.
    Passport,
    /// The format cannot represent a value.
    Unsayable {
        /// The format.
        format: &'static str,
        /// The path of the value, as a Python expression; empty for the root.
        path: String,
        /// What cannot be represented.
        what: String,
    },
    /// The format repeats shared values, and the file would become absurdly long.
    Repeated(&'static str),
    /// An error of the operating system.
    Io(io::Error),
}

/// Rejects a graph with missing out-of-band buffers.
pub(super) fn no_buffers(buffers: &[u32]) -> Result<(), WriteError> {
    if buffers.is_empty() { Ok(()) } else { Err(WriteError::Buffers(buffers.len())) }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pickle(error) => error.fmt(f),
            Self::Value(error) => error.fmt(f),
            Self::Content => write!(f, "expected only arrays between the opcodes"),
            Self::Buffers(count) => write!(f, "{count} out-of-band buffers are missing"),
            Self::Codec(codec) => write!(f, "{codec} can be read, but not written"),
            Self::Level { codec, level } => match super::level_range(*codec) {
                Some(range) => {
                    write!(
                        f,
                        "expected a level of {codec} from `{}` to `{}`, found `{level}`",
                        range.start(),
                        range.end()
                    )
                }
                None => write!(f, "{codec} has only one level, found `{level}`"),
            },
            Self::Passport => write!(f, "expected a JSON object as the passport"),
            Self::Unsayable { format, what, .. } => write!(f, "{format} cannot hold this model: {what}"),
            Self::Repeated(format) => {
                write!(f, "values are shared so often that {format} would be over 256 times as large")
            }
            Self::Io(error) => write!(f, "cannot write the file: {error}"),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Pickle(error) => Some(error),
            Self::Value(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<skiff_pickle::WriteError> for WriteError {
    fn from(error: skiff_pickle::WriteError) -> Self {
        match error {
            skiff_pickle::WriteError::Io(error) => Self::Io(error),
            error => Self::Pickle(error),
        }
    }
}

impl From<ValueError> for WriteError {
    fn from(error: ValueError) -> Self {
        Self::Value(error)
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
