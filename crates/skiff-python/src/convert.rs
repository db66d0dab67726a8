//! `skiff.convert`: a model file in another format.

use std::path::Path;

use pyo3::prelude::*;
use skiff::mlflow::MlflowOptions;
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

/// Writes the file that `read` reads to `folder` as a model of MLflow's; returns what that cannot hold.
pub fn save_mlflow(
    py: Python<'_>,
    read: impl FnOnce() -> PyResult<File>,
    folder: &Path,
    method: &str,
    signature: Vec<(String, String)>,
) -> PyResult<Vec<String>> {
    let method = method.parse().map_err(|unknown| error::wrong_input(py, &format!("{unknown}")))?;
    let (file, options) = (read()?, MlflowOptions { method, signature });
    let write = || skiff::threads::install(None, || file.save_mlflow(folder, &options, &ConvertOptions::default()));
    Ok(py.detach(write).map_err(|error| error::raise(py, &error))?.dropped)
}

/// The version of scikit-learn that `for_` names: `scikit-learn==1.9.1`.
pub fn scikit_learn(py: Python<'_>, name: Option<&str>) -> PyResult<Option<ScikitLearn>> {
    name.map(ScikitLearn::parse).transpose().map_err(|what| error::wrong_input(py, &what))
}
