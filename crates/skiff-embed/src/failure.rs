//! Errors as other languages have them: a code for programs, and a message for people.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// A short name for programs, which stays the same: "not-a-model", "wrong-input", "damaged-model".
    pub code: &'static str,
    /// What went wrong, and where.
    pub message: String,
}

impl Failure {
    /// The caller's mistake.
    pub fn argument(message: impl Into<String>) -> Self {
        Self { code: "wrong-argument", message: message.into() }
    }

    /// The same, with the place where it was found.
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        Self { message: format!("{place}: {}", self.message), ..self }
    }
}

/// What `run` returns; a panic is a failure as well, so that none crosses into another language.
///
/// # Errors
/// When `run` fails or panics.
pub fn guarded<T>(run: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        Err(Failure {
            code: "internal",
            message: "this is a fault of skiff; standard error has the details".to_owned(),
        })
    })
}

impl From<skiff::Error> for Failure {
    /// The message, and behind it where: the file, the place in the model, the byte, the row.
    fn from(error: skiff::Error) -> Self {
        let file = error.file().map(|file| file.display().to_string());
        let byte = error.offset().map(|offset| format!("byte {offset}"));
        let row = error.row().map(|row| format!("row {row}"));
        let place = [file, error.model_path().map(str::to_owned), byte, row].into_iter().flatten();
        let place = place.collect::<Vec<_>>().join(", ");
        let message = error.message();
        Self { code: error.code(), message: if place.is_empty() { message } else { format!("{message} ({place})") } }
    }
}

impl From<skiff::ShapeError> for Failure {
    fn from(error: skiff::ShapeError) -> Self {
        Self { code: "wrong-input", message: error.to_string() }
    }
}

impl From<skiff::arrays::TooSparse> for Failure {
    fn from(error: skiff::arrays::TooSparse) -> Self {
        Self { code: "limit", message: error.to_string() }
    }
}

impl From<skiff::EncryptionError> for Failure {
    fn from(error: skiff::EncryptionError) -> Self {
        Self { code: "wrong-argument", message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_failure() {
        let failure = guarded::<()>(|| panic!("a test of panics")).unwrap_err();
        assert_eq!(failure.code, "internal");
        assert_eq!(guarded(|| Ok(3)), Ok(3));
    }
}
