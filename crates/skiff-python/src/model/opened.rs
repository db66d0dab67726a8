//! The arguments with which a model was opened, and its pickle: the model as a `.skiff`, so that it can be opened anywhere.

use numpy::PyArray1;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::Model;
use crate::error;
use crate::running::Running;
use crate::source::Limits;

/// The arguments of `skiff.open` except the source.
#[derive(Debug, Default)]
pub struct Opened {
    /// `custom=`.
    pub custom: Option<Py<PyDict>>,
    /// `limits=`.
    pub limits: skiff::Limits,
    /// `n_jobs=` and `progress=`.
    pub running: Running,
    /// `n_jobs=` as it was given.
    pub n_jobs: Option<isize>,
    /// Whether the file was opened with an `identity`: a pickle would not be encrypted.
    pub is_secret: bool,
}

impl Opened {
    /// For a model that is never pickled.
    pub fn secret() -> Self {
        Self { is_secret: true, ..Self::default() }
    }
}

impl Model {
    /// `(skiff._estimator.restore, (content, slice, arguments))`.
    pub(super) fn reduced<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let Opened { custom, limits, running, n_jobs, is_secret } = &*self.opened;
        if *is_secret {
            return Err(PyTypeError::new_err(
                "cannot pickle a model that was opened by an identity: its pickle would hold the model in plain; open \
                 the file in each process instead",
            ));
        }
        let arguments = PyDict::new(py);
        if let Some(custom) = custom {
            arguments.set_item(intern!(py, "custom"), custom)?;
        }
        arguments.set_item(intern!(py, "limits"), Limits { inner: limits.clone() })?;
        arguments.set_item(intern!(py, "n_jobs"), n_jobs)?;
        arguments.set_item(intern!(py, "progress"), running.progress.as_ref())?;
        let restore = py.import(intern!(py, "skiff._estimator"))?.getattr(intern!(py, "restore"))?;
        (restore, (self.content(py)?, self.slice, arguments)).into_pyobject(py)
    }

    /// The model as a `.skiff`: one array for all its pickles, since joblib shares an array among its processes.
    fn content<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<u8>>> {
        if let Some(content) = self.content.get() {
            return Ok(content.bind(py).clone());
        }
        let write = || skiff::threads::install(None, || self.file.skiff_of(self.model.typed().node()));
        let bytes = py.detach(write).map_err(|error| error::raise(py, &error))?;
        let content = PyArray1::from_vec(py, bytes);
        Ok(self.content.get_or_init(|| content.unbind()).bind(py).clone())
    }
}
