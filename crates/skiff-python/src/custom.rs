//! `skiff.open(…, custom={"mypkg.clean": clean})`: Python's functions and classes as user code.
//!
//! The library works without the GIL; it is taken for as long as such code runs, on the thread that asked.

use std::sync::Arc;

use numpy::prelude::*;
use numpy::{PyArray1, PyArrayDescrMethods, PyUntypedArray};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};
use skiff::custom::{CodeLocation, CustomCall, CustomCode, CustomError, CustomStep, Job};
use skiff::table::Texts;
use skiff::value::{Classes, Labels, TermLists, Value};
use skiff::{Custom, File, Method, Rank, Takes};
use skiff_files::Instance;

use crate::attribute;
use crate::error::wrong_input;
use crate::input::{Held, Wanted};
use crate::model::Opened;
use crate::output;

/// The dict from names to registered code.
pub fn read(custom: &Bound<'_, PyDict>, file: &Arc<File>, opened: &Arc<Opened>) -> PyResult<Custom> {
    Ok(of_file(pairs(custom)?, file, opened))
}

/// The names and their code, before the file is known.
pub fn pairs(custom: &Bound<'_, PyDict>) -> PyResult<Vec<(String, Py<PyAny>)>> {
    let pair = |(name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| match name.extract() {
        Ok(name) => Ok((name, value.unbind())),
        Err(_) => Err(PyTypeError::new_err(
            "custom must map full names, such as \"mypkg.clean\", to functions, classes or objects",
        )),
    };
    custom.iter().map(pair).collect()
}

/// The code for the names, in this file.
pub fn of_file(pairs: Vec<(String, Py<PyAny>)>, file: &Arc<File>, opened: &Arc<Opened>) -> Custom {
    let code = |value| Arc::new(Code { value, file: Arc::clone(file), opened: Arc::clone(opened) });
    pairs.into_iter().fold(Custom::new(), |all, (name, value)| all.with(name, code(value)))
}

/// The code registered for one name.
struct Code {
    value: Py<PyAny>,
    file: Arc<File>,
    opened: Arc<Opened>,
}

impl CustomCode for Code {
    fn at(&self, place: &CodeLocation<'_>) -> Result<Arc<dyn CustomStep>, CustomError> {
        Python::attach(|py| {
            let value = self.value.bind(py);
            let made = match place.object {
                Some(node) => self.object(value, place, node)?,
                None if value.is_callable() => value.clone(),
                None => {
                    let class = value.get_type().name()?;
                    let message = format!("custom[\"{}\"] must be callable, not {class}", place.name);
                    return Err(PyTypeError::new_err(message));
                }
            };
            let arguments = match place.arguments {
                Some(node) => Some(attribute::inert(py, &self.file, &self.opened, node)?.unbind()),
                None => None,
            };
            Ok(Arc::new(Step { value: made.unbind(), arguments }) as Arc<dyn CustomStep>)
        })
        .map_err(CustomError::from)
    }
}

impl Code {
    /// An instance of a class: of the registered class, created as by `pickle`; or the result of a function
    /// of its attributes; or a registered object.
    fn object<'py>(
        &self,
        value: &Bound<'py, PyAny>,
        place: &CodeLocation<'_>,
        node: skiff_files::NodeId,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        let Some(instance) = Instance::read(place.graph, node) else {
            return Err(wrong_input(py, "expected an object of a class"));
        };
        if let Ok(class) = value.cast::<PyType>() {
            let mut arguments = vec![class.clone().into_any()];
            for &argument in instance.arguments() {
                arguments.push(attribute::inert(py, &self.file, &self.opened, argument)?);
            }
            let made = class.call_method1(intern!(py, "__new__"), PyTuple::new(py, arguments)?)?;
            match made.getattr_opt(intern!(py, "__setstate__"))? {
                Some(set) => {
                    if let Some(state) = instance.state() {
                        set.call1((attribute::inert(py, &self.file, &self.opened, state)?,))?;
                    }
                }
                None => {
                    let state = attribute::state(py, &self.file, &self.opened, &instance)?;
                    made.getattr(intern!(py, "__dict__"))?.call_method1(intern!(py, "update"), (state,))?;
                }
            }
            return Ok(made);
        }
        for name in ["transform", "predict"] {
            if value.hasattr(name)? {
                return Ok(value.clone());
            }
        }
        value.call1((attribute::state(py, &self.file, &self.opened, &instance)?,))
    }
}

/// A function with its arguments, or an object with its methods, at one location of a model.
struct Step {
    value: Py<PyAny>,
    arguments: Option<Py<PyAny>>,
}

impl CustomStep for Step {
    fn has(&self, job: Job) -> bool {
        Python::attach(|py| {
            let value = self.value.bind(py);
            match job {
                Job::Function | Job::Preprocess | Job::Split => value.is_callable(),
                Job::Method(method) => value.hasattr(method.name()).unwrap_or(false),
            }
        })
    }

    fn call(&self, call: &CustomCall<'_>, input: &Value<'_>) -> Result<Value<'static>, CustomError> {
        Python::attach(|py| self.answer(py, call, input)).map_err(CustomError::from)
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Option<Vec<String>>, CustomError> {
        Python::attach(|py| {
            let Some(method) = self.value.bind(py).getattr_opt(intern!(py, "get_feature_names_out"))? else {
                return Ok(None);
            };
            let names = output::names(py, input)?;
            method.call1((names,))?.try_iter()?.map(|name| name?.extract()).collect::<PyResult<Vec<String>>>().map(Some)
        })
        .map_err(|error: PyErr| CustomError::from(error))
    }
}

impl Step {
    fn answer(&self, py: Python<'_>, call: &CustomCall<'_>, input: &Value<'_>) -> PyResult<Value<'static>> {
        let value = self.value.bind(py);
        let origin = call.origin.and_then(|origin| origin.downcast_ref::<Py<PyAny>>()).map(|origin| origin.bind(py));
        let table = || match origin {
            Some(origin) if call.is_origin => Ok(origin.clone()),
            _ => handed_over(py, input, origin),
        };
        match call.job {
            Job::Function => {
                let arguments = match &self.arguments {
                    Some(arguments) => Some(arguments.bind(py).cast::<PyDict>()?),
                    None => None,
                };
                table_of(&value.call((table()?,), arguments)?)
            }
            Job::Method(method) => {
                let params = PyDict::new(py);
                for (name, value) in call.params {
                    params.set_item(name, output::scalar(py, value)?)?;
                }
                let answer = value.call_method(method.name(), (table()?,), Some(&params))?;
                match method {
                    Method::Predict | Method::DecisionFunction | Method::ScoreSamples => predictions_of(&answer),
                    _ => table_of(&answer),
                }
            }
            Job::Preprocess => {
                let text = |text: &str| value.call1((text,))?.extract::<String>();
                Ok(Value::Texts(Texts::from_iter(
                    documents(py, input)?.iter().map(text).collect::<PyResult<Vec<_>>>()?,
                )))
            }
            Job::Split => {
                let words = |text: &str| {
                    value.call1((text,))?.try_iter()?.map(|word| word?.extract()).collect::<PyResult<Vec<String>>>()
                };
                let lists = documents(py, input)?.iter().map(words).collect::<PyResult<Vec<_>>>()?;
                let lists = TermLists::from_lists(lists).map_err(|error| wrong_input(py, &error.to_string()))?;
                Ok(Value::TermLists(lists))
            }
        }
    }
}

fn documents<'v>(py: Python<'_>, input: &'v Value<'_>) -> PyResult<&'v Texts<'v>> {
    match input {
        Value::Texts(texts) => Ok(texts),
        other => Err(wrong_input(py, &format!("expected documents, found {}", other.kind()))),
    }
}

/// The input of a step in the middle of a model: a DataFrame or Series if the caller passed one and the columns still
/// have their names, else arrays, sparse matrices, lists of text.
fn handed_over<'py>(
    py: Python<'py>,
    input: &Value<'_>,
    origin: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let is_pandas = match origin {
        Some(origin) => origin.hasattr(intern!(py, "iloc"))?,
        None => false,
    };
    match (input, origin) {
        (Value::Columns(columns), Some(origin)) if columns.names.is_some() => output::frame(py, columns, origin),
        (Value::Texts(texts), Some(origin)) if is_pandas => {
            let texts = PyList::new(py, texts.iter())?;
            let arguments = PyDict::new(py);
            arguments.set_item(intern!(py, "index"), origin.getattr(intern!(py, "index"))?)?;
            py.import("pandas")?.getattr(intern!(py, "Series"))?.call((texts,), Some(&arguments))
        }
        _ => output::one(py, input.clone().into_owned(), Rank::Two),
    }
}

/// The returned object as a table.
fn table_of(answer: &Bound<'_, PyAny>) -> PyResult<Value<'static>> {
    let held = Held::new(
        answer,
        Wanted { class: "the next step", takes: Takes::Table, floats: false, in_order: false, half: None },
    )?;
    let table = held.table();
    let mut made = table.block(0, table.rows()).into_owned();
    if let Value::Columns(columns) = &mut made {
        // They are those of this result, and not the caller's.
        columns.origins = None;
    }
    Ok(made)
}

/// The returned object as labels or numbers, one or several for each row.
fn predictions_of(answer: &Bound<'_, PyAny>) -> PyResult<Value<'static>> {
    let py = answer.py();
    let numpy = output::numpy(py)?;
    let mut array: Bound<'_, PyUntypedArray> =
        numpy.call_method1(intern!(py, "asarray"), (answer,))?.cast_into().map_err(PyErr::from)?;
    if array.ndim() == 1 {
        array = array.call_method1(intern!(py, "reshape"), (-1, 1))?.cast_into()?;
    }
    if array.dtype().kind() != b'U' || array.ndim() != 2 {
        return table_of(array.as_any());
    }
    // numpy's strings keep their dtype like labels.
    let (rows, cols) = (array.shape()[0], array.shape()[1]);
    let arguments = PyDict::new(py);
    arguments.set_item("return_inverse", true)?;
    let flat = array.call_method0(intern!(py, "ravel"))?;
    let (known, codes) =
        numpy.call_method("unique", (flat,), Some(&arguments))?.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
    let known: Vec<String> =
        known.try_iter()?.map(|text| text?.cast::<PyString>()?.extract()).collect::<PyResult<_>>()?;
    let codes = codes.call_method1(intern!(py, "astype"), ("u4",))?;
    let codes = codes.cast::<PyArray1<u32>>()?.to_vec()?;
    let known = Arc::new(Classes::Strings(known));
    let classes: Arc<[Arc<Classes>]> = (0..cols).map(|_| Arc::clone(&known)).collect();
    Ok(Value::Labels(Labels { rows, cols, codes, classes }))
}
