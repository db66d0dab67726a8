//! Is a file as it was written, and does its model still answer what it answered?

mod samples;

use std::path::Path;

use skiff_files::Bytes;
use skiff_models::recorded::{Comparison, Difference, Tolerance, compare};
use skiff_models::{Answer, Table};

use crate::{Error, ErrorKind, File, Method, Model, Options, encryption};
use samples::Samples;

/// How a file is verified.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// How it is opened.
    pub open: Options,
}

/// What was found: each part on its own, so that whoever asks can demand some of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// Whether the bytes are those that were written.
    pub digest: Digest,
    /// Whether the recorded rows are answered as they were.
    pub rows: Rows,
}

/// Whether the bytes are those that were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Digest {
    /// Every bit is.
    Whole,
    /// Some are not: nothing else was looked at.
    Differs,
    /// The file is of a kind that has no digest.
    Missing,
}

/// Whether the recorded rows are answered as they were.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// The file has none, or nobody looked.
    None,
    /// They cannot be asked, or their answers not be read: why.
    CannotReplay(String),
    /// Each method that was recorded.
    Replayed {
        /// How many rows there are.
        rows: usize,
        /// What came of each method.
        methods: Vec<Replay>,
    },
}

/// A method that was asked again.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// scikit-learn's name of it.
    pub method: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of asking again.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The same labels, and numbers within the tolerance.
    Equal {
        /// How far numbers are apart at most.
        largest: f64,
    },
    /// Something else.
    Differs {
        /// What, and where.
        difference: Difference,
        /// How far numbers are apart at most.
        largest: f64,
    },
    /// It could not be asked: why.
    CannotReplay(String),
}

/// The answer to all of it together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Every bit is as it was written, and what was recorded is answered as it was.
    Yes,
    /// Something is not as it was.
    No,
    /// Nothing that was looked at differs, but not everything could be looked at.
    CouldNot,
}

impl Verification {
    /// All of it together.
    pub fn verdict(&self) -> Verified {
        let digest = match self.digest {
            Digest::Whole => Verified::Yes,
            Digest::Differs => Verified::No,
            Digest::Missing => Verified::CouldNot,
        };
        let rows = match &self.rows {
            Rows::None => Verified::Yes,
            Rows::CannotReplay(_) => Verified::CouldNot,
            Rows::Replayed { methods, .. } => {
                let any = |of: fn(&Outcome) -> bool| methods.iter().any(|method| of(&method.outcome));
                match (any(|o| matches!(o, Outcome::Differs { .. })), any(|o| matches!(o, Outcome::CannotReplay(_)))) {
                    (true, _) => Verified::No,
                    (false, true) => Verified::CouldNot,
                    (false, false) => Verified::Yes,
                }
            }
        };
        match (digest, rows) {
            (Verified::No, _) | (_, Verified::No) => Verified::No,
            (Verified::CouldNot, _) | (_, Verified::CouldNot) => Verified::CouldNot,
            (Verified::Yes, Verified::Yes) => Verified::Yes,
        }
    }
}

/// Holds all bytes of the file at `path` against its digest, and asks its model for the recorded rows again.
///
/// # Errors
/// When the file cannot be read, or is no model file. That it is damaged or answers something else is no error but what
/// [`Verification`] tells.
pub fn verify(path: impl AsRef<Path>, options: &VerifyOptions) -> Result<Verification, Error> {
    let path = path.as_ref();
    let bytes = skiff_files::bytes(path, &options.open.limits).map_err(Error::from);
    let found = bytes.and_then(|bytes| verified(bytes, Some(path), options));
    found.map_err(|error| error.in_file(path))
}

/// As [`verify`], of a file that is in memory.
///
/// # Errors
/// As [`verify`].
pub fn verify_bytes(bytes: Vec<u8>, options: &VerifyOptions) -> Result<Verification, Error> {
    verified(Bytes::from(bytes), None, options)
}

fn verified(bytes: Bytes, path: Option<&Path>, options: &VerifyOptions) -> Result<Verification, Error> {
    let (digest, file) = open_checked(bytes, path, &options.open)?;
    let rows = file.map_or(Rows::None, |file| replay(&file, &options.open));
    Ok(Verification { digest, rows })
}

/// Takes the encryption off a file, holds its bytes against the digest in them, and reads it if they are those that
/// were written. `path` tells where it came from; it is not opened.
///
/// # Errors
/// As [`File::open_with`].
pub fn open_checked(bytes: Bytes, path: Option<&Path>, options: &Options) -> Result<(Digest, Option<File>), Error> {
    let bytes = encryption::plain(bytes, options.identity.as_ref(), &options.limits)?.into_bytes();
    let digest = match skiff_files::verify_bytes(&bytes) {
        Ok(()) => Digest::Whole,
        Err(error) => match error.kind {
            skiff_files::ErrorKind::NoDigest => Digest::Missing,
            _ => match Error::from(error) {
                // Damage that shows before a digest can be computed is damage all the same.
                error if error.kind() == ErrorKind::DamagedFile => return Ok((Digest::Differs, None)),
                error => return Err(error),
            },
        },
    };
    Ok((digest, Some(File::from_bytes(bytes, path, &options.limits)?)))
}

/// Asks the file's model for its recorded rows again.
pub fn replay(file: &File, options: &Options) -> Rows {
    let contents = file.contents();
    let Some(root) = contents.samples else { return Rows::None };
    let model = match file.model_with(options.at.as_deref(), &options.custom) {
        Ok(model) => model,
        Err(error) => return Rows::CannotReplay(told(&error)),
    };
    let samples = match Samples::read(&contents.graph, root, model.takes(), options.limits.decoded) {
        Ok(samples) => samples,
        Err(why) => return Rows::CannotReplay(why),
    };
    let tolerance = tolerance(&model, samples.is_single);
    let ask_again = |(method, expected): &(String, Result<_, String>)| {
        let outcome = match expected {
            Ok(expected) => match ask(&model, method, &samples.table, expected, tolerance) {
                Ok(Comparison { difference: None, largest }) => Outcome::Equal { largest },
                Ok(Comparison { difference: Some(difference), largest }) => Outcome::Differs { difference, largest },
                Err(error) => Outcome::CannotReplay(error),
            },
            Err(why) => Outcome::CannotReplay(why.clone()),
        };
        Replay { method: method.clone(), outcome }
    };
    Rows::Replayed { rows: samples.table.rows(), methods: samples.answers.iter().map(ask_again).collect() }
}

fn ask(
    model: &Model,
    method: &str,
    table: &Table<'_>,
    expected: &skiff_models::recorded::Answer,
    tolerance: Tolerance,
) -> Result<Comparison, String> {
    let method: Method = method.parse().map_err(|error| format!("{error}"))?;
    let plan = model.plan(method).map_err(|error| told(&error))?;
    let evaluate = |table: &Table<'_>| crate::evaluate(&plan, table).map_err(|error| told(&error));
    if table.rows() > 1 {
        // The first row tells how wide the answer is: a file may promise little and have much computed.
        let first = evaluate(&table.slice_rows(0, 1))?;
        if let (Some(expected), Some(found)) = (width(expected), given_width(&first))
            && expected != found
        {
            let what = format!("expected {expected} columns, found {found}");
            return Ok(Comparison { difference: Some(Difference::Form(what)), largest: 0.0 });
        }
    }
    Ok(compare(expected, &evaluate(table)?, tolerance))
}

/// Labels are the same or not; numbers are near each other as those of the recorded tests are. Where `float32` comes in,
/// some step on the way rounds to it, even if `float64` goes out; so it does behind a first estimator of boosting, which
/// asks it for `float32` rows.
///
/// Trees would be exact, but scikit-learn's forests on several threads are not: they add up in the order in which
/// threads finish.
fn tolerance(model: &Model, is_single: bool) -> Tolerance {
    let has_init = model.typed().estimator().inner().iter().any(|(path, _)| path == "init_");
    if is_single || has_init { Tolerance::SINGLE } else { Tolerance::DOUBLE }
}

fn width(answer: &skiff_models::recorded::Answer) -> Option<usize> {
    use skiff_models::recorded::Answer as Recorded;

    match answer {
        Recorded::Array(array) => array.shape.get(1..).map(|rest| rest.iter().product()),
        Recorded::Objects(shape, _) => shape.get(1..).map(|rest| rest.iter().product()),
        Recorded::Sparse(csr) => Some(csr.cols),
        Recorded::Frame(columns) => Some(columns.columns.len()),
        Recorded::List(_) | Recorded::Dicts(_) => None,
    }
}

fn given_width(answer: &Answer) -> Option<usize> {
    answer.value().map(skiff_models::value::Value::cols)
}

/// What is wrong, and where.
fn told(error: &Error) -> String {
    match error.model_path() {
        Some(path) => format!("{path}: {}", error.message()),
        None => error.message(),
    }
}
