//! `skiff.load`: a file's content, judged and checked, as what Python's unpickler takes.

use numpy::PyArray1;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use skiff::{File, Rebuilt, Trusted};
use skiff_files::{Bytes, Content};

use crate::{error, source};

/// What `skiff/_load.py` makes the estimator of.
#[pyclass(frozen, module = "skiff._skiff", name = "Rebuilt")]
#[derive(Debug)]
pub struct PyRebuilt {
    inner: Rebuilt,
    /// Whether spans of the graph's first buffer are places in the file itself.
    is_mappable: bool,
}

/// Judges the file that `source` is, or names, and writes what stands at `at` anew.
pub fn rebuild<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
    trusted: &[String],
    at: Option<&str>,
    limits: Option<&source::Limits>,
    identity: Option<&Bound<'py, PyAny>>,
) -> PyResult<PyRebuilt> {
    let trusted = Trusted::new(trusted).map_err(|what| error::wrong_input(py, &what))?;
    let file = source::read(py, source, limits, identity)?;
    let inner = py.detach(|| file.rebuild(at, &trusted)).map_err(|error| error::raise(py, &error))?;
    Ok(PyRebuilt { inner, is_mappable: is_mappable(&file) })
}

fn is_mappable(file: &File) -> bool {
    let format = &file.contents().format;
    file.path().is_some() && format.content == Content::Skiff && format.layers.is_empty()
}

#[pymethods]
impl PyRebuilt {
    /// The pickle, of protocol 5.
    #[getter]
    fn pickle<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.pickle)
    }

    /// Module and name of all that the pickle imports.
    #[getter]
    fn names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, &self.inner.names)
    }

    /// Those of the names that are there because they were trusted.
    #[getter]
    fn vouched<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, &self.inner.vouched)
    }

    /// The versions of scikit-learn that the estimators come from.
    #[getter]
    fn versions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, &self.inner.versions)
    }

    /// How many buffers the pickle asks for.
    fn __len__(&self) -> usize {
        self.inner.buffers.len()
    }

    /// Where in the file the buffer lies as it is, `(start, end)`, if it does.
    fn place(&self, index: usize) -> PyResult<Option<(usize, usize)>> {
        let buffer = self.buffer(index)?;
        // The file is the first of the graph's buffers from outside.
        let lies = self.is_mappable && buffer.span.buffer == 1;
        Ok(lies.then(|| (buffer.span.start, buffer.span.start.saturating_add(buffer.span.len))))
    }

    /// The buffer itself, in memory of its own.
    fn take<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyArray1<u8>>> {
        let bytes: &Bytes = &self.buffer(index)?.bytes;
        // Records of a `.skiff` are put together for this alone, outside of Python's lock.
        let whole = py.detach(|| bytes.at_hand());
        if whole.as_slice().len() != bytes.len() {
            return Err(PyValueError::new_err("the elements of an array in the file are damaged"));
        }
        let array = PyArray1::from_slice(py, &whole);
        bytes.release();
        Ok(array)
    }
}

impl PyRebuilt {
    fn buffer(&self, index: usize) -> PyResult<&skiff_files::write::Buffer> {
        self.inner.buffers.get(index).ok_or_else(|| PyIndexError::new_err("no such buffer"))
    }
}
