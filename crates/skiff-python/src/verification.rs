//! `skiff.verify`: what was found, as the dicts that `skiff/_verification.py` makes its classes of; and passports.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skiff::passport::Value;
use skiff::verify::{Digest, Outcome, Replay, Rows, Verified, open_checked, replay};
use skiff::{Options, Verification};
use skiff_files::Bytes;

use crate::source::{self, Limits};
use crate::{custom, error};

/// Verifies the file that `source` is, or names.
pub fn verify<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
    at: Option<String>,
    limits: Option<&Limits>,
    custom: Option<&Bound<'py, PyDict>>,
    identity: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let mut options = Options { at, ..source::options(py, limits, identity)? };
    let bytes = source::bytes_of(source)?;
    let path: Option<PathBuf> = if bytes.is_none() { Some(source.extract()?) } else { None };
    let opened = py.detach(|| {
        let bytes = match (bytes, &path) {
            (Some(bytes), _) => Bytes::from(bytes),
            (None, Some(path)) => skiff_files::bytes(path, &options.limits)?,
            (None, None) => Bytes::from(Vec::new()),
        };
        open_checked(bytes, path.as_deref(), &options)
    });
    let (digest, file) = opened.map_err(|error| match &path {
        Some(path) => error::raise(py, &error.in_file(path)),
        None => error::raise(py, &error),
    })?;
    let rows = match file.map(Arc::new) {
        Some(file) => {
            options.custom = custom.map(|custom| custom::read(custom, &file)).transpose()?.unwrap_or_default();
            py.detach(|| replay(&file, &options))
        }
        None => Rows::None,
    };
    dict(py, &Verification { digest, rows })
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
        Digest::Missing => "missing",
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
