//! Calls of a model's methods.

use std::sync::{Arc, OnceLock};

use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMapping, PyTuple};
use skiff::value::{Columns, Value};
use skiff::{Answer, Method, Params, Table, Takes};
use skiff_models::fields::Version;
use skiff_models::{Frame, Scoring};

use super::Model;
use crate::input::{Held, Wanted};
use crate::{error, input, output};

impl Model {
    /// The result of `method` for `x`.
    pub(super) fn call<'py>(
        &self,
        method: Method,
        x: &Bound<'py, PyAny>,
        params: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = x.py();
        let is_list = x.is_instance_of::<PyList>() || x.is_instance_of::<PyTuple>();
        // Rows by name are no objects.
        let has_names = is_list && x.get_item(0).is_ok_and(|first| first.cast::<PyMapping>().is_ok());
        if is_list && !has_names && self.reads_lists_as_objects() {
            let arguments = PyDict::new(py);
            arguments.set_item(intern!(py, "dtype"), intern!(py, "object"))?;
            let array = py.import(intern!(py, "numpy"))?.call_method(intern!(py, "asarray"), (x,), Some(&arguments))?;
            return self.call(method, &array, params);
        }
        let params = match params {
            Some(params) => read_params(params)?,
            None => Vec::new(),
        };
        let plan = match params.is_empty() {
            true => self.model.plan(method),
            false => self.model.plan_with(method, &Params::new(params)).map(Arc::new),
        };
        let plan = plan.map_err(|error| error::raise(py, &error))?;
        let is_frame = x.hasattr(intern!(py, "iloc"))?;
        if plan.is_identity() && self.container().is_none() && !is_frame {
            return Ok(x.clone());
        }
        if (plan.is_identity() || plan.keeps_frame()) && self.container().is_none() && is_frame {
            // pandas has its own rules for its own types.
            let apply = py.import(intern!(py, "skiff._frames"))?.getattr(intern!(py, "apply"))?;
            let version = self.model.typed().header().version;
            let names_columns = version.is_some_and(|version| version >= Version::new(1, 4));
            let frame = apply.call1((self.alone(), method.name(), x, names_columns))?;
            if !frame.is_none() {
                return Ok(frame);
            }
        }
        if self.class() == "LabelEncoder" && x.len().is_ok_and(|rows| rows == 0) {
            // No labels have the numbers of no class: `np.asarray([])`.
            return py.import(intern!(py, "numpy"))?.call_method1(intern!(py, "asarray"), (PyList::empty(py),));
        }
        let held = match plan.reads_input() {
            true if self.class() == "MultiLabelBinarizer" => self.label_sets(method, x)?,
            true => {
                let (class, takes) = (self.class(), self.model.takes());
                // Terms are listed as they are stored.
                let in_order =
                    method == Method::InverseTransform && matches!(class, "CountVectorizer" | "TfidfVectorizer");
                Held::new(x, Wanted { class, takes, floats: plan.asks_for_floats(), in_order, half: plan.half() })?
            }
            // User code gets the caller's object unchanged.
            false => Held::unread(x)?,
        };
        let (table, origin) = (held.table(), x.clone().unbind());
        let answer = self.opened.running.evaluate(py, &plan, &table, &origin)?;
        let container = self.container().filter(|_| method == Method::Transform);
        if container.is_none()
            && let Some(Value::Columns(columns)) = answer.value()
            && (columns.names.is_some() && plan.ends_in_custom()
                || plan.keeps_frame() && x.hasattr(intern!(py, "iloc"))? && x.hasattr(intern!(py, "columns"))?)
        {
            return output::frame(py, columns, x);
        }
        if let (Some(Value::TermLists(lists)), "MultiLabelBinarizer") = (answer.value(), self.class()) {
            return output::label_sets(py, lists, &self.shown(py, "classes_")?);
        }
        match container {
            Some(container) => self.in_container(answer, x, container),
            _ if matches!(answer.value(), Some(Value::Sparse(_))) => {
                self.in_sparse_class(method, output::answer(py, answer)?, x)
            }
            _ if matches!(method, Method::Transform | Method::InverseTransform) => {
                self.in_dtype_of_input(output::answer(py, answer)?, x)
            }
            _ => output::answer(py, answer),
        }
    }

    /// What a `MultiLabelBinarizer` takes: sets of labels, or an array of zeros and ones.
    fn label_sets<'py>(&self, method: Method, x: &Bound<'py, PyAny>) -> PyResult<Held<'py>> {
        let py = x.py();
        if method == Method::Transform {
            return input::label_sets(x, &self.shown(py, "classes_")?);
        }
        if x.hasattr(intern!(py, "iloc"))? {
            return Err(error::wrong_input(py, "expected an array or a sparse matrix, found a DataFrame"));
        }
        Held::new(x, Wanted { class: self.class(), takes: Takes::Table, floats: false, in_order: false, half: None })
    }

    /// Whether lists become arrays of objects first: `check_array(X, dtype=object)`.
    fn reads_lists_as_objects(&self) -> bool {
        let mut typed = Arc::clone(self.model.typed());
        while matches!(typed.header().class.as_str(), "Pipeline" | "GridSearchCV" | "RandomizedSearchCV") {
            match typed.estimator().inner().into_iter().next() {
                Some((_, first)) => typed = first,
                None => return false,
            }
        }
        typed.header().class == "ColumnTransformer"
    }

    /// Selectors return text and objects in the dtype that came.
    fn in_dtype_of_input<'py>(&self, answer: Bound<'py, PyAny>, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = x.py();
        let is_selector = self.model.typed().class().starts_with("sklearn.feature_selection.");
        match x.cast::<PyUntypedArray>() {
            Ok(array) if is_selector && matches!(array.dtype().kind(), b'U' | b'S' | b'O') => {
                answer.call_method1(intern!(py, "astype"), (array.dtype(),))
            }
            _ => Ok(answer),
        }
    }

    /// The same model, for the parts written in Python.
    pub(super) fn alone(&self) -> Self {
        Self {
            model: Arc::clone(&self.model),
            file: Arc::clone(&self.file),
            opened: Arc::clone(&self.opened),
            slice: self.slice,
            content: OnceLock::new(),
        }
    }

    /// `sample`: as many points as asked for.
    pub(super) fn drawn<'py>(&self, py: Python<'py>, n_samples: i64) -> PyResult<Bound<'py, PyAny>> {
        let rows = usize::try_from(n_samples).ok().filter(|&rows| rows > 0).ok_or_else(|| {
            let what =
                format!("Invalid value for 'n_samples': {n_samples} . The sampling requires at least one sample.");
            error::wrong_input(py, &what)
        })?;
        let plan = self.model.plan(Method::Sample).map_err(|error| error::raise(py, &error))?;
        let table = Table::Columns(Columns::new(rows, None, Vec::new()).expect("no columns, and no names for them"));
        output::answer(py, self.opened.running.evaluate(py, &plan, &table, &py.None())?)
    }

    /// Like [`Model::call`], one stage after the other.
    pub(super) fn stages<'py>(&self, method: Method, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.call(method, x, None)?.try_iter()?.into_any())
    }

    /// scikit-learn's default score.
    pub(super) fn scored<'py>(
        &self,
        x: &Bound<'py, PyAny>,
        y: Option<&Bound<'py, PyAny>>,
        sample_weight: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = x.py();
        let scores = py.import(intern!(py, "skiff._score"))?;
        let function = match self.model.typed().estimator().scoring() {
            // It asks of no target what it is made of.
            Some(Scoring::Accuracy) if self.class() == "MultiOutputClassifier" => {
                scores.getattr(intern!(py, "all_right"))?
            }
            Some(Scoring::Accuracy) => scores.getattr(intern!(py, "accuracy"))?,
            Some(Scoring::R2) if self.weighs_outputs() => scores.getattr(intern!(py, "r2_by_variance"))?,
            Some(Scoring::R2) => scores.getattr(intern!(py, "r2"))?,
            Some(Scoring::D2(power)) => {
                let arguments = PyDict::new(py);
                arguments.set_item(intern!(py, "power"), power)?;
                let partial = py.import(intern!(py, "functools"))?.getattr(intern!(py, "partial"))?;
                partial.call((scores.getattr(intern!(py, "d2"))?,), Some(&arguments))?
            }
            None if self.has_inertia() => {
                return scores.getattr(intern!(py, "inertia"))?.call1((self.alone(), x, sample_weight));
            }
            None if self.ends_in_own_score() => {
                return scores.getattr(intern!(py, "of_last"))?.call1((self.alone(), x));
            }
            None if self.is_covariance() => {
                return scores.getattr(intern!(py, "likelihood"))?.call1((self.alone(), x));
            }
            None => return Err(PyAttributeError::new_err("score")),
            Some(Scoring::MeanOfSamples) => {
                let scores = self.call(Method::ScoreSamples, x, None)?.call_method0(intern!(py, "mean"))?;
                return scores.call_method0(intern!(py, "item"));
            }
            Some(Scoring::SumOfSamples) => {
                return self.call(Method::ScoreSamples, x, None)?.call_method0(intern!(py, "sum"));
            }
            Some(Scoring::OfEachSample) => return self.call(Method::ScoreSamples, x, None)?.get_item(0),
        };
        let y = y.ok_or_else(|| PyTypeError::new_err("score() missing 1 required positional argument: 'y'"))?;
        let predicted = self.call(Method::Predict, x, None)?;
        function.call1((y, predicted, sample_weight))
    }

    /// Whether R² is that of all outputs together: until 0.22, but for `MultiOutputRegressor`.
    fn weighs_outputs(&self) -> bool {
        let mut last = Arc::clone(self.model.typed());
        // What hands rows on asks the one that they come to.
        while matches!(last.header().class.as_str(), "Pipeline" | "RFE" | "RFECV" | "RANSACRegressor") {
            match last.estimator().inner().pop() {
                Some((_, inner)) => last = inner,
                None => break,
            }
        }
        last.header().before(0, 23) && last.header().class != "MultiOutputRegressor"
    }

    /// The container that `set_output` selected before the model was saved.
    fn container(&self) -> Option<String> {
        fn of(typed: &skiff_models::Model) -> Option<String> {
            if typed.header().class == "Pipeline" {
                let steps = typed.estimator().inner();
                // A step that wraps nothing returns what it gets, or an array.
                return steps
                    .iter()
                    .rev()
                    .map(|(_, step)| step)
                    .find(|step| !is_nameless(step))
                    .and_then(|step| of(step));
            }
            let header = typed.header();
            header.set_output.clone().filter(|_| header.wraps_output() && !is_nameless(typed))
        }
        // Where nobody names its columns, a function decides itself what it returns.
        fn is_nameless(typed: &skiff_models::Model) -> bool {
            typed.header().class == "FunctionTransformer" && typed.feature_names_out(None).is_err()
        }
        of(self.model.typed())
    }

    fn in_container<'py>(
        &self,
        answer: Answer,
        x: &Bound<'py, PyAny>,
        container: String,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = x.py();
        if matches!(answer.value(), Some(Value::Sparse(_))) {
            let message = format!("{container} output does not support sparse data");
            return Err(error::wrong_input(py, &message));
        }
        let frame = self.model.typed().frame(&frame_of(x)?).map_err(|error| error::raise(py, &error.into()))?;
        let names = match frame {
            Frame::Array => return output::answer(py, answer),
            Frame::Numbered => None,
            Frame::Named(names) => Some(names),
        };
        if let (Some(Value::Columns(columns)), "pandas" | "polars", Some(names)) =
            (answer.value(), container.as_str(), &names)
        {
            return output::in_container(py, columns, names.clone(), x, &container);
        }
        let answer = output::answer(py, answer)?;
        let arguments = PyDict::new(py);
        match container.as_str() {
            "pandas" => {
                arguments.set_item("columns", names)?;
                if x.hasattr(intern!(py, "iloc"))? {
                    arguments.set_item("index", x.getattr(intern!(py, "index"))?)?;
                }
            }
            "polars" => {
                arguments.set_item("schema", names)?;
                arguments.set_item("orient", "row")?;
            }
            other => return Err(error::not_supported(py, &format!("set_output of `{other}`"))),
        }
        py.import(container)?.getattr(intern!(py, "DataFrame"))?.call((answer,), Some(&arguments))
    }
}

/// The container of rows that Python hands over: a DataFrame whose columns have names, or an array.
fn frame_of(x: &Bound<'_, PyAny>) -> PyResult<Frame> {
    let Some(columns) = x.getattr_opt(intern!(x.py(), "columns"))? else { return Ok(Frame::Array) };
    let names = columns.try_iter()?.map(|name| name?.extract::<String>());
    Ok(names.collect::<PyResult<Vec<_>>>().map_or(Frame::Numbered, Frame::Named))
}

fn read_params(params: &Bound<'_, PyDict>) -> PyResult<Vec<(String, skiff_files::Scalar)>> {
    let mut read = Vec::with_capacity(params.len());
    for (name, value) in params {
        let name: String = name.extract()?;
        // `copy` allows overwriting the input, which never happens here.
        if name != "copy" {
            read.push((name, input::scalar(&value)?));
        }
    }
    Ok(read)
}
