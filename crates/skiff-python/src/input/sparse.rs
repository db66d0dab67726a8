//! scipy's sparse matrices and arrays, of every format.

use numpy::prelude::*;
use numpy::{PyArray1, PyArrayDescrMethods, PyUntypedArray};
use pyo3::intern;
use pyo3::prelude::*;
use skiff::value::{IntKind, NumberType, Precision};

use super::array::int_kind;
use super::{Held, HeldCsr};
use crate::error::wrong_input;

/// A sparse matrix as a table, its columns as stored where `in_order`. Its index arrays are checked, since the caller may
/// have built it wrongly.
pub fn read<'py>(x: &Bound<'py, PyAny>, in_order: bool) -> PyResult<Held<'py>> {
    let py = x.py();
    let mut csr = x.call_method0(intern!(py, "tocsr"))?;
    if !in_order && !csr.getattr(intern!(py, "has_canonical_format"))?.extract::<bool>()? {
        // Columns in any order, or repeated. `tocsr` of a CSR matrix is the caller's own.
        csr = csr.call_method0(intern!(py, "copy"))?;
        csr.call_method0(intern!(py, "sum_duplicates"))?;
    }
    let (rows, cols): (usize, usize) = csr.getattr(intern!(py, "shape"))?.extract()?;
    let data: Bound<'py, PyUntypedArray> = csr.getattr(intern!(py, "data"))?.cast_into()?;
    let dtype = data.dtype();
    let dtype = match dtype.kind() {
        b'f' if dtype.itemsize() == 4 => NumberType::Float(Precision::Single),
        b'f' => NumberType::Float(Precision::Double),
        b'i' => NumberType::Int(int_kind(dtype.itemsize(), true)),
        b'u' => NumberType::Int(int_kind(dtype.itemsize(), false)),
        b'b' => NumberType::Int(IntKind::Bool),
        _ => return Err(wrong_input(py, &format!("sparse matrices of dtype {} are not supported", dtype.str()?))),
    };
    let data: Bound<'py, PyArray1<f64>> = match data.cast::<PyArray1<f64>>() {
        Ok(data) if data.is_contiguous() => data.clone(),
        _ => data.call_method1(intern!(py, "astype"), ("f8", "C"))?.cast_into()?,
    };
    let data = data.try_readonly().map_err(|error| wrong_input(py, &error.to_string()))?;
    let integers = |name: &Bound<'py, pyo3::types::PyString>| -> PyResult<Vec<i64>> {
        let array = csr.getattr(name)?.call_method1(intern!(py, "astype"), ("i8", "C"))?;
        array.cast::<PyArray1<i64>>()?.to_vec().map_err(|error| wrong_input(py, &error.to_string()))
    };
    let damaged = || wrong_input(py, "the sparse matrix's index arrays are inconsistent with each other or its shape");
    let indptr = integers(intern!(py, "indptr"))?;
    let indptr = indptr.into_iter().map(usize::try_from).collect::<Result<Vec<_>, _>>().map_err(|_| damaged())?;
    let mut indices = integers(intern!(py, "indices"))?;
    let stored = indptr.last().copied().unwrap_or_default();
    let is_ascending = indptr.len() == rows + 1 && indptr[0] == 0 && indptr.is_sorted();
    if !is_ascending || stored > indices.len() || stored > data.len() {
        return Err(damaged());
    }
    indices.truncate(stored);
    let column = |index: i64| u32::try_from(index).ok().filter(|&index| (index as usize) < cols);
    let indices = indices.into_iter().map(column).collect::<Option<Vec<u32>>>().ok_or_else(damaged)?;
    Ok(Held::Sparse(HeldCsr { rows, cols, indptr, indices, data, dtype }))
}
