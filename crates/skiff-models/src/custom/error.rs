//! What goes wrong in code of the user's.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// An error of the user's own code, kept as it is. Two are equal when they are one and the same.
#[derive(Clone, Debug)]
pub struct CustomError(Arc<dyn Error + Send + Sync>);

impl CustomError {
    /// An error of any kind, or a message.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }

    /// The error.
    pub fn get(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for CustomError {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl PartialEq for CustomError {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Display for CustomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
