//! Errors of reading an estimator.

use std::fmt;

use skiff_files::ValueError;
use skiff_plan::custom::CustomError;

/// An estimator that cannot be read, with the path of the wrong value.
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
        /// Its path, as in the file.
        class: String,
    },
    /// Not an estimator at all.
    NoEstimator {
        /// Its description.
        found: String,
    },
    /// An attribute that was not read: it might change the predictions.
    UnknownAttribute {
        /// The class that has it.
        class: String,
    },
    /// An estimator without fitted attributes.
    NotFitted {
        /// The class.
        class: String,
    },
    /// A required attribute is missing.
    Missing,
    /// An attribute of the wrong type.
    Unexpected {
        /// A description of the expected value.
        expected: &'static str,
        /// A description of the value found.
        found: String,
    },
    /// An array whose length does not match other attributes.
    Length {
        /// The length that matches the other attributes.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// An inconsistent value, with which scikit-learn would crash, hang or predict nonsense.
    Damaged(String),
    /// A valid value that skiff does not support.
    Unsupported(String),
    /// User code that is not registered.
    CustomCode {
        /// Its full name: `mypkg.clean`.
        name: String,
    },
    /// Registered user code cannot be used there.
    Custom {
        /// The full name of the function or class.
        name: String,
        /// Its error.
        error: CustomError,
    },
    /// Estimators are nested too deep.
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// A value is read so often, or a number is so large, that the model would be far larger than its file.
    TooLarge,
    /// The time limit is exceeded.
    Late,
    /// A damaged array or scalar.
    Value(ValueError),
}

impl ReadError {
    /// An error at `path`.
    pub fn new(path: String, kind: ReadErrorKind) -> Self {
        Self { path, kind }
    }

    /// The same error of what is at `path`, for an error whose path is one within it.
    pub fn within(self, path: &str) -> Self {
        let path = match (path, &*self.path) {
            ("", _) => self.path,
            (_, "") => path.to_owned(),
            (path, part) => format!("{path}.{part}"),
        };
        Self { path, ..self }
    }

    /// The path in the model: `steps[1].estimators_[3].tree_`; empty for the model itself.
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
            Self::UnknownClass { class } if class.starts_with("sklearnex.") => {
                write!(f, "`{class}` is not supported: fit it again after `sklearnex.unpatch_sklearn()`")
            }
            Self::UnknownClass { class } => write!(f, "`{class}` is not supported"),
            Self::NoEstimator { found } => write!(f, "expected an estimator, found {found}"),
            Self::UnknownAttribute { class } => {
                write!(f, "unknown attribute of `{class}`: it might change the predictions")
            }
            Self::NotFitted { class } => write!(f, "`{class}` is not fitted"),
            Self::Missing => f.write_str("the attribute is missing; was the estimator fitted?"),
            Self::Unexpected { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Length { expected, found } => write!(f, "expected a length of {expected}, found {found}"),
            Self::Damaged(what) => write!(f, "damaged: {what}"),
            Self::Unsupported(what) => write!(f, "not supported: {what}"),
            Self::CustomCode { name } => {
                write!(f, "`{name}` is user code, which is not in the file and is never imported")
            }
            Self::Custom { name, error } => write!(f, "the user code `{name}`: {error}"),
            Self::TooDeep { limit } => write!(f, "estimators are nested more than {limit} deep"),
            Self::TooLarge => f.write_str("the model would take much more memory than its file"),
            Self::Late => f.write_str("the limit `time` is exceeded while reading the model"),
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
