//! `skiff.convert`: a model file as one of another kind.

use std::path::Path;

use pyo3::prelude::*;
use skiff::{Compression, ConvertOptions, File};

use crate::error;

/// How the new file is compressed, as `skiff/_convert.py` has understood it.
#[derive(Debug)]
pub enum Compress {
    /// Not, unless its name says so.
    No,
    /// By the codec that it would be compressed by, at a level.
    Level(Option<u32>),
    /// By a codec, and perhaps its level: `xz:3`.
    Codec(String),
}

/// Writes the file that `read` reads to `target`; gives what had no place there, in a sentence each.
pub fn convert(
    py: Python<'_>,
    read: impl FnOnce() -> PyResult<File>,
    target: &Path,
    compress: &Compress,
    mut options: ConvertOptions,
) -> PyResult<Vec<String>> {
    let raise = |error| error::raise(py, &error);
    match compress {
        Compress::No => {}
        Compress::Level(level) => options.compress(target, *level).map_err(raise)?,
        Compress::Codec(text) => {
            let compression = text.parse::<Compression>().map_err(|what| error::wrong_input(py, &what))?;
            options.compression = Some(compression);
        }
    }
    // What cannot be is told before a large file is read.
    options.check(target).map_err(raise)?;
    let file = read()?;
    let converted = py.detach(|| file.convert(target, &options)).map_err(raise)?;
    Ok(converted.dropped)
}
