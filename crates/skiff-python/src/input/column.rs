//! One column: a one-dimensional array of any dtype.

use std::sync::Arc;

use numpy::prelude::*;
use numpy::{Element, PyArray1, PyArrayDescrMethods, PyReadonlyArray1, PyUntypedArray};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyString};
use skiff::Scalar;
use skiff::table::{Column, Texts};
use skiff::value::{IntKind, Precision};
use skiff_files::{Closed, ForeignObject, Interval, TimeUnit};

use super::HeldColumn;
pub use super::array::of;
use super::array::{half, int_kind};
use crate::error::wrong_input;

/// An array as a column.
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
        // `T` is numpy's own type of text, `StringDType`.
        b'U' | b'O' | b'S' | b'T' => {
            let list = array.call_method0(intern!(py, "tolist"))?;
            owned(objects(list.cast::<PyList>()?)?)
        }
        b'M' | b'm' => owned(times(&array)?),
        b'c' => Err(wrong_input(py, "Complex data not supported")),
        // The model may not use it.
        _ => {
            let cell = ForeignObject::new(format!("a value of dtype {}", dtype.str()?));
            let cell = Scalar::Object(Arc::new(cell));
            owned(Column::Objects(vec![cell; array.len()].into()))
        }
    }
}

/// Dates or durations.
fn times(array: &Bound<'_, PyUntypedArray>) -> PyResult<Column<'static>> {
    let py = array.py();
    let dtype = array.dtype();
    let numpy = py.import(intern!(py, "numpy"))?;
    let (name, count): (String, u32) = numpy.call_method1(intern!(py, "datetime_data"), (&dtype,))?.extract()?;
    let unit = TimeUnit::new(&name, count)
        .ok_or_else(|| wrong_input(py, &format!("columns of dtype {dtype} are not supported")))?;
    let steps = array.call_method1(intern!(py, "astype"), ("i8", "C"))?.cast_into::<PyArray1<i64>>()?;
    let steps = steps.to_vec().map_err(|error| wrong_input(py, &error.to_string()))?;
    let of = |steps| match dtype.kind() {
        b'M' => Scalar::DateTime(steps, unit),
        _ => Scalar::TimeDelta(steps, unit),
    };
    Ok(Column::Objects(steps.into_iter().map(of).collect()))
}

/// A column of Python's objects: text if all of them are strings. Unsupported values are an error only where they are used:
/// the model may drop the column.
pub fn objects(list: &Bound<'_, PyList>) -> PyResult<Column<'static>> {
    if list.iter().all(|item| item.is_instance_of::<PyString>()) {
        return Ok(Column::Texts(texts(list)?));
    }
    let cell = |item: Bound<'_, PyAny>| match known(&item)? {
        Some(scalar) => Ok(scalar),
        None => Ok(Scalar::Object(Arc::new(foreign(&item)?))),
    };
    let scalars = list.iter().map(cell).collect::<PyResult<Vec<_>>>()?;
    Ok(Column::Objects(scalars.into()))
}

/// A value of a class that skiff does not know. `Decimal` and `Fraction` are numbers where floats are needed, as they
/// are to numpy.
fn foreign(item: &Bound<'_, PyAny>) -> PyResult<ForeignObject> {
    let py = item.py();
    let mut object = ForeignObject::new(format!("a value of the class {}", class_of(item)?));
    // Arrays and the like hold several values.
    if item.hasattr(intern!(py, "__float__"))? && !item.hasattr(intern!(py, "__len__"))? {
        // What `float` refuses is no number here either.
        if let Ok(number) = py.get_type::<PyFloat>().call1((item,)) {
            object.number = Some(number.extract()?);
            object.equals_number = item.eq(&number).unwrap_or(false);
        }
    }
    Ok(object)
}

/// A list of `str`.
pub fn texts(list: &Bound<'_, PyList>) -> PyResult<Texts<'static>> {
    let backed = list.iter().map(|item| item.extract::<PyBackedStr>()).collect::<PyResult<Vec<_>>>();
    if let Ok(backed) = backed {
        return Ok(backed.iter().map(|text| &**text).collect());
    }
    let all = list.iter().map(|item| text(item.cast::<PyString>()?)).collect::<PyResult<Vec<_>>>()?;
    Ok(all.iter().collect())
}

/// A string. Lone surrogates, which UTF-8 does not allow, become a noncharacter, which is not a
/// letter, a digit or white space either.
fn text(text: &Bound<'_, PyString>) -> PyResult<String> {
    let py = text.py();
    match text.extract() {
        Ok(text) => Ok(text),
        Err(_) => {
            let surrogates = py.import(intern!(py, "skiff._text"))?.getattr(intern!(py, "without_surrogates"))?;
            surrogates.call1((text,))?.extract()
        }
    }
}

/// `module.name` of a value's class.
fn class_of(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let class = value.get_type();
    Ok(format!("{}.{}", class.module()?, class.name()?))
}

/// A scalar.
pub fn scalar(value: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    match known(value)? {
        Some(scalar) => Ok(scalar),
        None => {
            let message = format!("expected numbers and text, found a value of the class {}", class_of(value)?);
            Err(wrong_input(value.py(), &message))
        }
    }
}

/// A scalar; `None` for an object of another class.
fn known(value: &Bound<'_, PyAny>) -> PyResult<Option<Scalar>> {
    let py = value.py();
    if value.is_none() {
        return Ok(Some(Scalar::None));
    }
    if let Ok(found) = value.cast::<PyString>() {
        return Ok(Some(Scalar::Str(text(found)?)));
    }
    if value.is_instance_of::<PyBool>() {
        return Ok(Some(Scalar::Bool(value.extract()?)));
    }
    if value.is_instance_of::<PyInt>() {
        return Ok(Some(match value.extract::<i64>() {
            Ok(small) => Scalar::Int(small),
            Err(_) => Scalar::BigInt(value.str()?.extract()?),
        }));
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(Some(Scalar::Float(value.extract()?)));
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Some(Scalar::Bytes(bytes.as_bytes().to_vec())));
    }
    let class = value.get_type();
    let (module, name) = (class.module()?.to_string(), class.name()?.to_string());
    let is_pandas = module == "pandas" || module.starts_with("pandas.");
    if name == "NAType" && is_pandas {
        return Ok(Some(Scalar::Na));
    }
    if module == "numpy" && matches!(name.as_str(), "datetime64" | "timedelta64") {
        let array = of(value)?.call_method1(intern!(py, "reshape"), (1,))?.cast_into()?;
        return Ok(times(&array)?.get(0));
    }
    if name == "Interval" && is_pandas {
        return interval(value);
    }
    if name == "Timestamp" && is_pandas && value.getattr(intern!(py, "tz"))?.is_none() {
        return known(&value.call_method0(intern!(py, "to_datetime64"))?);
    }
    if module == "numpy"
        && let Ok(item) = value.call_method0(intern!(py, "item"))
        && !item.get_type().is(&class)
    {
        return known(&item);
    }
    Ok(None)
}

/// pandas' interval of numbers or timestamps; `None` for one of others.
fn interval(value: &Bound<'_, PyAny>) -> PyResult<Option<Scalar>> {
    let py = value.py();
    let end = |name| known(&value.getattr(name)?);
    let closed: String = value.getattr(intern!(py, "closed"))?.extract()?;
    let (left, right) = (end(intern!(py, "left"))?, end(intern!(py, "right"))?);
    Ok(match (left, right, Closed::named(&closed)) {
        (Some(left), Some(right), Some(closed)) => Some(Scalar::Interval(Arc::new(Interval { left, right, closed }))),
        _ => None,
    })
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
