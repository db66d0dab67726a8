//! Python inputs as tables: arrays, lists, sparse matrices, DataFrames, documents, mappings.
//!
//! [`Held::new`] reads the object with the GIL and keeps its memory alive; [`Held::table`] is a view that needs
//! no GIL. Nothing is copied if the library can read the layout: numpy's C and Fortran order of `float64`,
//! `float32` and `int64`, the columns of a DataFrame, the values of a sparse matrix.

mod array;
mod column;
mod frame;
mod named;
mod sequence;
mod sparse;

use std::sync::Arc;

use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArray};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use skiff::table::{Column, Elements};
use skiff::value::{Columns, Csr, IntKind, NumberType, Precision};
use skiff::{Table, Takes};

use crate::error::wrong_input;

pub use column::scalar;
pub use sequence::label_sets;

/// An input, and the objects that keep its memory alive.
#[derive(Debug)]
pub enum Held<'py> {
    /// `float64` in C or Fortran order.
    F64(PyReadonlyArray2<'py, f64>),
    /// `float32` in C or Fortran order.
    F32(PyReadonlyArray2<'py, f32>),
    /// `int64` in C or Fortran order.
    I64(PyReadonlyArray2<'py, i64>),
    /// Rows and columns of a sparse matrix, and its arrays.
    Sparse(HeldCsr<'py>),
    /// A DataFrame, or an array of text or objects.
    Columns(HeldColumns<'py>),
    /// A copy.
    Owned(Table<'static>),
}

/// A sparse matrix whose values may be scipy's own.
#[derive(Debug)]
pub struct HeldCsr<'py> {
    rows: usize,
    cols: usize,
    indptr: Vec<usize>,
    indices: Vec<u32>,
    data: PyReadonlyArray1<'py, f64>,
    dtype: NumberType,
}

/// Columns, some of which may be numpy's own.
#[derive(Debug)]
pub struct HeldColumns<'py> {
    rows: usize,
    names: Option<Arc<[String]>>,
    /// Whether they are those of a DataFrame, whose own columns may be returned later.
    is_frame: bool,
    columns: Vec<HeldColumn<'py>>,
}

/// A column of a DataFrame.
#[derive(Debug)]
pub enum HeldColumn<'py> {
    /// `float64`.
    F64(PyReadonlyArray1<'py, f64>),
    /// `int64`.
    I64(PyReadonlyArray1<'py, i64>),
    /// A copy.
    Owned(Column<'static>),
}

/// The requirements of the estimator.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'m> {
    /// The estimator's class, for messages.
    pub class: &'m str,
    /// Whether it takes documents, mappings or rows.
    pub takes: Takes,
    /// Whether `check_array` converts to floats of either width.
    pub floats: bool,
    /// Whether the columns of sparse rows stay in the order in which they are stored, and the repeated ones repeated.
    pub in_order: bool,
    /// The precision that `float16` is read as, if any.
    pub half: Option<Precision>,
}

impl Wanted<'_> {
    /// Estimators of labels take one-dimensional arrays.
    fn takes_labels(&self) -> bool {
        matches!(self.class, "LabelEncoder" | "LabelBinarizer" | "IsotonicRegression")
    }

    /// Whether text must be in an array of objects.
    fn takes_text_as_objects(&self) -> bool {
        self.class == "MissingIndicator"
    }
}

/// What is no sequence of documents.
fn not_documents(py: Python<'_>, found: &str) -> PyErr {
    wrong_input(py, &format!("expected documents, a list or one column of text, found {found}"))
}

impl<'py> Held<'py> {
    /// `x` as a table.
    pub fn new(x: &Bound<'py, PyAny>, wanted: Wanted<'_>) -> PyResult<Self> {
        let py = x.py();
        if x.hasattr(intern!(py, "tocsr"))? {
            return sparse::read(x, wanted.in_order);
        }
        if let Some(table) = frame::read(x, wanted)? {
            return Ok(table);
        }
        if x.is_instance_of::<PyString>() || x.is_instance_of::<PyBytes>() {
            return Err(wrong_input(py, "Iterable over raw text documents expected, string object received."));
        }
        if let Ok(mapping) = x.cast::<PyMapping>() {
            return match wanted.takes {
                Takes::Table => named::columns(mapping),
                Takes::Texts | Takes::Dicts => sequence::mappings(PyList::new(py, [x])?.as_any()),
            };
        }
        if let Ok(array) = x.cast::<PyUntypedArray>() {
            return array::read(array, wanted);
        }
        // Read twice below: an iterator would be empty the second time.
        let listed = if x.is_instance_of::<PyList>() || x.is_instance_of::<PyTuple>() {
            x.clone()
        } else if x.hasattr(intern!(py, "__array__"))? {
            return array::read(&array::of(x)?, wanted);
        } else if wanted.takes != Takes::Table && x.hasattr(intern!(py, "__iter__"))? {
            py.get_type::<PyList>().call1((x,))?
        } else {
            x.clone()
        };
        let first = match listed.hasattr(intern!(py, "__getitem__"))? && listed.len().is_ok_and(|length| length > 0) {
            true => listed.get_item(0).ok(),
            false => None,
        };
        let is_text = |item: &Bound<'_, PyAny>| item.is_instance_of::<PyString>() || item.is_instance_of::<PyBytes>();
        let is_scalar = |item: &Bound<'_, PyAny>| {
            item.is_none() || item.is_instance_of::<PyFloat>() || item.is_instance_of::<PyInt>()
        };
        match first {
            Some(first) if first.cast::<PyMapping>().is_ok() && wanted.takes == Takes::Table => named::rows(&listed),
            Some(first) if first.cast::<PyMapping>().is_ok() => sequence::mappings(&listed),
            Some(first) if is_text(&first) && !wanted.takes_labels() => sequence::documents(&listed),
            // A missing document, or a number: the vectorizer has its own errors for them.
            Some(first) if wanted.takes == Takes::Texts && is_scalar(&first) => sequence::documents(&listed),
            None if wanted.takes == Takes::Texts && listed.len().is_ok_and(|length| length == 0) => {
                sequence::documents(&listed)
            }
            _ if wanted.takes_text_as_objects() => array::read(&array::of(&listed)?, wanted),
            _ => array::read(&array::of_list(&listed)?, wanted),
        }
    }

    /// A table with as many rows as `x`, for plans that do not use its content.
    pub fn unread(x: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = x.py();
        let rows = match x.getattr_opt(intern!(py, "shape"))? {
            Some(shape) => shape.get_item(0)?.extract()?,
            None => x.len()?,
        };
        Ok(Self::Columns(HeldColumns { rows, names: None, is_frame: false, columns: Vec::new() }))
    }

    /// The table, without copies.
    pub fn table(&self) -> Table<'_> {
        match self {
            Self::F64(array) => {
                let (shape, is_c, all) = array::view(array);
                array::dense(shape, is_c, Elements::F64(all.into()))
            }
            Self::F32(array) => {
                let (shape, is_c, all) = array::view(array);
                array::dense(shape, is_c, Elements::F32(all.into()))
            }
            Self::I64(array) => {
                let (shape, is_c, all) = array::view(array);
                array::dense(shape, is_c, Elements::I64(all.into(), IntKind::I64))
            }
            Self::Sparse(HeldCsr { rows, cols, indptr, indices, data, dtype }) => {
                let data = data.as_slice().expect("checked when it was read");
                let csr = Csr::new((*rows, *cols), indptr, indices, &data[..indices.len()], *dtype);
                Table::Sparse(csr.expect("checked when it was read"))
            }
            Self::Columns(HeldColumns { rows, names, is_frame, columns }) => {
                let views = columns.iter().map(HeldColumn::view).collect();
                let mut table = Columns::new(*rows, names.clone(), views).expect("checked when they were read");
                table.origins = is_frame.then(|| (0..columns.len()).map(Some).collect());
                Table::Columns(table)
            }
            Self::Owned(table) => table.clone(),
        }
    }
}

impl HeldColumn<'_> {
    fn len(&self) -> usize {
        self.view().len()
    }

    fn view(&self) -> Column<'_> {
        let held = "checked when it was read";
        match self {
            Self::F64(values) => Column::Floats(values.as_slice().expect(held).into(), Precision::Double),
            Self::I64(values) => Column::Ints(values.as_slice().expect(held).into(), IntKind::I64),
            Self::Owned(Column::Floats(values, precision)) => Column::Floats((&**values).into(), *precision),
            Self::Owned(Column::Ints(values, kind)) => Column::Ints((&**values).into(), *kind),
            Self::Owned(Column::Texts(texts)) => Column::Texts(texts.slice(0, texts.len())),
            Self::Owned(Column::Objects(values)) => Column::Objects((&**values).into()),
        }
    }
}

/// The exception for an input that is not a table, with scikit-learn's message.
fn not_two_dimensional(array: &Bound<'_, PyAny>, what: &str) -> PyResult<PyErr> {
    let shown = array.str()?;
    let message = format!(
        "Expected 2D array, got {what} array instead:\narray={shown}.\nReshape your data either using \
         array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) if it contains a single sample."
    );
    Ok(wrong_input(array.py(), &message))
}

/// The exception for a class of input that scikit-learn rejects with a `TypeError`.
fn type_error(message: &str) -> PyErr {
    PyTypeError::new_err(message.to_owned())
}
