//! `compress=`: the compression of a new file, with joblib's arguments.

use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyString};
use skiff::{Compression, ConvertOptions};

use crate::error;

/// Sets the compression of the file `target` from `given`: `True`, a level, a codec, or a codec and its level.
pub fn compress(options: &mut ConvertOptions, target: &Path, given: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    let Some(given) = given else { return Ok(()) };
    let py = given.py();
    let mut by_level = |level| options.compress(target, level).map_err(|error| error::raise(py, &error));
    if let Ok(wanted) = given.cast::<PyBool>() {
        return if wanted.is_true() { by_level(None) } else { Ok(()) };
    }
    if given.is_instance_of::<PyInt>() {
        let wrong = |_| error::wrong_input(py, &format!("expected a level of at least `0`, found `{given}`"));
        return match given.extract::<u32>().map_err(wrong)? {
            // As for joblib: an uncompressed file.
            0 => Ok(()),
            level => by_level(Some(level)),
        };
    }
    let compression = if let Ok(codec) = given.cast::<PyString>() {
        codec.to_cow()?.parse::<Compression>()
    } else if let Ok((codec, level)) = given.extract::<(String, Bound<'_, PyAny>)>() {
        let is_plain = level.extract::<i64>().is_ok_and(|level| level == 0);
        if is_plain && codec.parse::<Compression>().is_ok() {
            // As for joblib.
            return Ok(());
        }
        // joblib accepts a level for a codec without levels.
        match codec.parse::<Compression>() {
            Ok(compression) if !compression.has_levels() => Ok(compression),
            _ => format!("{codec}:{level}").parse(),
        }
    } else {
        Err(format!("expected `compress` to be a level, a codec, or both, found `{given}`"))
    };
    options.compression = Some(compression.map_err(|what| error::wrong_input(py, &what))?);
    Ok(())
}
