//! Models signed by OpenSSF Model Signing v1.0, so that the `model_signing` tool and this library verify each
//! other's signatures.
//!
//! [`sign`] writes a signature file; [`verify`] returns a [`SignatureVerdict`] with the signer and each
//! file that differs. [`crate::verify()`] returns it as well, with its other checks of the model.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use skiff_files::{Limits, write};

use crate::Error;

pub use skiff_sign::{
    Algorithm, Certificate, CertificateView, Extensions, Links, Note, PrivateKey, Problem, PublicKey, SignOptions,
    SignatureVerdict, Signer, Time, Trust, default_signature,
};

/// The largest signature file that is read.
const MOST_SIGNATURE: u64 = 1 << 28;
/// Keys and certificates are some kilobytes.
const MOST_KEY: u64 = 16 << 20;

/// Signs the file or folder `model`, and writes the signature to `options.signature`, or to where
/// [`default_signature`] says. The signature file appears when it is whole.
///
/// # Errors
/// When a file cannot be read; when there are links, pipes or names that are not UTF-8; when the certificate is not the
/// key's; when opening the file would read others too, as for old joblib: then the folder must be signed.
pub fn sign(model: impl AsRef<Path>, key: &PrivateKey, options: &SignOptions<'_>) -> Result<(), Error> {
    let model = model.as_ref();
    if !model.is_dir()
        // A file that cannot be opened has no companions: any file may be signed.
        && let Ok(opened) = skiff_files::open(model, &Limits::default())
        && let Some(name) = opened.companions.into_iter().next()
    {
        return Err(Error::from(skiff_sign::Error::Companion(model.to_owned(), name)));
    }
    let path = options.signature.map_or_else(|| default_signature(model), Path::to_owned);
    let bundle = skiff_sign::sign(model, key, &SignOptions { signature: Some(&path), ..options.clone() })?;
    let text = bundle.to_json();
    write::whole_file(&path, |out| Ok(out.write_all(text.as_bytes())?))
        .map_err(|error| Error::from(error).in_file(&path))
}

/// The signature that a model must have.
#[derive(Clone, Debug)]
pub struct SignatureRequirement {
    /// The trusted signers.
    pub trust: Trust,
    /// The signature file; by default the one of [`default_signature`].
    pub signature: Option<PathBuf>,
}

/// Verifies the signature of the file or folder `model`.
///
/// # Errors
/// When a file cannot be read, or the signature file is not one. A wrong signature is a verdict, not an
/// error.
pub fn verify(model: impl AsRef<Path>, requirement: &SignatureRequirement) -> Result<SignatureVerdict, Error> {
    let model = model.as_ref();
    let path = requirement.signature.clone().unwrap_or_else(|| default_signature(model));
    let bytes = bounded(&path, MOST_SIGNATURE)?;
    let bundle = skiff_sign::Bundle::read(&bytes).map_err(|error| Error::from(error).in_file(&path))?;
    skiff_sign::verify(model, &bundle, Some(&path), &requirement.trust)
        .map_err(|error| Error::from(error).in_file(&path))
}

/// The private key in the PEM file at `path`.
///
/// # Errors
/// When it cannot be read, or has no such key.
pub fn private_key(path: impl AsRef<Path>, password: Option<&str>) -> Result<PrivateKey, Error> {
    let path = path.as_ref();
    let text = zeroize::Zeroizing::new(bounded(path, MOST_KEY)?);
    let key = PrivateKey::from_pem(&text, password.map(str::as_bytes));
    key.map_err(|error| key_error(error).in_file(path))
}

/// The public key in the PEM file at `path`.
///
/// # Errors
/// When it cannot be read, or has no such key.
pub fn public_key(path: impl AsRef<Path>) -> Result<PublicKey, Error> {
    let path = path.as_ref();
    let key = PublicKey::from_pem(&bounded(path, MOST_KEY)?);
    key.map_err(|error| key_error(error).in_file(path))
}

/// The certificates in the PEM file at `path`.
///
/// # Errors
/// When it cannot be read, or has none.
pub fn certificates(path: impl AsRef<Path>) -> Result<Vec<Certificate>, Error> {
    let path = path.as_ref();
    Certificate::from_pem(&bounded(path, MOST_KEY)?).map_err(|error| Error::from(error).in_file(path))
}

/// Converts an error about a key.
pub fn key_error(error: skiff_sign::KeyError) -> Error {
    Error::from(skiff_sign::Error::from(error))
}

/// The content of a file, with a limit on its size.
fn bounded(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let read = || {
        let mut bytes = Vec::new();
        skiff_files::open_file(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        match u64::try_from(bytes.len()).is_ok_and(|length| length <= most) {
            true => Ok(bytes),
            false => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
        }
    };
    read().map_err(|error| Error::from(skiff_sign::Error::Read(path.to_owned(), error)))
}

/// Adds files that are read with the signed one and that its signature does not cover.
pub(crate) fn add_uncovered(verdict: &mut SignatureVerdict, names: Vec<String>) {
    verdict.problems.extend(names.into_iter().map(|name| Problem::NotCovered { name }));
}
