//! Whether a file is a model and nothing else.

use std::path::Path;

use skiff_files::Bytes;

use crate::{Error, Limits, Options, Verdict, encryption};

/// What loading the file at `path` in Python would do: nothing but make a model, something unknown, or something
/// dangerous. Nothing in it is executed, imported, opened or fetched.
///
/// # Errors
/// When the operating system does not let the file be read. What is wrong with its content, a limit that it exceeds
/// included, is a finding of the verdict.
pub fn scan(path: impl AsRef<Path>, limits: &Limits) -> Result<Verdict, Error> {
    let path = path.as_ref();
    skiff_files::scan::scan(path, limits).map_err(|error| Error::from(error).in_file(path))
}

/// As [`scan`], under `options`: an encrypted file is looked into by their identity.
///
/// # Errors
/// As [`scan`]; when the file is encrypted, and not for the identity.
pub fn scan_with(path: impl AsRef<Path>, options: &Options) -> Result<Verdict, Error> {
    let (path, limits) = (path.as_ref(), &options.limits);
    let scan = || {
        let bytes =
            encryption::plain(skiff_files::bytes(path, limits)?, options.identity.as_ref(), limits)?.into_bytes();
        Ok(skiff_files::scan::scan_bytes(&bytes, Some(path), limits))
    };
    scan().map_err(|error: Error| error.in_file(path))
}

/// As [`scan_bytes`], under `options`: encrypted bytes are looked into by their identity.
///
/// # Errors
/// When the bytes are encrypted, and not for the identity.
pub fn scan_bytes_with(bytes: Vec<u8>, options: &Options) -> Result<Verdict, Error> {
    let bytes = encryption::plain(bytes.into(), options.identity.as_ref(), &options.limits)?.into_bytes();
    Ok(skiff_files::scan::scan_bytes(&bytes, None, &options.limits))
}

/// As [`scan`], for the bytes of a file. Companion files of old joblib are not looked for.
pub fn scan_bytes(bytes: Vec<u8>, limits: &Limits) -> Verdict {
    skiff_files::scan::scan_bytes(&Bytes::from(bytes), None, limits)
}
