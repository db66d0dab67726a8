//! One column: a one-dimensional array of any dtype.

use numpy::prelude::*;
use numpy::{Element, PyArray1, PyArrayDescrMethods, PyReadonlyArray1, PyUntypedArray};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyString};
use skiff::Scalar;
use skiff::table::{Column, Texts};
use skiff::value::{IntKind, Precision};

use super::HeldColumn;
use super::array::{half, int_kind, of};
use crate::error::wrong_input;

/// The column that an array is.
pub fn read<'py>(values: &Bound<'py, PyAny>) -> PyResult<HeldColumn<'py>> {
    let py = values.py();
    let array = of(values)?;
    let dtype = array.dtype();
    let itemsize = dtype.itemsize();
    let owned = |column: Column<'static>| Ok(HeldColumn::Owned(column));
    match dtype.kind() {
        b'f' if itemsize == 2 => Err(half(py)),
        b'f' if itemsize == 4 => {
            let values = contiguous::<f32>(&array, "f4")?;
            let wide: Vec<f64> = slice(&values).iter().map(|&value| f64::from(value)).collect();
            owned(Column::Floats(wide.into(), Precision::Single))
        }
        b'f' => Ok(HeldColumn::F64(contiguous(&array, "f8")?)),
        b'i' if itemsize == 8 => Ok(HeldColumn::I64(contiguous(&array, "i8")?)),
        b'i' | b'u' if itemsize < 8 => {
            let values = contiguous::<i64>(&array, "i8")?;
            let kind = int_kind(itemsize, dtype.kind() == b'i');
            owned(Column::Ints(slice(&values).to_vec().into(), kind))
        }
        b'u' => {
            let values = contiguous::<u64>(&array, "u8")?;
            let signed = slice(&values).iter().map(|&value| i64::try_from(value)).collect::<Result<Vec<_>, _>>();
            let signed = signed.map_err(|_| wrong_input(py, "integers beyond int64 are not supported"))?;
            owned(Column::Ints(signed.into(), int_kind(8, false)))
        }
        b'b' => {
            let values = contiguous::<bool>(&array, "?")?;
            let wide: Vec<i64> = slice(&values).iter().map(|&value| i64::from(value)).collect();
            owned(Column::Ints(wide.into(), IntKind::Bool))
        }
        b'U' | b'O' | b'S' => {
            let list = array.call_method0(intern!(py, "tolist"))?;
            owned(objects(list.cast::<PyList>()?)?)
        }
        b'c' => Err(wrong_input(py, "Complex data not supported")),
        _ => Err(wrong_input(py, &format!("columns of dtype {} are not supported", dtype.str()?))),
    }
}

/// A column of Python's objects: text where all of it is text.
pub fn objects(list: &Bound<'_, PyList>) -> PyResult<Column<'static>> {
    if list.iter().all(|item| item.is_instance_of::<PyString>()) {
        return Ok(Column::Texts(texts(list)?));
    }
    let scalars = list.iter().map(|item| scalar(&item)).collect::<PyResult<Vec<_>>>()?;
    Ok(Column::Objects(scalars.into()))
}

/// A list of `str`.
pub fn texts(list: &Bound<'_, PyList>) -> PyResult<Texts<'static>> {
    let texts = list.iter().map(|item| item.extract::<PyBackedStr>()).collect::<PyResult<Vec<_>>>()?;
    Ok(texts.iter().map(|text| &**text).collect())
}

/// A single value.
pub fn scalar(value: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    let py = value.py();
    if value.is_none() {
        return Ok(Scalar::None);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Scalar::Str(text.extract()?));
    }
    if value.is_instance_of::<PyBool>() {
        return Ok(Scalar::Bool(value.extract()?));
    }
    if value.is_instance_of::<PyInt>() {
        return Ok(match value.extract::<i64>() {
            Ok(small) => Scalar::Int(small),
            Err(_) => Scalar::BigInt(value.str()?.extract()?),
        });
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(Scalar::Float(value.extract()?));
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Scalar::Bytes(bytes.as_bytes().to_vec()));
    }
    let class = value.get_type();
    let (module, name) = (class.module()?.to_string(), class.name()?.to_string());
    if name == "NAType" && module.starts_with("pandas.") {
        // pandas' own missing value means what NaN means everywhere else.
        return Ok(Scalar::Float(f64::NAN));
    }
    if module == "numpy"
        && let Ok(item) = value.call_method0(intern!(py, "item"))
        && !item.get_type().is(&class)
    {
        return scalar(&item);
    }
    Err(wrong_input(py, &format!("expected numbers and text, found a value of the class {module}.{name}")))
}

fn contiguous<'py, T: Element>(array: &Bound<'py, PyUntypedArray>, dtype: &str) -> PyResult<PyReadonlyArray1<'py, T>> {
    let py = array.py();
    let is_aligned: bool = array.getattr(intern!(py, "flags"))?.getattr(intern!(py, "aligned"))?.extract()?;
    let array = match array.cast::<PyArray1<T>>() {
        Ok(array) if is_aligned && array.is_contiguous() => array.clone(),
        // `astype` copies, and copies are contiguous.
        _ => array.call_method1(intern!(py, "astype"), (dtype, "C"))?.cast_into()?,
    };
    array.try_readonly().map_err(|error| wrong_input(py, &error.to_string()))
}

fn slice<'a, T: Element>(values: &'a PyReadonlyArray1<'_, T>) -> &'a [T] {
    values.as_slice().expect("contiguous since it was read")
}
