//! Errors of the library as Python exceptions: the classes are those of `skiff/_errors.py`.

use std::io;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};
use skiff::ErrorKind;

/// The exception for an error of the library, with all of its facts.
pub fn raise(py: Python<'_>, error: &skiff::Error) -> PyErr {
    if let Some(own) = std::error::Error::source(error).and_then(|source| source.downcast_ref::<PyErr>()) {
        return noted(py, own.clone_ref(py), error);
    }
    let missing = std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<io::Error>())
        .is_some_and(|source| source.kind() == io::ErrorKind::NotFound);
    let class = match error.kind() {
        ErrorKind::DamagedFile => "DamagedFileError",
        ErrorKind::UnreadableFile if missing => "MissingFileError",
        ErrorKind::UnreadableFile => "UnreadableFileError",
        ErrorKind::UnwritableFile => "UnwritableFileError",
        ErrorKind::Limit => "LimitExceededError",
        ErrorKind::Dangerous | ErrorKind::Untrusted => "UntrustedFileError",
        ErrorKind::NotSupported => "NotSupportedError",
        ErrorKind::WrongInput => "WrongInputError",
        _ => "SkiffError",
    };
    let facts = || -> PyResult<Bound<'_, PyDict>> {
        let facts = PyDict::new(py);
        facts.set_item("code", error.code())?;
        facts.set_item("help", error.help())?;
        facts.set_item("model_path", error.model_path())?;
        facts.set_item("offset", error.offset())?;
        facts.set_item("row", error.row())?;
        Ok(facts)
    };
    match facts().and_then(|facts| instance(py, class, &message(error), &facts)) {
        Ok(exception) => {
            if let Some(file) =
                error.file().filter(|_| matches!(error.kind(), ErrorKind::UnreadableFile | ErrorKind::UnwritableFile))
            {
                // The usual attributes of an `OSError`; a failure to set them must not hide the error.
                let _ = exception.setattr("filename", file.as_os_str());
                let number = std::error::Error::source(error)
                    .and_then(|source| source.downcast_ref::<io::Error>())
                    .and_then(io::Error::raw_os_error);
                let _ = exception.setattr("errno", number);
            }
            PyErr::from_value(exception)
        }
        Err(error) => error,
    }
}

/// The exception of user code, unchanged, with a note of the path in the model.
fn noted(py: Python<'_>, own: PyErr, error: &skiff::Error) -> PyErr {
    let place = error.model_path().map_or_else(String::new, |path| format!(", at {path} of the model"));
    // Notes came with Python 3.11; before that there is the traceback.
    let _ = own.value(py).call_method1("add_note", (format!("in code registered as `custom`{place}"),));
    own
}

/// `UnreadableFileError` for a folder.
pub fn unreadable(py: Python<'_>, path: &std::path::Path, error: &io::Error) -> PyErr {
    described(
        py,
        "UnreadableFileError",
        "unreadable-file",
        &format!("cannot read the folder: {error} ({})", path.display()),
    )
}

/// `WrongInputError` with a message of this crate.
pub fn wrong_input(py: Python<'_>, message: &str) -> PyErr {
    described(py, "WrongInputError", "wrong-input", message)
}

/// `NotSupportedError` with a message of this crate.
pub fn not_supported(py: Python<'_>, message: &str) -> PyErr {
    described(py, "NotSupportedError", "not-supported", message)
}

fn described(py: Python<'_>, class: &str, code: &str, message: &str) -> PyErr {
    let facts = [("code", code)].into_py_dict(py);
    match facts.and_then(|facts| instance(py, class, message, &facts)) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

fn instance<'py>(
    py: Python<'py>,
    class: &str,
    message: &str,
    facts: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    py.import(intern!(py, "skiff._errors"))?.getattr(class)?.call((message,), Some(facts))
}

/// What is wrong, where, and help.
fn message(error: &skiff::Error) -> String {
    let file = error.file().map(|file| file.display().to_string());
    let byte = error.offset().map(|offset| format!("byte {offset}"));
    let row = error.row().map(|row| format!("row {row}"));
    let place: Vec<_> = [file, error.model_path().map(str::to_owned), byte, row].into_iter().flatten().collect();
    let mut text = error.message();
    if !place.is_empty() {
        text += &format!(" ({})", place.join(", "));
    }
    if let Some(limit) = error.limit() {
        let fewer = if limit == "answer" { "pass fewer rows at a time, or " } else { "" };
        text += &format!("\n{fewer}raise the limit if you trust the file: limits=skiff.Limits({limit}=...)");
    } else if let Some(help) = error.help() {
        let help = ARGUMENTS.iter().fold(help, |help, (option, argument)| help.replace(option, argument));
        text += &format!("\n{help}");
    }
    text
}

/// The command's options as this package's arguments.
const ARGUMENTS: [(&str, &str); 6] = [
    ("--at \"", "at=\""),
    ("`--extension`", "`extension=True`"),
    ("`--follow-links`", "`follow_links=True`"),
    ("`--identity FILE`", "`identity=\"FILE\"`"),
    ("`--passphrase-env NAME`", "`identity=skiff.Identity.passphrase(…)`"),
    ("name the environment variable that holds it: `--password-env NAME`", "`password=` is its argument"),
];
