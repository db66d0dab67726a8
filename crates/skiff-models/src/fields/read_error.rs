//! Why an estimator could not be read, and where.

use std::fmt;

use skiff_files::ValueError;
use skiff_plan::custom::CustomError;

/// An estimator that cannot be read, with the path to the value that is to blame.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadError {
    path: String,
    kind: ReadErrorKind,
}

/// What is wrong with an estimator.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The class is not supported.
    UnknownClass {
        /// Its path, as the file has it.
        class: String,
    },
    /// Not an estimator at all.
    NoEstimator {
        /// What it is.
        found: String,
    },
    /// An attribute that no reader has read: it may change the answer.
    UnknownAttribute {
        /// The class that holds it.
        class: String,
    },
    /// An estimator without any attribute of a fit.
    NotFitted {
        /// The class.
        class: String,
    },
    /// An attribute that is needed and absent.
    Missing,
    /// An attribute of another kind.
    Unexpected {
        /// What was expected, in words.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// An array of another length than its neighbours have.
    Length {
        /// What the other attributes ask for.
        expected: usize,
        /// What is there.
        found: usize,
    },
    /// A value that contradicts itself or its neighbours, so that scikit-learn would crash, hang or lie.
    Damaged(String),
    /// scikit-learn knows it, skiff does not support it.
    Unsupported(String),
    /// A function or an object of a class that is the user's own, and for which no code is registered.
    CustomCode {
        /// Its full name: `mypkg.clean`.
        name: String,
    },
    /// The registered code for a function or a class cannot stand there.
    Custom {
        /// The full name of the function or class.
        name: String,
        /// What it said.
        error: CustomError,
    },
    /// Estimators nested in estimators, deeper than any real model.
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// One value read so often, or a number so large, that the model would be far larger than its file.
    TooLarge,
    /// The time that reading may take is over.
    Late,
    /// A damaged array or scalar.
    Value(ValueError),
}

impl ReadError {
    /// An error at `path`.
    pub fn new(path: String, kind: ReadErrorKind) -> Self {
        Self { path, kind }
    }

    /// Where in the model: `steps[1].estimators_[3].tree_`; empty for the model itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong.
    pub fn kind(&self) -> &ReadErrorKind {
        &self.kind
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, ", at `{}`", self.path) }
    }
}

impl fmt::Display for ReadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownClass { class } => write!(f, "`{class}` is not an estimator that skiff knows"),
            Self::NoEstimator { found } => write!(f, "expected an estimator, found {found}"),
            Self::UnknownAttribute { class } => {
                write!(f, "unknown attribute of `{class}`: skiff does not know whether it changes the answer")
            }
            Self::NotFitted { class } => write!(f, "`{class}` is not fitted"),
            Self::Missing => f.write_str("the attribute is missing; was the estimator fitted?"),
            Self::Unexpected { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Length { expected, found } => write!(f, "expected a length of {expected}, found {found}"),
            Self::Damaged(what) => write!(f, "damaged: {what}"),
            Self::Unsupported(what) => write!(f, "not supported: {what}"),
            Self::CustomCode { name } => write!(f, "`{name}` is code that is not in the file, and is never imported"),
            Self::Custom { name, error } => write!(f, "the custom code `{name}`: {error}"),
            Self::TooDeep { limit } => write!(f, "estimators are nested more than {limit} deep"),
            Self::TooLarge => f.write_str("the model would take far more memory than its file"),
            Self::Late => f.write_str("the limit `time` is exceeded while the model is read"),
            Self::Value(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            ReadErrorKind::Value(error) => Some(error),
            ReadErrorKind::Custom { error, .. } => Some(error.get()),
            _ => None,
        }
    }
}
