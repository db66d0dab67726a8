//! Named columns without a DataFrame: dicts of columns, lists of dicts, structured arrays.

use std::sync::Arc;

use numpy::PyUntypedArray;
use numpy::prelude::*;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyMapping, PyString, PyTuple};

use super::{Held, HeldColumn, array, column, frame, type_error};
use crate::error::wrong_input;

/// A dict of columns of equal length. A dict of scalars is one row.
pub fn columns<'py>(mapping: &Bound<'py, PyMapping>) -> PyResult<Held<'py>> {
    let py = mapping.py();
    let (mut names, mut columns) = (Vec::with_capacity(mapping.len()?), Vec::with_capacity(mapping.len()?));
    for pair in mapping.items()? {
        let pair = pair.cast_into::<PyTuple>()?;
        names.push(name(&pair.get_item(0)?)?);
        columns.push(pair.get_item(1)?);
    }
    let is_single = |value: &Bound<'_, PyAny>| -> PyResult<bool> {
        let is_text = value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>();
        Ok(is_text || !value.hasattr(intern!(py, "__len__"))?)
    };
    let single = columns.iter().map(is_single).collect::<PyResult<Vec<_>>>()?;
    let columns = match (single.contains(&true), single.contains(&false)) {
        (true, true) => return Err(wrong_input(py, "expected columns or scalars in the dict, found both")),
        (true, false) => {
            columns.iter().map(|value| Ok(PyList::new(py, [value])?.into_any())).collect::<PyResult<_>>()?
        }
        (false, _) => columns,
    };
    held(py, names, &columns)
}

/// A list of dicts, one for each row: the columns in the order of their first occurrence. Missing keys are NaN, as in
/// pandas.
pub fn rows<'py>(list: &Bound<'py, PyAny>) -> PyResult<Held<'py>> {
    let py = list.py();
    let seen = PyDict::new(py);
    let mut all = Vec::with_capacity(list.len()?);
    for row in list.try_iter()? {
        let row = row?.cast_into::<PyMapping>().map_err(|_| type_error("expected a dict for each row"))?;
        for key in row.keys()? {
            seen.set_item(key, py.None())?;
        }
        all.push(row);
    }
    let (mut names, mut columns) = (Vec::with_capacity(seen.len()), Vec::with_capacity(seen.len()));
    for key in seen.keys() {
        let cell = |row: &Bound<'py, PyMapping>| match row.contains(&key)? {
            true => row.get_item(&key),
            false => Ok(pyo3::types::PyFloat::new(py, f64::NAN).into_any()),
        };
        columns.push(PyList::new(py, all.iter().map(cell).collect::<PyResult<Vec<_>>>()?)?.into_any());
        names.push(name(&key)?);
    }
    held(py, names, &columns)
}

/// The fields of a structured array.
pub fn structured<'py>(records: &Bound<'py, PyUntypedArray>) -> PyResult<Held<'py>> {
    let names: Vec<String> = records.dtype().getattr(intern!(records.py(), "names"))?.extract()?;
    let columns = names.iter().map(|name| records.get_item(name)).collect::<PyResult<Vec<_>>>()?;
    held(records.py(), names, &columns)
}

fn name(key: &Bound<'_, PyAny>) -> PyResult<String> {
    match key.cast::<PyString>() {
        Ok(name) => name.extract(),
        Err(_) => Err(type_error("expected the names of columns to be str")),
    }
}

fn held<'py>(py: Python<'py>, names: Vec<String>, values: &[Bound<'py, PyAny>]) -> PyResult<Held<'py>> {
    let read = |values: &Bound<'py, PyAny>| -> PyResult<HeldColumn<'py>> {
        // Strings among numbers are kept.
        let values =
            if values.is_instance_of::<PyList>() { array::of_list(values)?.into_any() } else { values.clone() };
        column::read(&frame::values_of(&values)?)
    };
    let columns = values.iter().map(read).collect::<PyResult<Vec<_>>>()?;
    let rows = columns.first().map_or(0, HeldColumn::len);
    frame::held(py, rows, Some(Arc::from(names)), false, columns)
}
