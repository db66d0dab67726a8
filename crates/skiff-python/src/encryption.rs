//! `identity=` and `recipients=`: the keys and passphrases of encrypted models, and their recipients.

use std::path::PathBuf;

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;
use skiff::{EncryptionError, Error, Recipients};

use crate::error;

/// An age identity: private keys, or a passphrase, that decrypt a file.
///
/// Parameters
/// ----------
/// text : str
///     The text of an identity file: lines with keys, `AGE-SECRET-KEY-1…`.
///
/// Raises
/// ------
/// WrongInputError
///     If the text is not an identity.
///
/// Examples
/// --------
/// >>> identity = skiff.Identity.generate()
/// >>> skiff.dump(model, "model.skiff", recipients=identity)  # doctest: +SKIP
/// >>> skiff.open("model.skiff", identity=identity)  # doctest: +SKIP
#[pyclass(frozen, module = "skiff", name = "Identity")]
#[derive(Debug)]
pub struct Identity {
    inner: skiff::Identity,
}

#[pymethods]
impl Identity {
    /// The keys in the text of an identity file: `AGE-SECRET-KEY-1…`.
    #[new]
    #[pyo3(signature = (text, /))]
    fn new(py: Python<'_>, text: &str) -> PyResult<Self> {
        Self::of(py, skiff::Identity::read(text.as_bytes()).map_err(Error::from))
    }

    /// A new key.
    #[staticmethod]
    fn generate() -> Self {
        Self { inner: skiff::Identity::generate() }
    }

    /// The keys in an identity file.
    #[expect(clippy::needless_pass_by_value, reason = "paths from Python are owned")]
    #[staticmethod]
    #[pyo3(signature = (path, /))]
    fn from_file(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Self::of(py, skiff::Identity::from_file(&path))
    }

    /// A passphrase.
    #[staticmethod]
    #[pyo3(signature = (text, /))]
    fn passphrase(py: Python<'_>, text: &str) -> PyResult<Self> {
        Self::of(py, skiff::Identity::passphrase(text).map_err(Error::from))
    }

    /// The recipients, `age1…`, to encrypt for so that this identity can decrypt; empty for a passphrase.
    #[getter]
    fn recipients(&self) -> Vec<String> {
        self.inner.recipients().map(|all| all.to_string().lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// The text of an identity file, which is secret.
    fn text(&self) -> String {
        self.inner.to_text().to_string()
    }

    fn __repr__(&self) -> String {
        let recipients = self.recipients();
        let shown = if recipients.is_empty() { "a passphrase".to_owned() } else { recipients.join(", ") };
        format!("<skiff.Identity of {shown}>")
    }
}

impl Identity {
    fn of(py: Python<'_>, inner: Result<skiff::Identity, Error>) -> PyResult<Self> {
        Ok(Self { inner: inner.map_err(|error| error::raise(py, &error))? })
    }
}

/// `identity=`: an `Identity`, the text of a key, or the path of an identity file.
pub fn identity(py: Python<'_>, given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<skiff::Identity>> {
    const KEY: &str = "AGE-SECRET-KEY-1";
    let Some(given) = given else { return Ok(None) };
    if let Ok(identity) = given.cast::<Identity>() {
        return Ok(Some(identity.get().inner.clone()));
    }
    let read = match given.cast::<PyString>() {
        Ok(text) if text.to_cow()?.trim_start().starts_with(KEY) => {
            skiff::Identity::read(text.to_cow()?.as_bytes()).map_err(Error::from)
        }
        Err(_) if !given.hasattr(intern!(py, "__fspath__"))? => {
            return Err(PyTypeError::new_err(format!(
                "expected an identity, the text of a key or the path of an identity file, not {}",
                given.get_type().name()?
            )));
        }
        _ => skiff::Identity::from_file(given.extract::<PathBuf>()?),
    };
    Ok(Some(read.map_err(|error| error::raise(py, &error))?))
}

/// `recipients=`: an `age1…`, an `Identity`, or several.
pub fn recipients(py: Python<'_>, given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Recipients>> {
    let Some(given) = given else { return Ok(None) };
    if let Some(one) = recipient(py, given)? {
        return Ok(Some(one));
    }
    let mut all: Option<Recipients> = None;
    for item in given.try_iter()? {
        let item = item?;
        let one = recipient(py, &item)?.ok_or_else(|| {
            let found = item.get_type().name().map(|name| name.to_string()).unwrap_or_default();
            PyTypeError::new_err(format!("expected a recipient, `age1…`, or an identity, not {found}"))
        })?;
        all = Some(match all {
            Some(all) => all.and(one).map_err(|error| error::raise(py, &error.into()))?,
            None => one,
        });
    }
    match all {
        Some(all) => Ok(Some(all)),
        None => Err(error::raise(py, &EncryptionError::NoRecipients.into())),
    }
}

fn recipient(py: Python<'_>, given: &Bound<'_, PyAny>) -> PyResult<Option<Recipients>> {
    let read = if let Ok(identity) = given.cast::<Identity>() {
        identity.get().inner.recipients()
    } else if let Ok(text) = given.cast::<PyString>() {
        text.to_cow()?.parse()
    } else {
        return Ok(None);
    };
    Ok(Some(read.map_err(|error| error::raise(py, &error.into()))?))
}
