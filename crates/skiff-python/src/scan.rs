//! `skiff.scan`: verdicts as dicts and lists for `json.dumps`.

use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skiff::{Finding, Interrupt, Rating, UnknownAttribute, Verdict};

use crate::error;
use crate::running::Running;
use crate::source::{self, Limits, Source};

/// Judges the file `source`, or every file in a folder.
pub fn scan<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
    strict: bool,
    limits: Option<&Limits>,
    identity: Option<&Bound<'py, PyAny>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut options = source::options(py, limits, identity)?;
    let (running, interrupt) = (Running::new(None, progress)?, Interrupt::default());
    options.limits.interrupt = Some(interrupt.clone());
    let path = match source::source(source)? {
        Source::Bytes(bytes) => {
            let found = running.read(py, &interrupt, || skiff::scan_bytes(bytes, &options))?;
            let found = found.map_err(|error| error::raise(py, &error))?;
            return Ok(verdict(py, None, &found, false)?.into_any());
        }
        Source::Path(path) => path,
    };
    if !path.is_dir() {
        let found = running.read(py, &interrupt, || skiff::scan(&path, &options))?;
        let found = found.map_err(|error| error::raise(py, &error))?;
        return Ok(verdict(py, Some(&path), &found, false)?.into_any());
    }
    let (files, unread) = py.detach(|| skiff::files_in(&path));
    if let Some((folder, error)) = unread.first() {
        return Err(error::unreadable(py, folder, error));
    }
    let verdicts = PyList::empty(py);
    let total = files.len();
    for (done, path) in files.into_iter().enumerate() {
        running.report(py, "scan", done, total)?;
        let found = running.read(py, &interrupt, || skiff::scan(&path, &options))?;
        let found = found.map_err(|error| error::raise(py, &error))?;
        let is_passed_over = !strict && !found.is_model_file && found.rating != Rating::Dangerous;
        verdicts.append(verdict(py, Some(&path), &found, is_passed_over)?)?;
    }
    running.report(py, "scan", total, total)?;
    Ok(verdicts.into_any())
}

/// The keys are those of `skiff/_verdict.py`, and of `skiff scan --format json`.
fn verdict<'py>(
    py: Python<'py>,
    file: Option<&Path>,
    found: &Verdict,
    is_passed_over: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("file", file.map(Path::to_string_lossy))?;
    dict.set_item("verdict", found.rating.name())?;
    dict.set_item("passed_over", is_passed_over)?;
    dict.set_item("size", found.size)?;
    dict.set_item("judged", found.judged)?;
    dict.set_item("in_a_row", found.in_a_row)?;
    let findings = found.findings.iter().map(|one| finding(py, one)).collect::<PyResult<Vec<_>>>()?;
    dict.set_item("findings", findings)?;
    let attributes = found.unknown_attributes.iter().map(|one| attribute(py, one)).collect::<PyResult<Vec<_>>>()?;
    dict.set_item("unknown_attributes", attributes)?;
    Ok(dict)
}

fn attribute<'py>(py: Python<'py>, found: &UnknownAttribute) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("class", found.class)?;
    dict.set_item("name", &found.name)?;
    dict.set_item("place", &found.place)?;
    dict.set_item("path", found.path.as_deref())?;
    Ok(dict)
}

fn finding<'py>(py: Python<'py>, found: &Finding) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("rating", found.rating.name())?;
    dict.set_item("name", found.name.as_deref())?;
    dict.set_item("sentence", &found.sentence)?;
    dict.set_item("place", &found.place)?;
    dict.set_item("pickle", found.pickle)?;
    dict.set_item("offset", found.offset)?;
    dict.set_item("path", found.path.as_deref())?;
    Ok(dict)
}
