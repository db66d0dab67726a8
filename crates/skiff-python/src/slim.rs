//! `skiff.slim`: a smaller file for the same model.

use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skiff::{ConvertOptions, File, Slim};

use crate::compress::compress;
use crate::error;

/// Writes the file that `read` reads to `target`, smaller; returns what is smaller in it. The keys are those of `skiff/_slim.py`.
pub fn slim<'py>(
    py: Python<'py>,
    read: impl FnOnce() -> PyResult<File>,
    target: &Path,
    how: Option<&Bound<'_, PyAny>>,
    mut options: ConvertOptions,
) -> PyResult<Bound<'py, PyDict>> {
    let raise = |error| error::raise(py, &error);
    compress(&mut options, target, how)?;
    // Wrong options are reported before a large file is read.
    options.check(target).map_err(raise)?;
    let file = read()?;
    let write = || -> Result<_, skiff::Error> {
        let slim = Slim::of(&file)?;
        let converted = slim.write(target, &options)?;
        Ok((slim, converted))
    };
    let (slim, converted) = py.detach(|| skiff::threads::install(None, write)).map_err(raise)?;
    let dict = PyDict::new(py);
    dict.set_item("before", size(py, slim.before())?)?;
    dict.set_item("after", size(py, std::fs::metadata(target)?.len())?)?;
    let dropped = slim.dropped().iter().map(|dropped| {
        let dict = PyDict::new(py);
        dict.set_item("class", &dropped.class)?;
        dict.set_item("attribute", dropped.attribute)?;
        dict.set_item("objects", dropped.objects)?;
        dict.set_item("bytes", dropped.bytes)?;
        Ok(dict)
    });
    dict.set_item("dropped", PyList::new(py, dropped.collect::<PyResult<Vec<_>>>()?)?)?;
    dict.set_item("trees_with_narrower_thresholds", slim.thresholds())?;
    dict.set_item("notes", [slim.notes(), &converted.dropped].concat())?;
    Ok(dict)
}

fn size(py: Python<'_>, bytes: u64) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("bytes", bytes)?;
    Ok(dict)
}
