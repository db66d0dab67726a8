//! Results as Python objects: numpy arrays with scikit-learn's dtypes and shapes, lists and tuples of them,
//! scipy sparse matrices.

use std::sync::Arc;

use numpy::ndarray::{ArrayD, IxDyn};
use numpy::{Element, PyArray1, PyArrayDyn};
use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PySlice, PyTuple};
use skiff::table::{Column, DictValue};
use skiff::value::{Classes, Columns, Csr, IntKind, Labels, NumberType, Precision, TermLists, Value, ValueKind};
use skiff::{Answer, Rank, Scalar};
use skiff_files::{DType, Endian};

use crate::error::not_supported;

/// The result of a method.
pub fn answer(py: Python<'_>, answer: Answer) -> PyResult<Bound<'_, PyAny>> {
    match answer {
        Answer::One(value, rank) => one(py, value, rank),
        Answer::List(items) => Ok(PyList::new(py, all(py, items)?)?.into_any()),
        Answer::Tuple(items) => Ok(PyTuple::new(py, all(py, items)?)?.into_any()),
    }
}

/// For each row the tuple of its labels.
pub fn label_sets<'py>(py: Python<'py>, lists: &TermLists, classes: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let row = |row: usize| {
        let numbers = lists.numbers[lists.bounds[row]..lists.bounds[row + 1]].iter().copied().map(i64::from);
        let labels =
            classes.call_method1(intern!(py, "take"), (PyArray1::from_vec(py, numbers.collect::<Vec<_>>()),))?;
        py.get_type::<PyTuple>().call1((labels,))
    };
    Ok(PyList::new(py, (0..lists.len()).map(row).collect::<PyResult<Vec<_>>>()?)?.into_any())
}

fn all(py: Python<'_>, items: Vec<Answer>) -> PyResult<Vec<Bound<'_, PyAny>>> {
    items.into_iter().map(|item| answer(py, item)).collect()
}

pub fn one<'py>(py: Python<'py>, value: Value<'static>, rank: Rank) -> PyResult<Bound<'py, PyAny>> {
    let shape = shape(rank, value.rows(), value.cols());
    match value {
        Value::Floats(matrix, Precision::Double) => array(py, matrix.data.into_owned(), &shape),
        Value::Floats(matrix, Precision::Single) => array(py, narrow(&matrix.data), &shape),
        Value::Ints(matrix, kind) => integers(py, matrix.data.into_owned(), kind, &shape),
        Value::Sparse(csr) => sparse(py, csr),
        Value::Labels(found) => labels(py, &found, &shape),
        Value::Columns(found) => columns(py, &found, &shape),
        // Documents that were passed through.
        Value::Texts(texts) if rank == Rank::Two => Ok(PyList::new(py, texts.iter())?.into_any()),
        Value::Texts(texts) => object_array(py, texts.iter().map(|text| text.into_bound_py_any(py)), &shape),
        Value::Dicts(dicts) => {
            let rows = dicts.rows.iter().map(|row| mapping(py, row)).collect::<PyResult<Vec<_>>>()?;
            Ok(PyList::new(py, rows)?.into_any())
        }
        Value::TermLists(lists) => {
            let vocabulary = numpy(py)?.call_method1(
                intern!(py, "array"),
                ((0..lists.terms.len()).map(|at| lists.terms.get(at).unwrap_or_default()).collect::<Vec<_>>(),),
            )?;
            let row = |row: usize| {
                let numbers: Vec<i64> =
                    lists.numbers[lists.bounds[row]..lists.bounds[row + 1]].iter().copied().map(i64::from).collect();
                vocabulary.call_method1(intern!(py, "take"), (PyArray1::from_vec(py, numbers),))
            };
            let rows = (0..lists.len()).map(row).collect::<PyResult<Vec<_>>>()?;
            Ok(PyList::new(py, rows)?.into_any())
        }
        Value::NumberLists(lists) => {
            let rows = lists.iter_rows().map(|row| numbers(py, row.to_vec(), lists.dtype));
            object_array(py, rows, &[lists.len()])
        }
        Value::Many(_) => Err(not_supported(py, "a result that consists of several values")),
    }
}

fn shape(rank: Rank, rows: usize, cols: usize) -> Vec<usize> {
    match rank {
        Rank::Zero => Vec::new(),
        Rank::One => vec![rows],
        Rank::OneOrTwo if cols == 1 => vec![rows],
        Rank::Two | Rank::OneOrTwo => vec![rows, cols],
        Rank::Three { depth } => vec![rows, cols.checked_div(depth).unwrap_or(0), depth],
    }
}

/// An array that takes ownership of the vector, without a copy.
fn array<'py, T: Element>(py: Python<'py>, data: Vec<T>, shape: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    let array = ArrayD::from_shape_vec(IxDyn(shape), data)
        .map_err(|error| not_supported(py, &format!("a result whose shape differs from the declared one: {error}")))?;
    Ok(PyArrayDyn::from_owned_array(py, array).into_any())
}

#[expect(clippy::cast_possible_truncation, reason = "the values are float32 already")]
fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

/// A vector of numbers that are held as `f64`, as what they are in scikit-learn.
fn numbers(py: Python<'_>, values: Vec<f64>, dtype: NumberType) -> PyResult<Bound<'_, PyAny>> {
    let shape = [values.len()];
    match dtype {
        NumberType::Float(Precision::Double) => array(py, values, &shape),
        NumberType::Float(Precision::Single) => array(py, narrow(&values), &shape),
        #[expect(clippy::cast_possible_truncation, reason = "integers are held exactly")]
        NumberType::Int(kind) => integers(py, values.iter().map(|&value| value as i64).collect(), kind, &shape),
    }
}

/// Integers in their own dtype; they fit, since they came from it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the values are of that dtype already")]
fn integers<'py>(py: Python<'py>, data: Vec<i64>, kind: IntKind, shape: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    match kind {
        IntKind::Bool => array(py, data.iter().map(|&value| value != 0).collect::<Vec<bool>>(), shape),
        IntKind::Int { bytes: 1, signed: true } => array(py, data.iter().map(|&value| value as i8).collect(), shape),
        IntKind::Int { bytes: 2, signed: true } => array(py, data.iter().map(|&value| value as i16).collect(), shape),
        IntKind::Int { bytes: 4, signed: true } => array(py, data.iter().map(|&value| value as i32).collect(), shape),
        IntKind::Int { bytes: 1, signed: false } => array(py, data.iter().map(|&value| value as u8).collect(), shape),
        IntKind::Int { bytes: 2, signed: false } => array(py, data.iter().map(|&value| value as u16).collect(), shape),
        IntKind::Int { bytes: 4, signed: false } => array(py, data.iter().map(|&value| value as u32).collect(), shape),
        IntKind::Int { signed: false, .. } => array(py, data.iter().map(|&value| value as u64).collect(), shape),
        IntKind::Int { .. } => array(py, data, shape),
    }
}

/// `scipy.sparse.csr_matrix`, as in scikit-learn.
fn sparse<'py>(py: Python<'py>, csr: Csr<'static>) -> PyResult<Bound<'py, PyAny>> {
    let scipy =
        py.import("scipy.sparse").map_err(|_| not_supported(py, "the result is sparse, but scipy is not installed"))?;
    let stored = csr.data.len();
    let data = numbers(py, csr.data.into_owned(), csr.dtype)?;
    // As in scipy: 32 bits if all fit.
    let wide = stored.max(csr.cols) > i32::MAX as usize;
    let (indices, indptr) = if wide {
        let indices = csr.indices.iter().map(|&index| i64::from(index)).collect();
        let indptr = csr.indptr.iter().map(|&at| i64::try_from(at).unwrap_or(i64::MAX)).collect();
        (array::<i64>(py, indices, &[stored])?, array::<i64>(py, indptr, &[csr.rows + 1])?)
    } else {
        let narrow = |value: usize| i32::try_from(value).unwrap_or(i32::MAX);
        let indices = csr.indices.iter().map(|&index| narrow(index as usize)).collect();
        let indptr = csr.indptr.iter().map(|&at| narrow(at)).collect();
        (array::<i32>(py, indices, &[stored])?, array::<i32>(py, indptr, &[csr.rows + 1])?)
    };
    let arguments = PyDict::new(py);
    arguments.set_item(intern!(py, "shape"), (csr.rows, csr.cols))?;
    scipy.getattr(intern!(py, "csr_matrix"))?.call(((data, indices, indptr),), Some(&arguments))
}

/// The labels themselves: `classes_.take(codes)`.
fn labels<'py>(py: Python<'py>, labels: &Labels, shape: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    let is_label = |(at, &code): (usize, &u32)| (code as usize) < labels.classes[at % labels.cols].len();
    if !labels.codes.iter().enumerate().all(is_label) {
        return labels_and_none(py, labels, shape);
    }
    let column = |index: usize| -> PyResult<Bound<'py, PyAny>> {
        let codes = labels.codes.iter().skip(index).step_by(labels.cols.max(1));
        let codes: Vec<i64> = codes.map(|&code| i64::from(code)).collect();
        classes(py, &labels.classes[index])?.call_method1(intern!(py, "take"), (PyArray1::from_vec(py, codes),))
    };
    if labels.cols == 1 {
        return column(0)?.call_method1(intern!(py, "reshape"), (PyTuple::new(py, shape)?,));
    }
    let columns = (0..labels.cols).map(column).collect::<PyResult<Vec<_>>>()?;
    side_by_side(py, &columns, labels.rows)
}

/// The labels as Python objects, and `None` for rows without a label.
fn labels_and_none<'py>(py: Python<'py>, labels: &Labels, shape: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    let objects = |known: &Arc<Classes>| -> PyResult<Bound<'py, PyList>> {
        let objects = classes(py, known)?.call_method1(intern!(py, "astype"), (intern!(py, "object"),))?;
        Ok(objects.call_method0(intern!(py, "tolist"))?.cast_into()?)
    };
    let known = labels.classes.iter().map(objects).collect::<PyResult<Vec<_>>>()?;
    let items = labels.codes.iter().enumerate().map(|(at, &code)| {
        let known = &known[at % labels.cols];
        if (code as usize) < known.len() { known.get_item(code as usize) } else { Ok(py.None().into_bound(py)) }
    });
    object_array(py, items, shape)
}

/// `classes_`, in scikit-learn's dtype.
pub fn classes<'py>(py: Python<'py>, classes: &Classes) -> PyResult<Bound<'py, PyAny>> {
    let shape = [classes.len()];
    match classes {
        Classes::Ints(values, kind) => integers(py, values.clone(), *kind, &shape),
        Classes::Floats(values, Precision::Double) => array(py, values.clone(), &shape),
        Classes::Floats(values, Precision::Single) => array(py, narrow(values), &shape),
        Classes::Strings(values) => {
            let arguments = PyDict::new(py);
            arguments.set_item(intern!(py, "dtype"), intern!(py, "U"))?;
            numpy(py)?.call_method(intern!(py, "array"), (values,), Some(&arguments))
        }
        Classes::Objects(values) => object_array(py, values.iter().map(|value| scalar(py, value)), &shape),
        Classes::Values(values, kind) => {
            let objects = object_array(py, values.iter().map(|value| scalar(py, value)), &shape)?;
            let dtype = match *kind {
                ValueKind::Bytes(len) => DType::Bytes { len },
                ValueKind::DateTime(unit) => DType::DateTime { unit, endian: Endian::Little },
                ValueKind::TimeDelta(unit) => DType::TimeDelta { unit, endian: Endian::Little },
                ValueKind::Text => return strings(objects),
            };
            objects.call_method1(intern!(py, "astype"), (dtype.code(),))
        }
    }
}

/// An array of text in numpy's `StringDType`; of objects before numpy 2, which has none.
pub fn strings(objects: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    let py = objects.py();
    let dtypes = numpy(py)?.getattr_opt(intern!(py, "dtypes"))?;
    match dtypes.map(|dtypes| dtypes.getattr_opt(intern!(py, "StringDType"))).transpose()?.flatten() {
        Some(dtype) => objects.call_method1(intern!(py, "astype"), (dtype.call0()?,)),
        None => Ok(objects),
    }
}

/// Named columns as a DataFrame like `like`, with its index; as an array if it is not a DataFrame.
pub fn frame<'py>(py: Python<'py>, found: &Columns<'_>, like: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let Columns { names, origins, columns: all, .. } = found;
    let module = like.get_type().module()?.to_string();
    let library = module.split('.').next().unwrap_or_default();
    let is_pandas = like.hasattr(intern!(py, "iloc"))?;
    if !is_pandas && library != "polars" {
        let mut unnamed = found.clone();
        (unnamed.names, unnamed.origins) = (None, None);
        return one(py, Value::Columns(unnamed).into_owned(), Rank::Two);
    }
    let names = match names {
        Some(names) => PyList::new(py, names.iter())?.into_any(),
        None => like.getattr(intern!(py, "columns"))?,
    };
    let columns = PyList::empty(py);
    for (place, values) in all.iter().enumerate() {
        let origin = origins.as_ref().and_then(|origins| *origins.get(place)?);
        columns.append(match origin {
            Some(origin) => own_column(like, is_pandas, origin)?,
            None => column(py, &values.clone().into_owned())?,
        })?;
    }
    let library = if is_pandas { "pandas" } else { "polars" };
    let make = py.import(intern!(py, "skiff._frames"))?.getattr(library)?;
    match is_pandas {
        true => make.call1((columns, names, like.getattr(intern!(py, "index"))?)),
        false => make.call1((columns, names)),
    }
}

/// A column of the caller's DataFrame, with its own dtype.
fn own_column<'py>(frame: &Bound<'py, PyAny>, is_pandas: bool, place: usize) -> PyResult<Bound<'py, PyAny>> {
    let py = frame.py();
    match is_pandas {
        true => {
            let series = frame.getattr(intern!(py, "iloc"))?.get_item((PySlice::full(py), place))?;
            series.getattr(intern!(py, "array"))
        }
        false => frame.call_method1(intern!(py, "to_series"), (place,)),
    }
}

/// The columns of a result in the container selected by `set_output`; unchanged columns of the caller with their own dtype.
pub fn in_container<'py>(
    py: Python<'py>,
    found: &Columns<'_>,
    names: Vec<String>,
    x: &Bound<'py, PyAny>,
    container: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let is_pandas = x.hasattr(intern!(py, "iloc"))?;
    let is_alike = match container {
        "pandas" => is_pandas,
        _ => x.get_type().module()?.to_string().starts_with(container),
    };
    let columns = PyList::empty(py);
    for (place, values) in found.columns.iter().enumerate() {
        let origin = found.origins.as_ref().and_then(|origins| *origins.get(place)?).filter(|_| is_alike);
        columns.append(match origin {
            Some(origin) => own_column(x, is_pandas, origin)?,
            None => column(py, &values.clone().into_owned())?,
        })?;
    }
    let make = py.import(intern!(py, "skiff._frames"))?.getattr(container)?;
    match (container, is_pandas) {
        ("pandas", true) => make.call1((columns, names, x.getattr(intern!(py, "index"))?)),
        ("pandas", false) => {
            let index = py.import(intern!(py, "pandas"))?.getattr(intern!(py, "RangeIndex"))?.call1((found.rows,))?;
            make.call1((columns, names, index))
        }
        _ => make.call1((columns, names)),
    }
}

/// Names of columns, as in scikit-learn.
pub fn names<'py>(py: Python<'py>, names: &[String]) -> PyResult<Bound<'py, PyAny>> {
    object_array(py, names.iter().map(|name| name.into_bound_py_any(py)), &[names.len()])
}

/// Columns of several dtypes: numbers in their common dtype, else objects.
fn columns<'py>(py: Python<'py>, found: &Columns<'static>, shape: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    let columns = found.columns.iter().map(|values| column(py, values)).collect::<PyResult<Vec<_>>>()?;
    match (&columns[..], shape) {
        ([only], [_]) => Ok(only.clone()),
        _ => side_by_side(py, &columns, found.rows),
    }
}

/// A single column.
fn column<'py>(py: Python<'py>, column: &Column<'static>) -> PyResult<Bound<'py, PyAny>> {
    let shape = [column.len()];
    match column {
        Column::Floats(values, Precision::Double) => array(py, values.to_vec(), &shape),
        Column::Floats(values, Precision::Single) => array(py, narrow(values), &shape),
        Column::Ints(values, kind) => integers(py, values.to_vec(), *kind, &shape),
        Column::Texts(texts) => object_array(py, texts.iter().map(|text| text.into_bound_py_any(py)), &shape),
        Column::Objects(values) => object_array(py, values.iter().map(|value| scalar(py, value)), &shape),
    }
}

/// A matrix of columns. numpy would convert numbers next to strings to strings: here they become objects.
fn side_by_side<'py>(py: Python<'py>, columns: &[Bound<'py, PyAny>], rows: usize) -> PyResult<Bound<'py, PyAny>> {
    let numpy = numpy(py)?;
    let mut kinds = Vec::with_capacity(columns.len());
    for column in columns {
        let kind: String = column.getattr(intern!(py, "dtype"))?.getattr(intern!(py, "kind"))?.extract()?;
        kinds.push(kind);
    }
    let is_text = |kind: &String| matches!(kind.as_str(), "U" | "T");
    // Columns that are not one block yet are those of a DataFrame, of which bools next to numbers are objects.
    let is_bool = |kind: &String| kind == "b";
    let dtype = if kinds.is_empty()
        || kinds.iter().any(|kind| kind == "O")
        || kinds.iter().any(is_text) != kinds.iter().all(is_text)
        || kinds.iter().any(is_bool) != kinds.iter().all(is_bool)
    {
        intern!(py, "object").clone().into_any()
    } else {
        numpy.call_method1(intern!(py, "result_type"), PyTuple::new(py, columns)?)?
    };
    let all = numpy.call_method1(intern!(py, "empty"), ((rows, columns.len()), dtype))?;
    for (index, column) in columns.iter().enumerate() {
        all.set_item((PySlice::full(py), index), column)?;
    }
    Ok(all)
}

/// An array of Python objects.
pub fn object_array<'py>(
    py: Python<'py>,
    items: impl ExactSizeIterator<Item = PyResult<Bound<'py, PyAny>>>,
    shape: &[usize],
) -> PyResult<Bound<'py, PyAny>> {
    let mut objects = Vec::with_capacity(items.len());
    for item in items {
        objects.push(item?.unbind());
    }
    array(py, objects, shape)
}

fn mapping<'py>(py: Python<'py>, row: &[(String, DictValue)]) -> PyResult<Bound<'py, PyAny>> {
    let mapping = PyDict::new(py);
    for (name, value) in row {
        let value = match value {
            DictValue::One(value) => number(py, value)?,
            DictValue::Many(values) => {
                let values = values.iter().map(|value| scalar(py, value)).collect::<PyResult<Vec<_>>>()?;
                PyList::new(py, values)?.into_any()
            }
        };
        mapping.set_item(name, value)?;
    }
    Ok(mapping.into_any())
}

/// A number as a numpy scalar, since it comes from an array in scikit-learn.
fn number<'py>(py: Python<'py>, value: &Scalar) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Scalar::Float(value) => numpy(py)?.call_method1(intern!(py, "float64"), (value,)),
        Scalar::Int(value) => numpy(py)?.call_method1(intern!(py, "int64"), (value,)),
        other => scalar(py, other),
    }
}

/// A scalar as a Python object.
pub fn scalar<'py>(py: Python<'py>, value: &Scalar) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Scalar::None => Ok(py.None().into_bound(py)),
        Scalar::Bool(value) => value.into_bound_py_any(py),
        Scalar::Int(value) => value.into_bound_py_any(py),
        Scalar::BigInt(digits) => py.import(intern!(py, "builtins"))?.call_method1(intern!(py, "int"), (digits,)),
        Scalar::Float(value) => value.into_bound_py_any(py),
        Scalar::Str(text) => text.into_bound_py_any(py),
        Scalar::Bytes(bytes) => Ok(PyBytes::new(py, bytes).into_any()),
        Scalar::Complex(re, im) => py.import(intern!(py, "builtins"))?.call_method1(intern!(py, "complex"), (re, im)),
        Scalar::DateTime(steps, unit) => {
            numpy(py)?.call_method1(intern!(py, "datetime64"), (steps, (unit.name, unit.count)))
        }
        Scalar::TimeDelta(steps, unit) => {
            numpy(py)?.call_method1(intern!(py, "timedelta64"), (steps, (unit.name, unit.count)))
        }
        Scalar::Na => py.import(intern!(py, "pandas"))?.getattr(intern!(py, "NA")),
        Scalar::Timestamp(steps, unit) => {
            let moment = scalar(py, &Scalar::DateTime(*steps, *unit))?;
            py.import(intern!(py, "pandas"))?.call_method1(intern!(py, "Timestamp"), (moment,))
        }
        Scalar::Interval(interval) => {
            let (left, right) = (scalar(py, &interval.left)?, scalar(py, &interval.right)?);
            let pandas = py.import(intern!(py, "pandas"))?;
            pandas.call_method1(intern!(py, "Interval"), (left, right, interval.closed.name()))
        }
        Scalar::Object(_) | Scalar::Other(_) => Err(not_supported(py, &format!("{value} in a result"))),
    }
}

/// The module `numpy`.
pub fn numpy(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "numpy"))
}
