//! Errors of calls.

use std::fmt::{self, Display};

use skiff_plan::InputError;

use crate::refusal::Refusal;

/// An error of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum CallError {
    /// There is no plan for the method.
    Refusal(Refusal),
    /// The table is wrong.
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
