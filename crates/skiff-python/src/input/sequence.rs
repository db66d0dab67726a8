//! Documents and mappings.

use std::ffi::CString;

use pyo3::exceptions::PyUserWarning;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyMapping, PySet, PyString, PyTuple};
use skiff::Table;
use skiff::table::{Column, DictValue, Dicts};

use super::{Held, HeldColumn, HeldColumns, column};
use crate::error::wrong_input;

/// A list of documents: strings, or bytes that the vectorizer decodes.
pub fn documents<'py>(x: &Bound<'py, PyAny>) -> PyResult<Held<'py>> {
    let list = x.py().get_type::<PyList>().call1((x,))?.cast_into::<PyList>()?;
    Ok(match column::objects(&list)? {
        Column::Texts(texts) => Held::Owned(Table::Texts(texts)),
        other => Held::Columns(HeldColumns {
            rows: other.len(),
            names: None,
            is_frame: false,
            columns: vec![HeldColumn::Owned(other)],
        }),
    })
}

/// A list of mappings from feature names to values.
pub fn mappings<'py>(x: &Bound<'py, PyAny>) -> PyResult<Held<'py>> {
    let rows = x.try_iter()?.map(|row| mapping(&row?)).collect::<PyResult<Vec<_>>>()?;
    Ok(Held::Owned(Table::Dicts(Dicts { rows: rows.into() })))
}

/// Sets of labels, whatever can be iterated over twice, as `MultiLabelBinarizer` reads it: each in one mapping of one entry,
/// whose name is of no account. Labels that equal none of `classes` in Python are left out, with scikit-learn's warning.
pub fn label_sets<'py>(x: &Bound<'py, PyAny>, classes: &Bound<'py, PyAny>) -> PyResult<Held<'py>> {
    let py = x.py();
    let (numbers, mut scalars) = (PyDict::new(py), Vec::new());
    for (number, class) in classes.try_iter()?.enumerate() {
        let class = class?;
        numbers.set_item(&class, number)?;
        scalars.push(column::scalar(&class)?);
    }
    let unknown = PySet::empty(py)?;
    let mut rows = Vec::new();
    for row in x.try_iter()? {
        let mut labels = Vec::new();
        for label in row?.try_iter()? {
            let label = label?;
            match numbers.get_item(&label)? {
                Some(number) => labels.push(scalars[number.extract::<usize>()?].clone()),
                None => unknown.add(label)?,
            }
        }
        rows.push(vec![(String::new(), DictValue::Many(labels))]);
    }
    if !unknown.is_empty() {
        let arguments = PyDict::new(py);
        arguments.set_item(intern!(py, "key"), py.get_type::<PyString>())?;
        let sorted =
            py.import(intern!(py, "builtins"))?.call_method(intern!(py, "sorted"), (unknown,), Some(&arguments))?;
        let message = CString::new(format!("unknown class(es) {} will be ignored", sorted.repr()?))?;
        PyErr::warn(py, &py.get_type::<PyUserWarning>(), &message, 1)?;
    }
    Ok(Held::Owned(Table::Dicts(Dicts { rows: rows.into() })))
}

fn mapping(row: &Bound<'_, PyAny>) -> PyResult<Vec<(String, DictValue)>> {
    let py = row.py();
    let Ok(mapping) = row.cast::<PyMapping>() else {
        return Err(wrong_input(py, &format!("expected mappings, found {}", row.get_type().name()?)));
    };
    let mut pairs = Vec::with_capacity(mapping.len()?);
    for pair in mapping.items()? {
        let pair = pair.cast_into::<PyTuple>()?;
        let (key, value) = (pair.get_item(0)?, pair.get_item(1)?);
        let Ok(name) = key.cast::<PyString>() else {
            return Err(wrong_input(py, "feature names that are not strings are not supported"));
        };
        pairs.push((name.extract()?, dict_value(&value)?));
    }
    Ok(pairs)
}

fn dict_value(value: &Bound<'_, PyAny>) -> PyResult<DictValue> {
    let py = value.py();
    let is_single = value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>();
    if is_single || !value.hasattr(intern!(py, "__iter__"))? {
        return Ok(DictValue::One(column::scalar(value)?));
    }
    if value.cast::<PyMapping>().is_ok() {
        return Err(super::type_error("Unsupported value type <class 'dict'> in a mapping of features"));
    }
    let many = value.try_iter()?.map(|item| column::scalar(&item?)).collect::<PyResult<Vec<_>>>()?;
    Ok(DictValue::Many(many))
}
