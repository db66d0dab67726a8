//! Is a file as it was written, does its model still answer what it answered, and did whoever is trusted sign it?

mod samples;

use std::path::Path;
use std::sync::Arc;

use samples::Samples;
use skiff_files::Bytes;
use skiff_models::custom::Custom;
use skiff_models::recorded::{Comparison, Difference, Tolerance, compare, is_among};
use skiff_plan::table::Table;
use skiff_plan::{Answer, EvaluateOptions, Method};

use crate::signing::{self, Demand, SignatureVerdict};
use crate::{Error, ErrorKind, File, Model, Options, encryption};

/// How a file is verified.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// How it is opened.
    pub open: Options,
    /// Whose signature it must have, where somebody's is demanded.
    pub signature: Option<Demand>,
}

/// What was found: each part on its own, so that whoever asks can demand some of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// What the signature is worth, where one was demanded.
    pub signature: Option<SignatureVerdict>,
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
    /// Nobody looked: what there is is a signature, of a folder, of what is no model, or of somebody else.
    Unread,
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
    /// Every bit is as it was written or signed, and what was recorded is answered as it was.
    Yes,
    /// Something is not as it was.
    No,
    /// Nothing that was looked at differs, but not everything could be looked at.
    CouldNot,
}

impl Verification {
    /// All of it together.
    pub fn verdict(&self) -> Verified {
        let is_signed = match &self.signature {
            Some(signature) if !signature.is_verified() => return Verified::No,
            signature => signature.is_some(),
        };
        let digest = match self.digest {
            Digest::Whole => Verified::Yes,
            Digest::Differs => Verified::No,
            // A signature is of every bit: beside one, a digest is not missed.
            Digest::Missing | Digest::Unread if is_signed => Verified::Yes,
            Digest::Missing | Digest::Unread => Verified::CouldNot,
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

    fn of_signature(signature: SignatureVerdict) -> Self {
        Self { signature: Some(signature), digest: Digest::Unread, rows: Rows::None }
    }
}

/// Holds all bytes of the file at `path` against its digest, and asks its model for the recorded rows again; before
/// that, holds the file or folder against its signature, where one is demanded.
///
/// # Errors
/// When the file cannot be read, or is no model file: what is signed need not be one. That it is damaged, answers
/// something else, or was not signed by whom it should be, is no error but what [`Verification`] tells.
pub fn verify(path: impl AsRef<Path>, options: &VerifyOptions) -> Result<Verification, Error> {
    verify_with(path, options, |_| options.open.custom.clone())
}

/// As [`verify`], with code of one's own that is made when the file is known.
///
/// # Errors
/// As [`verify`].
pub fn verify_with(
    path: impl AsRef<Path>,
    options: &VerifyOptions,
    custom: impl FnOnce(&Arc<File>) -> Custom,
) -> Result<Verification, Error> {
    let path = path.as_ref();
    let look = || {
        let bytes = skiff_files::bytes(path, &options.open.limits)?;
        verified(bytes, Some(path), &options.open, custom)
    };
    let look = || look().map_err(|error: Error| error.in_file(path));
    let Some(demand) = &options.signature else { return look().map(|(found, _)| found) };
    let mut signature = signing::verify(path, demand)?;
    // What is not the signer's is not looked into; a folder has no digest and no rows of its own.
    if !signature.is_verified() || path.is_dir() {
        return Ok(Verification::of_signature(signature));
    }
    match look() {
        Ok((found, companions)) => {
            // One file is signed: what is read with it may be anybody's.
            signing::add_uncovered(&mut signature, companions);
            Ok(Verification { signature: Some(signature), ..found })
        }
        // Anything can be signed: it need not be a model, nor open to everybody.
        Err(error) if is_of_no_model(&error) => Ok(Verification::of_signature(signature)),
        Err(error) => Err(error),
    }
}

/// As [`verify`], of a file that is in memory; a signature is of files on a disk, and is not looked for.
///
/// # Errors
/// As [`verify`].
pub fn verify_bytes(bytes: Vec<u8>, options: &VerifyOptions) -> Result<Verification, Error> {
    verify_bytes_with(bytes, options, |_| options.open.custom.clone())
}

/// As [`verify_bytes`], with code of one's own that is made when the file is known.
///
/// # Errors
/// As [`verify`].
pub fn verify_bytes_with(
    bytes: Vec<u8>,
    options: &VerifyOptions,
    custom: impl FnOnce(&Arc<File>) -> Custom,
) -> Result<Verification, Error> {
    verified(Bytes::from(bytes), None, &options.open, custom).map(|(found, _)| found)
}

fn is_of_no_model(error: &Error) -> bool {
    matches!(error.code(), "not-a-model" | "unsupported-format" | "encrypted-file")
}

/// What was found, and the names of the files that were read with this one.
fn verified(
    bytes: Bytes,
    path: Option<&Path>,
    options: &Options,
    custom: impl FnOnce(&Arc<File>) -> Custom,
) -> Result<(Verification, Vec<String>), Error> {
    let (digest, file) = open_checked(bytes, path, options)?;
    let companions = file.as_ref().map(|file| file.contents().companions.clone()).unwrap_or_default();
    let rows = file.map(Arc::new).map_or(Rows::None, |file| replay(&file, &custom(&file), options));
    Ok((Verification { signature: None, digest, rows }, companions))
}

/// Takes the encryption off a file, holds its bytes against the digest in them, and reads it if they are those that
/// were written. `path` tells where it came from; it is not opened.
fn open_checked(bytes: Bytes, path: Option<&Path>, options: &Options) -> Result<(Digest, Option<File>), Error> {
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
    Ok((digest, Some(File::from_bytes(bytes, path, options.started())?)))
}

/// Asks the file's model for its recorded rows again.
fn replay(file: &File, custom: &Custom, options: &Options) -> Rows {
    let contents = file.contents();
    let Some(root) = contents.samples else { return Rows::None };
    let model = match file.model_with(options.at.as_deref(), custom) {
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
    let evaluate =
        |table: &Table<'_>| crate::evaluate(&plan, table, &EvaluateOptions::default()).map_err(|error| told(&error));
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
    let comparison = compare(expected, &evaluate(table)?, tolerance);
    if comparison.difference.is_none() {
        return Ok(comparison);
    }
    let shifted: Option<Vec<_>> = START_ULPS.map(|ulps| plan.with_shifted_start(ulps)).into_iter().collect();
    let Some(shifted) = shifted else { return Ok(comparison) };
    let answers = shifted
        .iter()
        .map(|plan| crate::evaluate(plan, table, &EvaluateOptions::default()).map_err(|error| told(&error)))
        .collect::<Result<Vec<_>, _>>()?;
    let explained = is_among(expected, &answers.iter().collect::<Vec<_>>(), tolerance);
    Ok(Comparison { difference: comparison.difference.filter(|_| !explained), ..comparison })
}

/// The roundings of a first estimator's probability that boosting may have started from. The estimator is asked for
/// `float32` rows, and many answer in `float32`: the sums of a BLAS move a probability near 1 by less than one such
/// float, and `exp` and a division by one more, in scikit-learn and in skiff. Boosting takes the logarithm of the odds in
/// `float64`, where the next float of a probability near 1 is far away; between them there is nothing that an honest
/// file may hold. Everywhere else these floats are nearer each other than the tolerance.
const START_ULPS: [i8; 5] = [-2, -1, 0, 1, 2];

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
    answer.value().map(skiff_plan::value::Value::cols)
}

/// What is wrong, and where.
fn told(error: &Error) -> String {
    match error.model_path() {
        Some(path) => format!("{path}: {}", error.message()),
        None => error.message(),
    }
}
