//! Verifies that a file was not modified, that its model still predicts the recorded results, and that its signature is trusted.

mod samples;

use std::path::Path;
use std::sync::Arc;

use samples::Samples;
use skiff_files::Bytes;
use skiff_models::custom::Custom;
use skiff_models::recorded::{Comparison, Difference, Tolerance, compare, is_among};
use skiff_plan::table::Table;
use skiff_plan::{Answer, EvaluateOptions, Method};

use crate::signing::{self, SignatureRequirement, SignatureVerdict};
use crate::{Error, ErrorKind, File, Model, Options, encryption, mlflow};

/// Options of verifying a file.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// Options of opening it.
    pub open: Options,
    /// The signature that it must have, if any.
    pub signature: Option<SignatureRequirement>,
}

/// The results of verifying, each on its own, so that callers can require some of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// The verdict on the signature, if one was required.
    pub signature: Option<SignatureVerdict>,
    /// Whether the digest matches the bytes.
    pub digest: Digest,
    /// Whether the predictions for the recorded rows match.
    pub rows: Rows,
}

/// Whether the digest matches the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Digest {
    /// It matches: no byte was modified.
    Whole,
    /// It does not match: nothing else was checked.
    Differs,
    /// The format has no digest.
    Missing,
    /// It was not checked: there is a signature of a folder, of something that is not a model, or of another signer.
    Unread,
}

/// Whether the predictions for the recorded rows match.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// The file has none, or they were not checked.
    None,
    /// They cannot be predicted, or their results cannot be read: the reason.
    CannotReplay(String),
    /// Each method that was recorded.
    Replayed {
        /// The number of rows.
        rows: usize,
        /// The result of each method.
        methods: Vec<Replay>,
    },
}

/// A method that was replayed.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// scikit-learn's name of it.
    pub method: String,
    /// Its outcome.
    pub outcome: Outcome,
}

/// The outcome of a replay.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The same labels, and numbers within the tolerance.
    Equal {
        /// The greatest difference between numbers.
        largest: f64,
    },
    /// The results differ.
    Differs {
        /// What differs, and where.
        difference: Difference,
        /// The greatest difference between numbers.
        largest: f64,
    },
    /// It could not be replayed: the reason.
    CannotReplay(String),
}

/// The verdict on all results together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Every byte is as it was written or signed, and the predictions match the recorded ones.
    Yes,
    /// Something differs.
    No,
    /// Nothing that was checked differs, but not everything could be checked.
    CouldNot,
}

impl File {
    /// The recorded rows of a `.skiff`, which `model` of this file takes; `None` if there are none, or they cannot be
    /// read, which [`verify`] reports.
    pub fn recorded_rows(&self, model: &Model) -> Option<Table<'static>> {
        let contents = self.contents();
        let samples = Samples::read(&contents.graph, contents.samples?, model.takes(), self.limits().decoded);
        samples.ok().map(|samples| samples.table)
    }
}

impl Verification {
    /// The verdict on all results together.
    pub fn verdict(&self) -> Verified {
        let is_signed = match &self.signature {
            Some(signature) if !signature.is_verified() => return Verified::No,
            signature => signature.is_some(),
        };
        let digest = match self.digest {
            Digest::Whole => Verified::Yes,
            Digest::Differs => Verified::No,
            // A signature covers every byte: with one, no digest is needed.
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

/// Compares all bytes of the file at `path` with its digest, and predicts for the recorded rows again; before
/// that, verifies the signature of the file or folder, if one is required.
///
/// # Errors
/// When the file cannot be read, or is not a model file (a signed file need not be one). That it is damaged, predicts
/// differently, or was not signed by a trusted signer, is not an error but a result in [`Verification`].
pub fn verify(path: impl AsRef<Path>, options: &VerifyOptions) -> Result<Verification, Error> {
    verify_with(path, options, |_| options.open.custom.clone())
}

/// Like [`verify`], with user code that is created when the file is known.
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
        let path = &mlflow::model_file(path)?;
        let bytes = skiff_files::bytes(path, &options.open.limits)?;
        verified(bytes, Some(path), &options.open, custom)
    };
    let look = || look().map_err(|error: Error| error.in_file(path));
    let Some(requirement) = &options.signature else { return look().map(|(found, _)| found) };
    let mut signature = signing::verify(path, requirement)?;
    // A file that was not signed is not read; a folder has no digest and no recorded rows.
    if !signature.is_verified() || path.is_dir() {
        return Ok(Verification::of_signature(signature));
    }
    match look() {
        Ok((found, companions)) => {
            // Only this file is signed: its companion files may be from anybody.
            signing::add_uncovered(&mut signature, companions);
            Ok(Verification { signature: Some(signature), ..found })
        }
        // Anything can be signed: it need not be a model, and may be encrypted.
        Err(error) if is_of_no_model(&error) => Ok(Verification::of_signature(signature)),
        Err(error) => Err(error),
    }
}

/// Like [`verify`], for a file in memory; signatures are only for files on disk, and are not checked.
///
/// # Errors
/// As [`verify`].
pub fn verify_bytes(bytes: Vec<u8>, options: &VerifyOptions) -> Result<Verification, Error> {
    verify_bytes_with(bytes, options, |_| options.open.custom.clone())
}

/// Like [`verify_bytes`], with user code that is created when the file is known.
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

/// The results, and the names of the files that were read with this one.
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

/// Decrypts a file, compares its bytes with the digest in them, and reads it if they
/// match. `path` is its origin; it is not opened.
fn open_checked(bytes: Bytes, path: Option<&Path>, options: &Options) -> Result<(Digest, Option<File>), Error> {
    let bytes = encryption::plain(bytes, options.identity.as_ref(), &options.limits)?.into_bytes();
    let digest = match skiff_files::verify_bytes(&bytes) {
        Ok(()) => Digest::Whole,
        Err(error) => match error.kind {
            skiff_files::ErrorKind::NoDigest => Digest::Missing,
            _ => match Error::from(error) {
                // Damage that is found before a digest can be computed counts as a mismatch too.
                error if error.kind() == ErrorKind::DamagedFile => return Ok((Digest::Differs, None)),
                error => return Err(error),
            },
        },
    };
    Ok((digest, Some(File::from_bytes(bytes, path, options.started())?)))
}

/// Predicts for the recorded rows again.
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
        // The first row shows the width of the result: the recorded one may be small while computing it takes much.
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

/// The roundings of an `init` estimator's probability that boosting may have started from. The estimator predicts for
/// `float32` rows, and many answer in `float32`: the sums of a BLAS move a probability near 1 by less than one such
/// float, and `exp` and a division by one more, in scikit-learn and in skiff. Boosting takes the logarithm of the odds in
/// `float64`, where the next float of a probability near 1 is far away; between them there is no value that a regular
/// file may have. Everywhere else these floats are nearer each other than the tolerance.
const START_ULPS: [i8; 5] = [-2, -1, 0, 1, 2];

/// Labels must be equal; numbers have the tolerance of the recorded tests. If the input is `float32`,
/// some step rounds to it, even if the output is `float64`; so does an `init` estimator of boosting, which
/// passes it `float32` rows.
///
/// Trees would be exact, but scikit-learn's forests on several threads are not: they sum in the order in which
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

/// The error message with its location.
fn told(error: &Error) -> String {
    match error.model_path() {
        Some(path) => format!("{path}: {}", error.message()),
        None => error.message(),
    }
}
