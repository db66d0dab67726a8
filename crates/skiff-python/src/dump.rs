//! `skiff.dump`: a pickle that Python has made, and its buffers, as a file.

use std::path::Path;

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use skiff::{Compression, DumpFormat, File, Recipients};
use skiff_files::Bytes;
use skiff_files::write::DEFAULT_PROTOCOL;

use crate::error;
use crate::lent::Lent;

/// A pickle and its out-of-band buffers, as arrays of bytes.
pub type Pickled<'py> = (PyBackedBytes, Vec<PyReadonlyArray1<'py, u8>>);

/// How the file is written: what `skiff/_dump.py` has made of its arguments.
#[derive(Debug)]
pub struct Options {
    pub format: String,
    pub compression: Option<String>,
    pub level: Option<i32>,
    pub protocol: Option<u8>,
    pub passport: Option<String>,
    pub recipients: Option<Recipients>,
}

/// Writes the file at `target`; without one, gives its bytes.
pub fn dump<'py>(
    py: Python<'py>,
    pickled: Pickled<'py>,
    target: Option<&Path>,
    options: &Options,
    samples: Option<Pickled<'py>>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let pickled = Held::new(pickled)?;
    let samples = samples.map(Held::new).transpose()?;
    let compression = match &options.compression {
        Some(text) => Some(text.parse::<Compression>().map_err(|what| error::wrong_input(py, &what))?),
        None => None,
    };
    let write = || -> Result<Option<Vec<u8>>, Failure> {
        let file = pickled.read()?;
        let samples = samples.map(Held::read).transpose()?;
        let protocol = options.protocol.unwrap_or(DEFAULT_PROTOCOL);
        let passport = options.passport.as_deref();
        let format = match options.format.as_str() {
            "skiff" => DumpFormat::Skiff { level: options.level, passport, samples: samples.as_ref() },
            "pickle" => DumpFormat::Pickle { protocol, compression },
            "joblib" => DumpFormat::Joblib { protocol, compression },
            "skops" => DumpFormat::Skops { deflate: options.level.and_then(|level| u32::try_from(level).ok()) },
            other => return Err(Failure::Format(other.to_owned())),
        };
        let recipients = options.recipients.as_ref();
        if let Some(target) = target {
            file.dump_to(format, recipients, target)?;
            return Ok(None);
        }
        let mut bytes = Vec::new();
        file.dump(format, recipients, &mut bytes)?;
        Ok(Some(bytes))
    };
    match py.detach(write) {
        Ok(bytes) => Ok(bytes.map(|bytes| PyBytes::new(py, &bytes))),
        Err(Failure::Skiff(error)) => Err(error::raise(py, &error)),
        Err(Failure::Format(format)) => Err(error::wrong_input(py, &format!("nothing is written as `{format}`"))),
    }
}

enum Failure {
    Skiff(skiff::Error),
    Format(String),
}

impl From<skiff::Error> for Failure {
    fn from(error: skiff::Error) -> Self {
        Self::Skiff(error)
    }
}

/// A pickle that threads without the GIL may read.
struct Held {
    pickle: PyBackedBytes,
    buffers: Vec<Bytes>,
}

impl Held {
    fn new((pickle, buffers): Pickled<'_>) -> PyResult<Self> {
        let buffers = buffers.iter().map(|buffer| Ok(Bytes::owned_by(Lent::new(buffer)?))).collect::<PyResult<_>>()?;
        Ok(Self { pickle, buffers })
    }

    fn read(self) -> Result<File, skiff::Error> {
        File::of_pickle(Bytes::new(self.pickle), self.buffers)
    }
}
