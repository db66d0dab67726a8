//! What can be wrong with the caller's table, in scikit-learn's words where it has some.

use std::fmt;
use std::sync::Arc;

use crate::custom::{Bound, CustomError};

/// The input is wrong. Never caused by the file.
#[derive(Clone, Debug, PartialEq)]
pub struct InputError {
    kind: InputErrorKind,
    /// The estimator that rejected it.
    estimator: Option<String>,
    /// The row in the table, where one row is to blame.
    row: Option<usize>,
}

/// What is wrong with the input.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InputErrorKind {
    /// NaN where the estimator takes none.
    ContainsNan,
    /// An infinity, or a number beyond the dtype that the estimator computes in.
    ContainsInfinity {
        /// `float32` or `float64`.
        dtype: &'static str,
    },
    /// The wrong number of columns.
    FeatureCount {
        /// What the estimator was fitted on.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// Columns whose names are not those of the fit, or in another order.
    FeatureNames {
        /// Not seen in the fit.
        unexpected: Vec<String>,
        /// Seen in the fit, absent now.
        missing: Vec<String>,
    },
    /// No rows.
    NoRows {
        /// The shape of the input.
        shape: (usize, usize),
    },
    /// A sparse table where the estimator takes dense ones only.
    SparseNotAccepted,
    /// Text that is not a number, where numbers are needed.
    NotANumber {
        /// The text.
        value: String,
    },
    /// The wrong kind of table altogether.
    WrongKind {
        /// What the step takes.
        expected: &'static str,
        /// What was found.
        found: &'static str,
    },
    /// A category that the fit has not seen, and `handle_unknown='error'`.
    UnknownCategory {
        /// The column, by number.
        column: usize,
        /// The category.
        value: String,
    },
    /// The result exceeds the limit `answer`.
    TooLarge {
        /// How many there are.
        rows: usize,
        /// The bytes that they take at least.
        bytes: usize,
        /// The bytes that they may take.
        most: u64,
    },
    /// The caller ended the call while it ran.
    Interrupted,
    /// An error of only this estimator, with its message.
    Refused(String),
    /// User code went wrong.
    Custom {
        /// The full name of the function or class.
        name: Arc<str>,
        /// Its path in the model.
        path: Arc<str>,
        /// Its error.
        error: CustomError,
    },
}

impl InputError {
    /// An error of no particular row.
    pub fn new(kind: InputErrorKind) -> Self {
        Self { kind, estimator: None, row: None }
    }

    /// An error in words of the estimator's own.
    pub fn refused(what: impl Into<String>) -> Self {
        Self::new(InputErrorKind::Refused(what.into()))
    }

    /// User code went wrong.
    pub(crate) fn custom(code: &Bound, error: CustomError) -> Self {
        let Bound { name, path, .. } = code;
        Self::new(InputErrorKind::Custom { name: Arc::clone(name), path: Arc::clone(path), error })
    }

    /// The wrong kind of block.
    pub fn wrong_kind(expected: &'static str, found: &crate::value::Value<'_>) -> Self {
        Self::new(InputErrorKind::WrongKind { expected, found: found.kind() })
    }

    /// In row `row` of the block.
    #[must_use]
    pub fn in_row(mut self, row: usize) -> Self {
        self.row = Some(row);
        self
    }

    /// Refused by `estimator`.
    #[must_use]
    pub fn by(mut self, estimator: &str) -> Self {
        self.estimator.get_or_insert_with(|| estimator.to_owned());
        self
    }

    /// The row counted from the table's start, where `start` is the block's first row.
    pub(crate) fn after_rows(mut self, start: usize) -> Self {
        self.row = self.row.map(|row| row + start);
        self
    }

    /// The same, of no particular row.
    #[must_use]
    pub fn without_row(mut self) -> Self {
        self.row = None;
        self
    }

    /// What is wrong.
    pub fn kind(&self) -> &InputErrorKind {
        &self.kind
    }

    /// The row of the table that is to blame, counted from 0.
    pub fn row(&self) -> Option<usize> {
        self.row
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let estimator = self.estimator.as_deref().unwrap_or("the estimator");
        match &self.kind {
            InputErrorKind::ContainsNan => {
                write!(f, "input X contains NaN, which `{estimator}` does not accept")?;
            }
            InputErrorKind::ContainsInfinity { dtype } => {
                write!(
                    f,
                    "input X contains infinity or a value too large for `{dtype}`, which `{estimator}` does not accept"
                )?;
            }
            InputErrorKind::FeatureCount { expected, found } => {
                write!(f, "X has {found} features, but `{estimator}` is expecting {expected} features as input")?;
            }
            InputErrorKind::FeatureNames { unexpected, missing } => {
                write!(f, "the feature names should match those that were passed to `{estimator}` during fit")?;
                list(f, "unseen at fit time", unexpected)?;
                list(f, "seen at fit time, yet now missing", missing)?;
                if unexpected.is_empty() && missing.is_empty() {
                    f.write_str(": they must be in the same order as they were in fit")?;
                }
            }
            InputErrorKind::NoRows { shape: (rows, cols) } => {
                write!(
                    f,
                    "found array with 0 sample(s) (shape=({rows}, {cols})) while a minimum of 1 is required by `{estimator}`"
                )?;
            }
            InputErrorKind::SparseNotAccepted => {
                write!(f, "sparse data was passed, but dense data is required by `{estimator}`")?;
            }
            InputErrorKind::NotANumber { value } => write!(f, "could not convert string to float: `{value}`")?,
            InputErrorKind::WrongKind { expected, found } => {
                write!(f, "`{estimator}` expected {expected}, found {found}")?;
            }
            InputErrorKind::UnknownCategory { column, value } => {
                write!(f, "found unknown category `{value}` in column {column} during transform")?;
            }
            InputErrorKind::TooLarge { rows, bytes, most } => {
                write!(
                    f,
                    "the limit `answer` of {most} is exceeded: the result for {rows} rows takes {bytes} bytes or more"
                )?;
            }
            InputErrorKind::Interrupted => f.write_str("interrupted")?,
            InputErrorKind::Refused(what) => f.write_str(what)?,
            InputErrorKind::Custom { name, path, error } => {
                write!(f, "the user code `{name}`, at `{path}`: {error}")?;
            }
        }
        match self.row {
            Some(row) => write!(f, " (row {row})"),
            None => Ok(()),
        }
    }
}

/// Some names, cut after five as scikit-learn does.
fn list(f: &mut fmt::Formatter<'_>, title: &str, names: &[String]) -> fmt::Result {
    if names.is_empty() {
        return Ok(());
    }
    write!(f, "; feature names {title}: {}", names[..names.len().min(5)].join(", "))?;
    if names.len() > 5 { f.write_str(", ...") } else { Ok(()) }
}

impl std::error::Error for InputError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            InputErrorKind::Custom { error, .. } => Some(error.get()),
            _ => None,
        }
    }
}
