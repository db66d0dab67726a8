//! numpy arrays, and what numpy converts to arrays.

use numpy::prelude::*;
use numpy::{Element, PyArray2, PyArrayDescrMethods, PyReadonlyArray2, PyUntypedArray};
use pyo3::intern;
use pyo3::prelude::*;
use skiff::table::{Column, Dense, Elements};
use skiff::value::{IntKind, Precision};
use skiff::{Table, Takes};

use super::{Held, HeldColumn, HeldColumns, Wanted, column, not_two_dimensional, type_error};
use crate::error::{not_supported, wrong_input};

/// `numpy.asarray(x)`.
pub fn of<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyUntypedArray>> {
    let py = x.py();
    let array = py.import(intern!(py, "numpy"))?.call_method1(intern!(py, "asarray"), (x,))?;
    Ok(array.cast_into()?)
}

/// The array of a list of rows. Strings among numbers are kept, as in scikit-learn's encoders: numpy alone
/// would convert the numbers to strings.
pub fn of_list<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyUntypedArray>> {
    let array = of(x)?;
    if !matches!(array.dtype().kind(), b'U' | b'S') {
        return Ok(array);
    }
    let py = x.py();
    let array = py.import(intern!(py, "numpy"))?.call_method1(intern!(py, "asarray"), (x, intern!(py, "object")))?;
    Ok(array.cast_into()?)
}

/// An array as a table.
pub fn read<'py>(array: &Bound<'py, PyUntypedArray>, wanted: Wanted<'_>) -> PyResult<Held<'py>> {
    let py = array.py();
    let dtype = array.dtype();
    if array.get_type().name()? == "matrix" {
        return Err(type_error("np.matrix is not supported. Please convert to a numpy array with np.asarray."));
    }
    match (array.ndim(), dtype.kind()) {
        (0, _) => return Err(not_two_dimensional(array.as_any(), "scalar")?),
        (1, b'U' | b'O' | b'S' | b'T') => return listed(array, wanted),
        (1, b'V') if !dtype.getattr(intern!(py, "names"))?.is_none() => return super::named::structured(array),
        (1, _) if wanted.takes_labels() => {
            let reshaped = array.call_method1(intern!(py, "reshape"), (-1, 1))?.cast_into()?;
            return read(&reshaped, wanted);
        }
        (1, _) => return Err(not_two_dimensional(array.as_any(), "1D")?),
        (2, _) if wanted.takes == Takes::Texts => return Err(super::frame::not_documents(array.as_any())?),
        (2, _) => {}
        (ndim, _) => {
            let class = wanted.class;
            let message = format!("Found array with dim {ndim}, while dim <= 2 is required by {class}.");
            return Err(wrong_input(py, &message));
        }
    }
    match dtype.kind() {
        b'f' if dtype.itemsize() == 2 => match wanted.half {
            Some(Precision::Single) => Ok(Held::F32(contiguous(array, "f4")?)),
            Some(Precision::Double) => Ok(Held::F64(contiguous(array, "f8")?)),
            None => Err(half(py)),
        },
        // `>f4` is not numpy's `float32` to `check_array`, which makes `float64` of it.
        b'f' if dtype.itemsize() == 4 && dtype.is_native_byteorder() != Some(false) => {
            Ok(Held::F32(contiguous(array, "f4")?))
        }
        b'f' => Ok(Held::F64(contiguous(array, "f8")?)),
        b'i' if dtype.itemsize() == 8 => Ok(Held::I64(contiguous(array, "i8")?)),
        b'i' => widened::<i32>(array, "i4", int_kind(dtype.itemsize(), true)),
        b'u' if dtype.itemsize() < 8 => widened::<u32>(array, "u4", int_kind(dtype.itemsize(), false)),
        b'u' => {
            let values: PyReadonlyArray2<'py, u64> = contiguous(array, "u8")?;
            let (shape, is_c, all) = view(&values);
            let signed = all.iter().map(|&value| i64::try_from(value)).collect::<Result<Vec<_>, _>>();
            let signed = signed.map_err(|_| wrong_input(py, "integers beyond int64 are not supported"))?;
            Ok(owned(shape, is_c, signed, int_kind(8, false)))
        }
        b'b' => widened::<bool>(array, "?", IntKind::Bool),
        b'c' => Err(wrong_input(py, "Complex data not supported")),
        b'U' | b'S' if wanted.takes_text_as_objects() => {
            let message = format!("{} does not support text in an array of dtype {}", wanted.class, dtype.str()?);
            Err(wrong_input(py, &message))
        }
        b'U' | b'S' | b'O' | b'T' | b'M' | b'm' => {
            if wanted.takes == Takes::Texts {
                return Err(super::not_documents(py, "an array of two dimensions"));
            }
            let (rows, cols) = (array.shape()[0], array.shape()[1]);
            let column = |index: usize| column::read(&array.get_item((pyo3::types::PySlice::full(py), index))?);
            let columns = (0..cols).map(column).collect::<PyResult<Vec<_>>>()?;
            Ok(Held::Columns(HeldColumns { rows, names: None, is_frame: false, columns }))
        }
        _ => Err(wrong_input(py, &format!("arrays of dtype {} are not supported", dtype.str()?))),
    }
}

/// A one-dimensional array of text or objects: documents, or labels.
fn listed<'py>(array: &Bound<'py, PyUntypedArray>, wanted: Wanted<'_>) -> PyResult<Held<'py>> {
    match column::read(array.as_any())? {
        HeldColumn::Owned(Column::Texts(texts)) if !wanted.takes_labels() => Ok(Held::Owned(Table::Texts(texts))),
        // Bytes and missing documents: the vectorizer has its own errors for them.
        column if wanted.takes_labels() || wanted.takes == Takes::Texts => {
            Ok(Held::Columns(HeldColumns { rows: array.len(), names: None, is_frame: false, columns: vec![column] }))
        }
        _ => Err(not_two_dimensional(array.as_any(), "1D")?),
    }
}

/// The shape, whether it is C order (Fortran otherwise), and the elements in memory's order.
pub fn view<'a, T: Element>(array: &'a PyReadonlyArray2<'_, T>) -> ((usize, usize), bool, &'a [T]) {
    let shape = (array.shape()[0], array.shape()[1]);
    (shape, array.is_c_contiguous(), array.as_slice().expect("contiguous since it was read"))
}

/// The array in this dtype, native byte order, aligned, C or Fortran order: the array itself if it is already.
fn contiguous<'py, T: Element>(array: &Bound<'py, PyUntypedArray>, dtype: &str) -> PyResult<PyReadonlyArray2<'py, T>> {
    let py = array.py();
    let is_aligned: bool = array.getattr(intern!(py, "flags"))?.getattr(intern!(py, "aligned"))?.extract()?;
    if is_aligned
        && array.is_contiguous()
        && let Ok(array) = array.cast::<PyArray2<T>>()
    {
        return readonly(array);
    }
    let copy = array.call_method1(intern!(py, "astype"), (dtype, "A"))?;
    let numpy = py.import(intern!(py, "numpy"))?;
    let copy = if copy.cast::<PyArray2<T>>()?.is_contiguous() {
        copy
    } else {
        numpy.call_method1(intern!(py, "ascontiguousarray"), (copy,))?
    };
    readonly(copy.cast::<PyArray2<T>>()?)
}

fn readonly<'py, T: Element>(array: &Bound<'py, PyArray2<T>>) -> PyResult<PyReadonlyArray2<'py, T>> {
    array.try_readonly().map_err(|error| wrong_input(array.py(), &error.to_string()))
}

/// Narrow integers and bool, copied to `int64` with their original dtype.
fn widened<'py, T: Element + Copy + Into<i64>>(
    array: &Bound<'py, PyUntypedArray>,
    dtype: &str,
    kind: IntKind,
) -> PyResult<Held<'py>> {
    let values: PyReadonlyArray2<'py, T> = contiguous(array, dtype)?;
    let (shape, is_c, all) = view(&values);
    Ok(owned(shape, is_c, all.iter().map(|&value| value.into()).collect(), kind))
}

fn owned<'py>(shape: (usize, usize), is_c: bool, values: Vec<i64>, kind: IntKind) -> Held<'py> {
    let elements = Elements::I64(values.into(), kind);
    Held::Owned(dense(shape, is_c, elements))
}

/// The table of elements in C or Fortran order.
pub fn dense((rows, cols): (usize, usize), is_c: bool, elements: Elements<'_>) -> Table<'_> {
    let dense = match is_c {
        true => Dense::c_order(rows, cols, elements),
        false => Dense::fortran_order(rows, cols, elements),
    };
    Table::Dense(dense.expect("an array has the number of elements of its shape"))
}

/// The exception for `float16`, in which some estimators compute, with rounding at each step.
pub fn half(py: Python<'_>) -> PyErr {
    not_supported(py, "this model computes in float16, which is not supported: pass float32 or float64")
}

/// numpy's integers of this many bytes.
pub fn int_kind(itemsize: usize, signed: bool) -> IntKind {
    IntKind::Int { bytes: u8::try_from(itemsize).unwrap_or(8), signed }
}
