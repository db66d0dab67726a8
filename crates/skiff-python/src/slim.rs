//! `skiff.slim`: a smaller file for the same model.

use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skiff::slim::{Lossy, Precision, Pruning};
use skiff::{ConvertOptions, File, Slim};

use crate::compress::compress;
use crate::error;

/// Writes the file that `read` reads to `target`, smaller; returns what is smaller in it. The keys are those of `skiff/_slim.py`.
pub fn slim<'py>(
    py: Python<'py>,
    read: impl FnOnce() -> PyResult<File>,
    target: &Path,
    how: Option<&Bound<'_, PyAny>>,
    lossy: &Lossy,
    mut options: ConvertOptions,
) -> PyResult<Bound<'py, PyDict>> {
    let raise = |error| error::raise(py, &error);
    compress(&mut options, target, how)?;
    // Wrong options are reported before a large file is read.
    options.check(target).map_err(raise)?;
    let file = read()?;
    let write = || -> Result<_, skiff::Error> {
        let mut slim = Slim::of(&file)?;
        slim.reduce(lossy)?;
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
    let changed = slim.changed().iter().map(|changed| {
        let dict = PyDict::new(py);
        dict.set_item("option", changed.option)?;
        dict.set_item("class", &changed.class)?;
        dict.set_item("attribute", changed.attribute)?;
        dict.set_item("objects", changed.objects)?;
        Ok(dict)
    });
    dict.set_item("changed", PyList::new(py, changed.collect::<PyResult<Vec<_>>>()?)?)?;
    dict.set_item("measured", py.None())?;
    dict.set_item("notes", [slim.notes(), &converted.dropped].concat())?;
    Ok(dict)
}

/// What may change the answers; `bits` are those that learned numbers get: 32, 16 or 8.
pub fn lossy(
    py: Python<'_>,
    bits: Option<u8>,
    prune_trees: Option<&Bound<'_, PyAny>>,
    max_depth: Option<usize>,
    top_features: Option<usize>,
) -> PyResult<Lossy> {
    let precision = match bits {
        None => None,
        Some(32) => Some(Precision::Float32),
        Some(16) => Some(Precision::Float16),
        Some(8) => Some(Precision::Quantized),
        Some(bits) => return Err(error::wrong_input(py, &format!("expected 8 bits, found {bits}"))),
    };
    let pruning = prune_trees.map(|pruning| match pruning.extract::<usize>() {
        Ok(0) => Err(error::wrong_input(py, "expected at least one tree")),
        Ok(count) => Ok(Pruning::First(count)),
        Err(_) => {
            let alpha = pruning.extract::<f64>().ok().filter(|alpha| alpha.is_finite() && *alpha >= 0.0);
            alpha
                .map(Pruning::CostComplexity)
                .ok_or_else(|| error::wrong_input(py, "expected a number of trees, or an alpha"))
        }
    });
    Ok(Lossy { precision, pruning: pruning.transpose()?, max_depth, top_features })
}

fn size(py: Python<'_>, bytes: u64) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("bytes", bytes)?;
    Ok(dict)
}
