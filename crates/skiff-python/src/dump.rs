//! `skiff.dump`: writes a pickle that Python has made, and its buffers, to a file.

use std::path::{Path, PathBuf};

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use skiff::{Attachments, ConvertOptions, File, TARGETS, Target, Trusted};
use skiff_files::Bytes;

use crate::compress::compress;
use crate::lent::Lent;
use crate::{encryption, error};

/// A pickle and its out-of-band buffers, as arrays of bytes.
pub type Pickled<'py> = (PyBackedBytes, Vec<PyReadonlyArray1<'py, u8>>);

/// A file to be written at `path`, or returned as bytes, for `skiff.dump`. Wrong options are reported
/// before anything is pickled.
#[pyclass(frozen, module = "skiff._skiff", name = "Dump")]
#[derive(Debug)]
pub struct Dump {
    path: Option<PathBuf>,
    options: ConvertOptions,
    target: &'static Target,
}

#[pymethods]
impl Dump {
    #[new]
    #[pyo3(signature = (path, /, *, format=None, compress=None, protocol=None, recipients=None))]
    fn new(
        py: Python<'_>,
        path: Option<PathBuf>,
        format: Option<&str>,
        compress: Option<&Bound<'_, PyAny>>,
        protocol: Option<i64>,
        recipients: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let format = if path.is_some() { format } else { format.or(Some("skiff")) };
        let format = format.map(|name| named(py, name)).transpose()?;
        let recipients = encryption::recipients(py, recipients)?;
        let mut options = ConvertOptions { format, protocol, recipients, ..ConvertOptions::default() };
        let name = path.as_deref().unwrap_or(Path::new(""));
        self::compress(&mut options, name, compress)?;
        let target = options.check(name).map_err(|error| error::raise(py, &error))?;
        Ok(Self { path, options, target })
    }

    /// Its format: `skiff`.
    #[getter]
    fn format(&self) -> &'static str {
        self.target.name
    }

    /// Writes the file; without a path, returns its bytes.
    #[expect(clippy::needless_pass_by_value, reason = "strings from Python are owned")]
    #[pyo3(signature = (pickled, /, *, passport=None, samples=None, trusted=Vec::new()))]
    fn write<'py>(
        &self,
        py: Python<'py>,
        pickled: Pickled<'py>,
        passport: Option<String>,
        samples: Option<Pickled<'py>>,
        trusted: Vec<String>,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let trusted = Trusted::new(&trusted).map_err(|what| error::wrong_input(py, &what))?;
        let pickled = Held::new(pickled)?;
        let samples = samples.map(Held::new).transpose()?;
        let write = || -> Result<Option<Vec<u8>>, skiff::Error> {
            let file = pickled.read()?;
            file.check_loadable(&trusted)?;
            let samples = samples.map(Held::read).transpose()?;
            let attachments = Attachments { passport: passport.as_deref(), samples: samples.as_ref() };
            if let Some(path) = &self.path {
                file.dump_to(path, &self.options, attachments)?;
                return Ok(None);
            }
            let mut bytes = Vec::new();
            file.dump("", &self.options, attachments, &mut bytes)?;
            Ok(Some(bytes))
        };
        let bytes = py.detach(|| skiff::threads::install(None, write)).map_err(|error| error::raise(py, &error))?;
        Ok(bytes.map(|bytes| PyBytes::new(py, &bytes)))
    }
}

/// The format with that name.
fn named(py: Python<'_>, name: &str) -> PyResult<&'static Target> {
    TARGETS.iter().find(|target| target.name == name).ok_or_else(|| {
        let names: Vec<_> = TARGETS.iter().map(|target| format!("`{}`", target.name)).collect();
        error::wrong_input(py, &format!("expected a format of {}, found `{name}`", names.join(", ")))
    })
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
