//! `skiff.convert`: a model file as one of another kind.

use std::path::PathBuf;

use pyo3::prelude::*;
use skiff::{Compression, ConvertOptions};

use crate::error;
use crate::source::{self, Limits};

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

/// Writes what is in `source` to `target`; gives what had no place there, in a sentence each.
pub fn convert(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    target: &PathBuf,
    compress: &Compress,
    protocol: Option<u8>,
    limits: Option<&Limits>,
) -> PyResult<Vec<String>> {
    let raise = |error| error::raise(py, &error);
    let mut options = ConvertOptions { protocol, ..ConvertOptions::default() };
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
    let file = source::read(py, source, limits)?;
    let converted = py.detach(|| file.convert(target, &options)).map_err(raise)?;
    Ok(converted.dropped)
}
