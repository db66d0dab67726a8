//! DataFrames of pandas and polars, and Arrow tables, column by column.

use std::collections::BTreeSet;
use std::sync::Arc;

use numpy::prelude::*;
use numpy::{PyArrayDescrMethods, PyUntypedArray};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use skiff::Takes;
use skiff::table::Column;
use skiff::value::Precision;

use super::{Held, HeldColumn, HeldColumns, Wanted, column, type_error};
use crate::error::wrong_input;

/// `x` as a table, if it is a DataFrame.
pub fn read<'py>(x: &Bound<'py, PyAny>, wanted: Wanted<'_>) -> PyResult<Option<Held<'py>>> {
    let py = x.py();
    if x.hasattr(intern!(py, "iloc"))? {
        return if x.hasattr(intern!(py, "columns"))? { pandas(x, wanted).map(Some) } else { series(x, wanted) };
    }
    let module = x.get_type().module()?.to_string();
    match module.split('.').next() {
        Some("polars") if x.hasattr(intern!(py, "get_columns"))? => polars(x, wanted).map(Some),
        Some("pyarrow") if x.hasattr(intern!(py, "column_names"))? => arrow(x, wanted).map(Some),
        Some("polars" | "pyarrow" | "numpy") => Ok(None),
        // Any other table with the Arrow interface.
        _ if x.hasattr(intern!(py, "__arrow_c_stream__"))? => match py.import("pyarrow") {
            Ok(pyarrow) => arrow(&pyarrow.call_method1("table", (x,))?, wanted).map(Some),
            Err(_) => {
                Err(wrong_input(py, "Arrow tables of this library are read with pyarrow, which is not installed"))
            }
        },
        _ => Ok(None),
    }
}

fn pandas<'py>(frame: &Bound<'py, PyAny>, wanted: Wanted<'_>) -> PyResult<Held<'py>> {
    let py = frame.py();
    let labels = frame.getattr(intern!(py, "columns"))?.call_method0(intern!(py, "tolist"))?.cast_into::<PyList>()?;
    if wanted.takes == Takes::Texts {
        // A vectorizer takes what iteration gives, which of a frame are the names of its columns.
        return super::sequence::documents(labels.as_any());
    }
    let names = names(&labels)?;
    let rows = frame.len()?;
    let iloc = frame.getattr(intern!(py, "iloc"))?;
    let mut arrays = Vec::with_capacity(labels.len());
    for index in 0..labels.len() {
        // By index: names may be repeated.
        let series = iloc.get_item((pyo3::types::PySlice::full(py), index))?;
        arrays.push(column::of(&values(&series)?)?);
    }
    let is_float = |array: &Bound<'py, PyUntypedArray>, size| {
        let dtype = array.dtype();
        dtype.kind() == b'f' && dtype.itemsize() == size
    };
    // Next to `float32`, numpy converts `float16` to `float32`.
    let half = match wanted.half {
        Some(_) if arrays.iter().any(|array| is_float(array, 4)) => Some("f4"),
        Some(Precision::Single) => Some("f4"),
        Some(Precision::Double) => Some("f8"),
        None => None,
    };
    let mut columns = Vec::with_capacity(arrays.len());
    for array in arrays {
        columns.push(match half.filter(|_| is_float(&array, 2)) {
            Some(dtype) => column::read(&array.call_method1(intern!(py, "astype"), (dtype,))?)?,
            None => column::read(array.as_any())?,
        });
    }
    held(py, rows, names, true, columns)
}

/// A pandas column as a numpy array. Nullable numbers are converted as in scikit-learn: to floats, with NaN where something
/// is missing.
fn values<'py>(series: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = series.py();
    let dtype = series.getattr(intern!(py, "dtype"))?;
    let to_numpy = intern!(py, "to_numpy");
    let is_extension = dtype.hasattr(intern!(py, "na_value"))?;
    if !is_extension {
        return series.call_method0(to_numpy);
    }
    if dtype.hasattr(intern!(py, "subtype"))? && dtype.hasattr(intern!(py, "fill_value"))? {
        // pandas' sparse columns.
        return series.getattr(intern!(py, "sparse"))?.call_method0("to_dense")?.call_method0(to_numpy);
    }
    let kind: String = match dtype.getattr_opt(intern!(py, "kind"))? {
        Some(kind) => kind.extract()?,
        None => String::from("O"),
    };
    let arguments = PyDict::new(py);
    // `check_array` converts pandas' nullable numbers of any width to `float64`.
    if matches!(kind.as_str(), "i" | "u" | "f" | "b") {
        arguments.set_item("dtype", "float64")?;
        arguments.set_item("na_value", f64::NAN)?;
    }
    series.call_method(to_numpy, (), Some(&arguments))
}

/// A column of any kind: of pandas, or anything that numpy converts to an array.
pub(super) fn values_of<'py>(column: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if column.hasattr(intern!(column.py(), "iloc"))? { values(column) } else { Ok(column.clone()) }
}

/// A Series is not a table, unless it consists of documents.
fn series<'py>(series: &Bound<'py, PyAny>, wanted: Wanted<'_>) -> PyResult<Option<Held<'py>>> {
    let py = series.py();
    if !series.hasattr(intern!(py, "to_numpy"))? {
        return Ok(None);
    }
    if let HeldColumn::Owned(text @ (Column::Texts(_) | Column::Objects(_))) = column::read(&values(series)?)? {
        // A row of a frame: text and numbers next to each other.
        let is_row = matches!(text, Column::Objects(_)) && wanted.takes == Takes::Table && !wanted.takes_labels();
        if is_row {
            return Err(not_a_table(series)?);
        }
        return Ok(Some(match text {
            Column::Texts(texts) => Held::Owned(skiff::Table::Texts(texts)),
            other => held(py, other.len(), None, false, vec![HeldColumn::Owned(other)])?,
        }));
    }
    Err(not_a_table(series)?)
}

/// The exception for a table of rows where documents are expected.
pub(super) fn not_documents(table: &Bound<'_, PyAny>) -> PyResult<PyErr> {
    let class = table.get_type().name()?;
    let message = format!("expected documents, a list or a series of text, found a table of the class {class}");
    Ok(wrong_input(table.py(), &message))
}

/// The exception for a Series, with scikit-learn's message.
fn not_a_table(series: &Bound<'_, PyAny>) -> PyResult<PyErr> {
    let class = series.get_type().str()?;
    let message = format!(
        "Expected a 2-dimensional container but got {class} instead. Pass a DataFrame containing a single row (i.e. \
         single sample) or a single column (i.e. single feature) instead."
    );
    Ok(wrong_input(series.py(), &message))
}

fn polars<'py>(frame: &Bound<'py, PyAny>, wanted: Wanted<'_>) -> PyResult<Held<'py>> {
    let py = frame.py();
    if wanted.takes == Takes::Texts {
        return Err(not_documents(frame)?);
    }
    let all = frame.call_method0(intern!(py, "get_columns"))?.cast_into::<PyList>()?;
    let (labels, mut columns) = (PyList::empty(py), Vec::with_capacity(all.len()));
    for series in &all {
        labels.append(series.getattr(intern!(py, "name"))?)?;
        columns.push(doubled(column::read(&series.call_method0(intern!(py, "to_numpy"))?)?, wanted));
    }
    let rows = frame.getattr(intern!(py, "height"))?.extract()?;
    held(py, rows, names(&labels)?, true, columns)
}

fn arrow<'py>(table: &Bound<'py, PyAny>, wanted: Wanted<'_>) -> PyResult<Held<'py>> {
    let py = table.py();
    if wanted.takes == Takes::Texts {
        return Err(not_documents(table)?);
    }
    let labels = table.getattr(intern!(py, "column_names"))?.cast_into::<PyList>()?;
    let pyarrow = py.import(intern!(py, "pyarrow"))?;
    let types = pyarrow.getattr(intern!(py, "types"))?;
    let arguments = PyDict::new(py);
    arguments.set_item("zero_copy_only", false)?;
    let mut columns = Vec::with_capacity(labels.len());
    for index in 0..labels.len() {
        let mut values = table.call_method1(intern!(py, "column"), (index,))?;
        let own = values.getattr(intern!(py, "type"))?;
        if types.call_method1("is_dictionary", (&own,))?.extract()? {
            values = values.call_method1("cast", (own.getattr("value_type")?,))?;
        }
        // The columns of a record batch are arrays, which by default do not copy; those of a table do.
        let values = match values.hasattr(intern!(py, "num_chunks"))? {
            true => values.call_method0(intern!(py, "to_numpy"))?,
            false => values.call_method(intern!(py, "to_numpy"), (), Some(&arguments))?,
        };
        columns.push(doubled(column::read(&values)?, wanted));
    }
    let rows = table.getattr(intern!(py, "num_rows"))?.extract()?;
    held(py, rows, names(&labels)?, false, columns)
}

/// `check_array` finds no dtypes on polars and Arrow tables: if it may choose, it converts all floats to `float64`.
fn doubled<'py>(column: HeldColumn<'py>, wanted: Wanted<'_>) -> HeldColumn<'py> {
    match column {
        HeldColumn::Owned(Column::Floats(values, _)) if wanted.floats => {
            HeldColumn::Owned(Column::Floats(values, Precision::Double))
        }
        other => other,
    }
}

pub(super) fn held<'py>(
    py: Python<'py>,
    rows: usize,
    names: Option<Arc<[String]>>,
    is_frame: bool,
    columns: Vec<HeldColumn<'py>>,
) -> PyResult<Held<'py>> {
    if columns.iter().any(|column| column.len() != rows) {
        return Err(wrong_input(py, "the table's columns are not equally long"));
    }
    Ok(Held::Columns(HeldColumns { rows, names, is_frame, columns }))
}

/// The names of the columns, if they are text; scikit-learn treats numbered columns as unnamed, and rejects a
/// mixture.
fn names(labels: &Bound<'_, PyList>) -> PyResult<Option<Arc<[String]>>> {
    let texts = labels.iter().filter(|label| label.is_instance_of::<PyString>()).count();
    if texts == 0 {
        return Ok(None);
    }
    if texts == labels.len() {
        return Ok(Some(labels.extract::<Vec<String>>()?.into()));
    }
    let mut classes = BTreeSet::new();
    for label in labels {
        classes.insert(label.get_type().name()?.to_string());
    }
    let classes: Vec<_> = classes.iter().map(|class| format!("'{class}'")).collect();
    Err(type_error(&format!(
        "Feature names are only supported if all input features have string names, but your input has [{}] as feature \
         name / column name types. If you want feature names to be stored and validated, you must convert them all to \
         strings, by using X.columns = X.columns.astype(str) for example. Otherwise you can remove feature / column \
         names from your input data, or convert them all to a non-string data type.",
        classes.join(", ")
    )))
}
