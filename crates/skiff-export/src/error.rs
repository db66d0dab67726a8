//! Why a model cannot be exported.

use std::{fmt, io};

use skiff_models::CallError;
use skiff_plan::Method;

/// The reason why a model, or one of its methods, cannot be exported.
#[derive(Debug)]
pub enum ExportError {
    /// The estimator has no such method, or skiff does not support it.
    Call(CallError),
    /// An operator cannot be expressed in the target.
    Operator {
        /// The method.
        method: Method,
        /// The class of the estimator, after those of the estimators around it: `Pipeline › SVC`.
        estimator: String,
        /// The operator's name in `skiff plan`.
        operator: &'static str,
        /// The reason.
        reason: String,
    },
    /// The method takes or returns what the target cannot hold.
    Signature {
        /// The method.
        method: Method,
        /// The class of the estimator.
        estimator: String,
        /// The reason.
        reason: String,
    },
    /// The model has no method that can be exported.
    Nothing {
        /// The class of the estimator.
        estimator: String,
    },
    /// The file would be larger than its format allows.
    TooLarge {
        /// How many bytes it would take.
        bytes: usize,
    },
    /// The file cannot be written with these numbers or operators.
    Form(String),
    /// It cannot be drawn.
    Picture(String),
    /// The file cannot be written.
    Output(io::Error),
    /// A bug in skiff.
    Mistake(String),
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<CallError> for ExportError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Operator { method, estimator, operator, reason } => {
                write!(f, "`{method}` of {estimator} cannot be exported: {reason} (operator `{operator}`)")
            }
            Self::Signature { method, estimator, reason } => {
                write!(f, "`{method}` of {estimator} cannot be exported: {reason}")
            }
            Self::Nothing { estimator } => write!(f, "{estimator} has no method that can be exported"),
            Self::TooLarge { bytes } => {
                write!(f, "the file would take {bytes} bytes, more than the 2 GiB of a protocol buffer")
            }
            Self::Output(error) => error.fmt(f),
            Self::Form(what) | Self::Picture(what) => f.write_str(what),
            Self::Mistake(what) => write!(f, "a bug in skiff, please report it: {what}"),
        }
    }
}

impl std::error::Error for ExportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Call(error) => Some(error),
            Self::Output(error) => Some(error),
            _ => None,
        }
    }
}
