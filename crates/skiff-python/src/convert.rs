//! `skiff.convert`: a model file in another format.

use std::path::Path;

use pyo3::prelude::*;
use skiff::{ConvertOptions, File, ScikitLearn};

use crate::compress::compress;
use crate::error;

/// Writes the file that `read` reads to `target`; returns what the format cannot hold and what has
/// changed for another scikit-learn, one sentence each.
pub fn convert(
    py: Python<'_>,
    read: impl FnOnce() -> PyResult<File>,
    target: &Path,
    how: Option<&Bound<'_, PyAny>>,
    mut options: ConvertOptions,
) -> PyResult<Vec<String>> {
    let raise = |error| error::raise(py, &error);
    compress(&mut options, target, how)?;
    // Wrong options are reported before a large file is read.
    options.check(target).map_err(raise)?;
    let file = read()?;
    let converted = py.detach(|| skiff::threads::install(None, || file.convert(target, &options))).map_err(raise)?;
    Ok([converted.changed, converted.dropped].concat())
}

/// The version of scikit-learn that `for_` names: `scikit-learn==1.9.1`.
pub fn scikit_learn(py: Python<'_>, name: Option<&str>) -> PyResult<Option<ScikitLearn>> {
    name.map(ScikitLearn::parse).transpose().map_err(|what| error::wrong_input(py, &what))
}
