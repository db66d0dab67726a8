//! `skiff.load`: a file's content, judged and checked, for Python's unpickler.

use numpy::PyArray1;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use skiff::{File, Rebuilt, ScikitLearn, Trusted};
use skiff_files::Content;

use crate::blocks::Blocks;
use crate::running::Running;
use crate::{error, source};

/// An array, and the ranges of buffers in it.
type Taken<'py> = (Bound<'py, PyArray1<u8>>, Vec<(usize, usize)>);

/// A class, the version that wrote it, the first version that predicts differently, and what changes.
type Change<'c> = (&'c str, &'c str, (u32, u32), &'c str);

/// What `skiff/_load.py` builds the estimator from.
#[pyclass(frozen, module = "skiff._skiff", name = "Rebuilt")]
#[derive(Debug)]
pub struct PyRebuilt {
    inner: Rebuilt,
    /// Whether spans of the graph's first buffer are ranges of the file itself.
    is_mappable: bool,
    blocks: Blocks,
}

/// The versions that wrote a model, what was changed for another one, and what its user may want to know.
type Migration<'m> = (&'m [String], &'m [String], &'m [String]);

/// Judges the file `source`, and writes the object at `at` as a new pickle, for the scikit-learn of version `target`.
pub fn rebuild<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
    trusted: &[String],
    at: Option<&str>,
    target: Option<&str>,
    limits: Option<&source::Limits>,
    identity: Option<&Bound<'py, PyAny>>,
) -> PyResult<PyRebuilt> {
    // There are no rules for a version that is not known.
    let target = target.and_then(|version| ScikitLearn::parse(version).ok());
    let trusted = Trusted::new(trusted).map_err(|what| error::wrong_input(py, &what))?;
    let start = source::position(source);
    let file = source::read(py, source, limits, identity)?;
    source::leave(source, start, &file)?;
    let inner = Running::default().read(py, &file.interrupt(), || file.rebuild(at, &trusted, target.as_ref()))?;
    let inner = inner.map_err(|error| error::raise(py, &error))?;
    Ok(PyRebuilt { inner, is_mappable: is_mappable(&file), blocks: Blocks::default() })
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

    /// Module and name of everything that the pickle imports.
    #[getter]
    fn names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, &self.inner.names)
    }

    /// Those of the names that are allowed only because they were trusted.
    #[getter]
    fn vouched<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, &self.inner.vouched)
    }

    /// The versions of scikit-learn recorded in the estimators.
    #[getter]
    fn versions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, &self.inner.versions)
    }

    /// What was changed for another scikit-learn: the versions that wrote the file, the changes, notes.
    #[getter]
    fn migration(&self) -> Option<Migration<'_>> {
        let migration = self.inner.migration.as_ref()?.as_ref().ok()?;
        Some((&migration.from, &migration.changes, &migration.notes))
    }

    /// Why nothing was changed for another scikit-learn.
    #[getter]
    fn not_migrated(&self) -> Option<String> {
        self.inner.migration.as_ref()?.as_ref().err().map(ToString::to_string)
    }

    /// Where the estimators predict differently in a newer scikit-learn: class, the version that wrote it, the first version
    /// that predicts differently, and what changes.
    #[getter]
    fn changes(&self) -> Vec<Change<'_>> {
        let changes = self.inner.changes.iter();
        changes.map(|change| (&*change.class, &*change.written_by, change.since, change.what)).collect()
    }

    /// The number of out-of-band buffers of the pickle.
    fn __len__(&self) -> usize {
        self.inner.buffers.len()
    }

    /// The range of the buffer in the file, `(start, end)`, if it is uncompressed there.
    fn place(&self, index: usize) -> PyResult<Option<(usize, usize)>> {
        let buffer = self.buffer(index)?;
        // The file is the first of the graph's buffers from outside.
        let lies = self.is_mappable && buffer.span.buffer == 1;
        Ok(lies.then(|| (buffer.span.start, buffer.span.start.saturating_add(buffer.span.len))))
    }

    /// The buffers from number `index` on, as many as a block has: all of them in one array, and the range
    /// of each. With `skips_mapped`, mapped buffers are skipped, and end the block.
    fn take<'py>(&self, py: Python<'py>, index: usize, skips_mapped: bool) -> PyResult<Taken<'py>> {
        let is_wanted = |number: &usize| !skips_mapped || self.place(*number).is_ok_and(|place| place.is_none());
        // Records of a `.skiff` are assembled only for this, without the GIL.
        let block =
            py.detach(|| skiff::threads::install(None, || self.blocks.take(&self.inner.buffers, index, is_wanted)));
        let block = block.ok_or_else(|| PyValueError::new_err("the elements of an array in the file are damaged"))?;
        Ok((PyArray1::from_vec(py, block.bytes), block.places))
    }
}

impl PyRebuilt {
    fn buffer(&self, index: usize) -> PyResult<&skiff_files::write::Buffer> {
        self.inner.buffers.get(index).ok_or_else(|| PyIndexError::new_err("no such buffer"))
    }
}
