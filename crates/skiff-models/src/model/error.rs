//! Why an estimator does not answer, or cannot name what it answers.

use std::fmt::{self, Display};

use skiff_plan::InputError;
use skiff_plan::custom::CustomError;

use crate::lowering::{Header, Refusal};

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum CallError {
    /// There is no plan for the method.
    Refusal(Refusal),
    /// The table cannot be answered.
    Input(InputError),
}

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<InputError> for CallError {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refusal(refusal) => Display::fmt(refusal, f),
            Self::Input(error) => Display::fmt(error, f),
        }
    }
}

impl std::error::Error for CallError {}

/// Why an estimator cannot name its output columns.
#[derive(Clone, Debug, PartialEq)]
pub enum NamesError {
    /// scikit-learn's estimator has no `get_feature_names_out`.
    NoMethod {
        /// The estimator's class.
        class: String,
    },
    /// The names that came do not fit, in scikit-learn's words.
    Input(String),
    /// User code went wrong.
    Custom(CustomError),
    /// The names would take more memory than any table's do.
    TooMany {
        /// The limit, in bytes.
        most: usize,
    },
}

impl NamesError {
    /// There is no `get_feature_names_out`.
    pub fn no_method(header: &Header) -> Self {
        Self::NoMethod { class: header.class.clone() }
    }
}

impl Display for NamesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMethod { class } => write!(f, "`{class}` has no method `get_feature_names_out`"),
            Self::Input(what) => f.write_str(what),
            Self::Custom(error) => Display::fmt(error, f),
            Self::TooMany { most } => write!(f, "the names of the columns would take more than {most} bytes"),
        }
    }
}

impl std::error::Error for NamesError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Custom(error) => Some(error.get()),
            _ => None,
        }
    }
}
