//! What is wrong with a registry.

use crate::Error;

/// What is wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The object.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

/// What was checked.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many models there are.
    pub models: usize,
    /// How many versions.
    pub versions: usize,
    /// How many changes of aliases.
    pub changes: usize,
    /// How many blobs, each of which was read.
    pub blobs: usize,
    /// Their bytes in all.
    pub bytes: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Numbers begin with 1, and none is left out.
pub(crate) fn check_numbers(report: &mut Report, numbers: &[u64], place: &str) {
    let missing = (1_u64..).zip(numbers).find(|(expected, found)| expected != *found);
    if let Some((expected, _)) = missing {
        report.problems.push(Problem { place: place.to_owned(), what: format!("there is no number {expected}") });
    }
}

/// What was read, or a problem in the report; other errors remain.
pub(crate) fn keep<T>(report: &mut Report, read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(
            error @ (Error::Damaged(..)
            | Error::Digest { .. }
            | Error::NotAVersion(_)
            | Error::NoVersion(_)
            | Error::Name(_)),
        ) => {
            let place = error.place().unwrap_or_default();
            report.problems.push(Problem { place, what: error.to_string() });
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
