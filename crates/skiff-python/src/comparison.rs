//! `skiff.diff`: how two files differ, as dicts and lists for `json.dumps`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skiff::Diff;
use skiff::diff::{Difference, Elements, Side};

use crate::inspection;

/// The keys are those of `skiff/_diff.py`.
pub fn comparison<'py>(py: Python<'py>, found: &Diff) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("files", found.files.iter().map(|one| side(py, one)).collect::<PyResult<Vec<_>>>()?)?;
    let differences = found.differences.iter().map(|one| difference(py, one)).collect::<PyResult<Vec<_>>>()?;
    dict.set_item("differences", PyList::new(py, differences)?)?;
    dict.set_item("left_out", found.left_out)?;
    dict.set_item("same", found.same)?;
    dict.set_item("is_complete", found.is_complete)?;
    dict.set_item("is_same", found.is_same())?;
    dict.set_item("is_close", found.is_close())?;
    Ok(dict)
}

fn side<'py>(py: Python<'py>, side: &Side) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("format", &side.format)?;
    dict.set_item("size", side.size)?;
    dict.set_item("written_by", &side.written_by)?;
    dict.set_item("passport", inspection::pairs(py, &side.passport)?)?;
    Ok(dict)
}

fn difference<'py>(py: Python<'py>, difference: &Difference) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("path", &difference.path)?;
    dict.set_item("subject", difference.subject.name())?;
    dict.set_item("values", PyList::new(py, &difference.values)?)?;
    let elements = difference.elements.as_ref().map(|found| elements(py, found)).transpose()?;
    dict.set_item("elements", elements)?;
    Ok(dict)
}

fn elements<'py>(py: Python<'py>, elements: &Elements) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("count", elements.count)?;
    dict.set_item("differing", elements.differing)?;
    dict.set_item("greatest", elements.greatest)?;
    dict.set_item("at", elements.at)?;
    dict.set_item("is_close", elements.is_close)?;
    Ok(dict)
}
