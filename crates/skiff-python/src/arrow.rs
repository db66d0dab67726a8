//! Methods of models for record batches of Arrow, of whatever library: arrays come in and go out by the Arrow C Data
//! Interface, without copies and without pyarrow.

#![expect(unsafe_code, reason = "the interface passes pointers")]

use std::ffi::CStr;
use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use skiff::{Method, Plan};
use skiff_arrow::array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use skiff_arrow::array::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use skiff_arrow::array::{Array, ArrayRef, RecordBatch, StructArray, make_array, new_empty_array};
use skiff_arrow::schema::DataType;
use skiff_arrow::{answer, read};

use crate::error;
use crate::model::Model;

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// An array of any type, which other libraries take by the Arrow C Data Interface.
#[pyclass(frozen, module = "skiff._skiff")]
#[derive(Debug)]
pub struct ArrowArray {
    array: ArrayRef,
}

/// A method of a model, which takes batches of rows.
#[pyclass(frozen, module = "skiff._skiff")]
#[derive(Debug)]
pub struct ArrowMethod {
    model: Py<Model>,
    plan: Arc<Plan>,
    /// The type of what it returns.
    returns: DataType,
}

#[pymethods]
impl ArrowArray {
    /// The schema and the array, as capsules.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        // A request, which need not be met.
        let _ = requested_schema;
        let (array, schema) = to_ffi(&self.array.to_data()).map_err(|error| wrong(py, &error))?;
        let schema = PyCapsule::new_with_value(py, schema, SCHEMA)?;
        let array = PyCapsule::new_with_value(py, array, ARRAY)?;
        (schema, array).into_pyobject(py)
    }

    /// The type.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.array.data_type()).map_err(|error| wrong(py, &error))?;
        PyCapsule::new_with_value(py, schema, SCHEMA)
    }

    fn __len__(&self) -> usize {
        self.array.len()
    }
}

#[pymethods]
impl ArrowMethod {
    #[new]
    #[pyo3(signature = (model, method, /))]
    fn new(model: &Bound<'_, Model>, method: &str) -> PyResult<Self> {
        let py = model.py();
        let (_, inner) = model.get().parts();
        let known = inner.methods();
        let Some(method) = method.parse::<Method>().ok().filter(|method| known.contains(method)) else {
            let known: Vec<&str> = known.iter().map(|method| method.name()).collect();
            let message = format!("the model has no method `{method}`; it has {}", known.join(", "));
            return Err(error::wrong_input(py, &message));
        };
        let plan = inner.plan(method).map_err(|error| error::raise(py, &error))?;
        let signature = inner.signature(method).map_err(|error| error::raise(py, &error))?;
        let Some(empty) = answer::empty(&signature.output) else {
            return Err(error::not_supported(py, "the type of the result depends on the rows"));
        };
        let returns = answer::array(&empty).map_err(|error| wrong(py, &error))?.data_type().clone();
        Ok(Self { model: model.clone().unbind(), plan, returns })
    }

    /// An array of the type that calls return, without elements.
    #[getter]
    fn r#type(&self) -> ArrowArray {
        ArrowArray { array: new_empty_array(&self.returns) }
    }

    /// A struct array of the columns that it takes, without elements.
    #[getter]
    fn input(&self, py: Python<'_>) -> PyResult<ArrowArray> {
        let fields = read::fields(self.model.get().parts().1, &self.plan);
        let fields =
            fields.ok_or_else(|| error::not_supported(py, "the model does not say how many columns it takes"))?;
        Ok(ArrowArray { array: new_empty_array(&DataType::Struct(fields.into())) })
    }

    /// The results for a record batch, a table or a struct array: one element for each row.
    fn __call__(&self, batch: &Bound<'_, PyAny>) -> PyResult<ArrowArray> {
        let py = batch.py();
        let mut arrays = Vec::new();
        for rows in batches(batch)? {
            arrays.push(self.call(batch, &rows)?);
        }
        let array = match arrays.len() {
            0 => new_empty_array(&self.returns),
            1 => arrays.swap_remove(0),
            _ => answer::concatenated(&arrays).map_err(|error| wrong(py, &error))?,
        };
        Ok(ArrowArray { array })
    }
}

impl ArrowMethod {
    fn call(&self, origin: &Bound<'_, PyAny>, batch: &RecordBatch) -> PyResult<ArrayRef> {
        let py = origin.py();
        if batch.num_rows() == 0 {
            return Ok(new_empty_array(&self.returns));
        }
        let model = self.model.get();
        let table = read::table(model.parts().1, &self.plan, batch).map_err(|error| wrong(py, &error))?;
        let answer = model.running().evaluate(py, &self.plan, &table, &origin.clone().unbind())?;
        let array = answer::array(&answer).map_err(|error| wrong(py, &error))?;
        if *array.data_type() != self.returns {
            let (found, expected) = (array.data_type(), &self.returns);
            let message = format!(
                "expected a result of the type {expected}, found {found}: columns that are passed through must have the \
                 type that the model was fitted on, and no nulls among integers"
            );
            return Err(error::wrong_input(py, &message));
        }
        Ok(array)
    }
}

fn wrong(py: Python<'_>, error: &dyn std::fmt::Display) -> PyErr {
    error::wrong_input(py, &error.to_string())
}

/// The record batches of an object with the Arrow interface.
fn batches(object: &Bound<'_, PyAny>) -> PyResult<Vec<RecordBatch>> {
    let py = object.py();
    if let Some(export) = object.getattr_opt(intern!(py, "__arrow_c_array__"))? {
        let (schema, array): (Bound<'_, PyCapsule>, Bound<'_, PyCapsule>) = export.call0()?.extract()?;
        let schema = schema.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
        let array = array.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
        // SAFETY: capsules of these names hold what the interface says; the array is moved out of its capsule, which then
        // has nothing to release, and the schema stays in its own, which lives until the end of this function.
        let data = unsafe { from_ffi(FFI_ArrowArray::from_raw(array.as_ptr()), schema.as_ref()) };
        let data = data.map_err(|error| wrong(py, &error))?;
        // Offsets and UTF-8 of whatever library it is.
        data.validate_full().map_err(|error| wrong(py, &error))?;
        let array = make_array(data);
        return match array.as_any().downcast_ref::<StructArray>() {
            Some(columns) if columns.null_count() == 0 => Ok(vec![RecordBatch::from(columns)]),
            Some(_) => Err(error::wrong_input(py, "expected columns, found a struct array with nulls")),
            None => Err(error::wrong_input(py, &format!("expected columns, found an array of {}", array.data_type()))),
        };
    }
    if let Some(export) = object.getattr_opt(intern!(py, "__arrow_c_stream__"))? {
        let capsule = export.call0()?.cast_into::<PyCapsule>()?;
        let stream = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
        // SAFETY: as above; the stream is moved out of its capsule.
        let reader = unsafe { ArrowArrayStreamReader::from_raw(stream.as_ptr()) };
        let reader = reader.map_err(|error| wrong(py, &error))?;
        let checked = |batch: Result<RecordBatch, _>| {
            let batch = batch.map_err(|error: skiff_arrow::schema::ArrowError| wrong(py, &error))?;
            for column in batch.columns() {
                column.to_data().validate_full().map_err(|error| wrong(py, &error))?;
            }
            Ok(batch)
        };
        return reader.map(checked).collect();
    }
    let class = object.get_type().name()?;
    Err(PyTypeError::new_err(format!("expected a record batch or a table of Arrow, found {class}")))
}
