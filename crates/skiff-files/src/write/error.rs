//! Why a file could not be written.

use std::{fmt, io};

use crate::{Codec, ValueError};

/// What stands against writing a graph.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// The pickle cannot say it.
    Pickle(skiff_pickle::WriteError),
    /// An array in the graph is damaged.
    Value(ValueError),
    /// Content beside the opcodes that is no array, or to which something was done.
    Content,
    /// The graph asks for out-of-band buffers that did not come with it.
    Buffers(usize),
    /// A codec that is read and not written.
    Codec(Codec),
    /// A level that the codec does not have.
    Level {
        /// The codec.
        codec: Codec,
        /// What was asked for.
        level: u32,
    },
    /// The passport of a `.skiff` is no JSON object.
    Passport,
    /// The kind of file has no word for a value.
    Unsayable {
        /// The kind of file.
        format: &'static str,
        /// Where the value is, as Python would reach it; empty for the root.
        path: String,
        /// What cannot be said.
        what: String,
    },
    /// A file of this kind repeats what the graph shares, and would become absurdly long.
    Repeated(&'static str),
    /// The operating system refused it.
    Io(io::Error),
}

/// Refuses a graph that is not whole without buffers.
pub(super) fn no_buffers(buffers: &[u32]) -> Result<(), WriteError> {
    if buffers.is_empty() { Ok(()) } else { Err(WriteError::Buffers(buffers.len())) }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pickle(error) => error.fmt(f),
            Self::Value(error) => error.fmt(f),
            Self::Content => write!(f, "expected nothing but arrays beside the opcodes"),
            Self::Buffers(count) => write!(f, "{count} out-of-band buffers did not come with the pickle"),
            Self::Codec(codec) => write!(f, "{codec} is read, and not written"),
            Self::Level { codec, level } => match super::level_range(*codec) {
                Some(range) => {
                    write!(
                        f,
                        "expected a level of {codec} from `{}` to `{}`, found `{level}`",
                        range.start(),
                        range.end()
                    )
                }
                None => write!(f, "{codec} is written at one level only, found `{level}`"),
            },
            Self::Passport => write!(f, "expected a JSON object as the passport"),
            Self::Unsayable { format, what, .. } => write!(f, "{format} cannot hold this model: {what}"),
            Self::Repeated(format) => {
                write!(f, "values are shared so often that as {format} they would take over 256 times as much")
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
