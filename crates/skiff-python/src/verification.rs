//! `skiff.verify`: the results, as dicts for the classes in `skiff/_verification.py`; and passports.

use std::sync::Arc;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skiff::passport::Value;
use skiff::verify::{Digest, Outcome, Replay, Rows, Verified, verify_bytes_with, verify_with};
use skiff::{File, Options, Verification, VerifyOptions};

use crate::model::Opened;
use crate::signing::Trusting;
use crate::source::{self, Source};
use crate::{custom, error, signing};

/// Verifies the file `source`, and the signature of a path if there is a trusted signer.
pub fn verify<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
    options: Options,
    custom: Option<&Bound<'py, PyDict>>,
    signature: Option<&Trusting>,
) -> PyResult<Bound<'py, PyDict>> {
    let signature = signature.map(|trusting| trusting.requirement(py)).transpose()?;
    let options = VerifyOptions { open: options, signature };
    let pairs = custom.map(custom::pairs).transpose()?.unwrap_or_default();
    // This model is never pickled.
    let opened = Arc::new(Opened::secret());
    let custom = |file: &Arc<File>| custom::of_file(pairs, file, &opened);
    let found = match source::source(source)? {
        Source::Bytes(bytes) => {
            py.detach(|| skiff::threads::install(None, || verify_bytes_with(bytes, &options, custom)))
        }
        Source::Path(path) => py.detach(|| skiff::threads::install(None, || verify_with(path, &options, custom))),
    };
    dict(py, &found.map_err(|error| error::raise(py, &error))?)
}

fn dict<'py>(py: Python<'py>, found: &Verification) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let verdict = match found.verdict() {
        Verified::Yes => "verified",
        Verified::No => "differs",
        Verified::CouldNot => "could not",
    };
    let digest = match found.digest {
        Digest::Whole => "whole",
        Digest::Differs => "differs",
        Digest::Missing | Digest::Unread => "missing",
    };
    dict.set_item("verdict", verdict)?;
    dict.set_item("digest", digest)?;
    let (rows, reason, methods): (_, _, &[Replay]) = match &found.rows {
        Rows::None => (None, None, &[]),
        Rows::CannotReplay(why) => (None, Some(why), &[]),
        Rows::Replayed { rows, methods } => (Some(rows), None, methods),
    };
    dict.set_item("rows", rows)?;
    dict.set_item("reason", reason)?;
    let list = PyList::empty(py);
    for method in methods {
        list.append(method_dict(py, method)?)?;
    }
    dict.set_item("methods", list)?;
    dict.set_item("signature", found.signature.as_ref().map(|signature| signing::dict(py, signature)).transpose()?)?;
    Ok(dict)
}

fn method_dict<'py>(py: Python<'py>, Replay { method, outcome }: &Replay) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("method", method)?;
    match outcome {
        Outcome::Equal { largest } => {
            dict.set_item("outcome", "equal")?;
            dict.set_item("largest", largest)?;
        }
        Outcome::Differs { difference, largest } => {
            dict.set_item("outcome", "differs")?;
            dict.set_item("largest", largest)?;
            dict.set_item("reason", difference.to_string())?;
            if let Some(element) = difference.element() {
                dict.set_item("row", element.row)?;
                dict.set_item("column", element.column)?;
                dict.set_item("expected", &element.expected)?;
                dict.set_item("found", &element.found)?;
            }
        }
        Outcome::CannotReplay(why) => {
            dict.set_item("outcome", "cannot replay")?;
            dict.set_item("reason", why)?;
        }
    }
    Ok(dict)
}

/// The pairs of a passport as a dict. They are at most [`skiff::passport::MOST_DEPTH`] deep.
pub fn object<'py>(py: Python<'py>, pairs: &[(String, Value)]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in pairs {
        dict.set_item(name, value_of(py, value)?)?;
    }
    Ok(dict)
}

fn value_of<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(value) => value.into_bound_py_any(py)?,
        Value::Int(value) => value.into_bound_py_any(py)?,
        Value::Float(value) => value.into_bound_py_any(py)?,
        Value::Text(text) => text.into_bound_py_any(py)?,
        Value::List(items) => {
            let items = items.iter().map(|item| value_of(py, item)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, items)?.into_any()
        }
        Value::Object(pairs) => object(py, pairs)?.into_any(),
    })
}
