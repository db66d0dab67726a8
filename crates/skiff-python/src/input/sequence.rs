//! Documents and mappings.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMapping, PyString, PyTuple};
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

/// A list of sets of labels: each in one mapping of one entry, whose name is of no account.
pub fn label_sets<'py>(x: &Bound<'py, PyAny>) -> PyResult<Held<'py>> {
    let set = |row: Bound<'_, PyAny>| -> PyResult<_> {
        let labels = row.try_iter()?.map(|label| column::scalar(&label?)).collect::<PyResult<Vec<_>>>()?;
        Ok(vec![(String::new(), DictValue::Many(labels))])
    };
    let rows = x.try_iter()?.map(|row| set(row?)).collect::<PyResult<Vec<_>>>()?;
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
