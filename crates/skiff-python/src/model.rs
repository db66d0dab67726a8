//! `skiff.Model`: an estimator that answers.

use std::sync::Arc;

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyAttributeError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySlice, PyString};
use skiff::value::Value;
use skiff::{File, Method, Params};
use skiff_models::Scoring;

use crate::attribute::{self, Hidden};
use crate::input::{Held, Wanted};
use crate::{error, input, output, show};

/// A fitted estimator out of a file. It has the methods that scikit-learn's has, and its fitted attributes; `hasattr`
/// tells which.
///
/// Models are made by `skiff.open`. They never change, and threads may share them: the GIL is released while they work.
#[pyclass(frozen, module = "skiff", name = "Model")]
#[derive(Debug)]
pub struct Model {
    model: Arc<skiff::Model>,
    /// Where attributes are read from.
    file: Arc<File>,
    /// Of a slice of a pipeline: the first of its steps, and the one after its last.
    slice: Option<(usize, usize)>,
}

impl Model {
    pub fn new(model: Arc<skiff::Model>, file: Arc<File>) -> Self {
        Self { model, file, slice: None }
    }

    fn class(&self) -> &str {
        &self.model.header().class
    }

    /// What `method` answers for `x`.
    fn call<'py>(
        &self,
        method: Method,
        x: &Bound<'py, PyAny>,
        params: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = x.py();
        let params = match params {
            Some(params) => read_params(params)?,
            None => Vec::new(),
        };
        let plan = match params.is_empty() {
            true => self.model.plan(method),
            false => self.model.plan_with(method, &Params::new(params)).map(Arc::new),
        };
        let plan = plan.map_err(|error| error::raise(py, &error))?;
        let held = match plan.reads_input() {
            true => Held::new(x, Wanted { class: self.class(), takes: self.model.takes() })?,
            // Code of the user's gets what came as it came, whatever it is.
            false => Held::unread(x)?,
        };
        let (table, origin) = (held.table(), x.clone().unbind());
        let answer = py.detach(|| skiff::evaluate_from(&plan, &table, Some(&origin)));
        let answer = answer.map_err(|error| error::raise(py, &error))?;
        if let Some(Value::Columns(columns)) = answer.value()
            && columns.names.is_some()
            && plan.ends_in_custom()
        {
            return output::frame(py, columns, x);
        }
        let answer = output::answer(py, answer)?;
        match self.container() {
            Some(container) if method == Method::Transform => self.in_container(answer, x, container),
            _ => Ok(answer),
        }
    }

    /// As [`Model::call`], one stage after the other.
    fn stages<'py>(&self, method: Method, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.call(method, x, None)?.try_iter()?.into_any())
    }

    /// As [`Model::call`], with arguments of which `None` means the estimator's own.
    fn neighbors<'py>(
        &self,
        py: Python<'py>,
        method: Method,
        x: Option<&Bound<'py, PyAny>>,
        arguments: &[(&str, Option<Bound<'py, PyAny>>)],
    ) -> PyResult<Bound<'py, PyAny>> {
        let Some(x) = x else {
            return Err(error::not_supported(
                py,
                "the neighbours within a radius of the rows of the fit among themselves: X is needed",
            ));
        };
        let params = PyDict::new(py);
        for (name, value) in arguments {
            if let Some(value) = value {
                params.set_item(name, value)?;
            }
        }
        self.call(method, x, Some(&params))
    }

    /// The container that `set_output` asked for, before the model was saved.
    fn container(&self) -> Option<String> {
        let mut typed = Arc::clone(self.model.typed());
        while typed.header().class == "Pipeline" {
            let (_, last) = typed.estimator().inner().pop()?;
            typed = last;
        }
        typed.header().set_output.clone().filter(|container| container != "default")
    }

    fn in_container<'py>(
        &self,
        answer: Bound<'py, PyAny>,
        x: &Bound<'py, PyAny>,
        container: String,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = x.py();
        let names = self.model.feature_names_out(None).map_err(|error| error::raise(py, &error))?;
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

    /// `steps` of a pipeline, of which a slice has some.
    fn steps<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>, Hidden> {
        let all = attribute::read(py, &self.file, self.model.typed(), "steps")?;
        match self.slice {
            Some((start, end)) => Ok(all.get_item(PySlice::new(py, index(start), index(end), 1))?),
            None => Ok(all),
        }
    }

    /// Of whatever stands under `name` in `steps`; the error of Python's containers where there are no steps.
    fn pipeline_steps<'py>(&self, py: Python<'py>, what: &str) -> PyResult<Bound<'py, PyList>> {
        if self.class() != "Pipeline" {
            return Err(PyTypeError::new_err(format!("'{}' object {what}", self.class())));
        }
        Ok(self.steps(py).map_err(|hidden| hidden.raise(py))?.cast_into()?)
    }

    fn attribute<'py>(&self, py: Python<'py>, name: &str) -> Result<Bound<'py, PyAny>, Hidden> {
        let typed = self.model.typed();
        let read = |name| attribute::read(py, &self.file, typed, name);
        match name {
            "n_features_in_" => Ok(self.model.n_features_in().ok_or(Hidden::Absent)?.into_bound_py_any(py)?),
            "feature_names_in_" => {
                let names = self.model.feature_names_seen().ok_or(Hidden::Absent)?;
                let items = names.iter().map(|name| name.into_bound_py_any(py));
                Ok(output::object_array(py, items, &[names.len()])?)
            }
            "classes_" => match (read(name), &self.model.classes()[..]) {
                (Err(_), [only]) => Ok(output::classes(py, only)?),
                (Err(_), all @ [_, _, ..]) => {
                    let all = all.iter().map(|one| output::classes(py, one)).collect::<PyResult<Vec<_>>>()?;
                    Ok(PyList::new(py, all)?.into_any())
                }
                (found, _) => found,
            },
            "steps" if self.slice.is_some() => self.steps(py),
            "named_steps" => named(&self.steps(py)?),
            "named_transformers_" => named(&read("transformers_")?),
            "named_transformers" => named(&read("transformer_list")?),
            _ if name.starts_with('_') => Err(Hidden::Absent),
            _ => read(name),
        }
    }
}

/// A place in a list, which is no longer than Python's are.
fn index(place: usize) -> isize {
    isize::try_from(place).unwrap_or(isize::MAX)
}

/// `[(name, estimator, …), …]` by name.
fn named<'py>(pairs: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>, Hidden> {
    let dict = PyDict::new(pairs.py());
    for pair in pairs.try_iter()? {
        let pair = pair?;
        dict.set_item(pair.get_item(0)?, pair.get_item(1)?)?;
    }
    crate::value::bunch(pairs.py(), &dict)
}

fn read_params(params: &Bound<'_, PyDict>) -> PyResult<Vec<(String, skiff_files::Scalar)>> {
    let mut read = Vec::with_capacity(params.len());
    for (name, value) in params {
        let name: String = name.extract()?;
        // `copy` says whether the input may be overwritten: it never is.
        if name != "copy" {
            read.push((name, input::scalar(&value)?));
        }
    }
    Ok(read)
}

#[expect(non_snake_case, reason = "scikit-learn's argument is named so")]
#[pymethods]
impl Model {
    /// Labels or values, `(n_samples,)` or `(n_samples, n_outputs)`.
    #[pyo3(signature = (X, **params))]
    fn predict<'py>(&self, X: &Bound<'py, PyAny>, params: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::Predict, X, params)
    }

    /// A probability for each class, `(n_samples, n_classes)`.
    fn predict_proba<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::PredictProba, X, None)
    }

    /// The logarithms of the probabilities, `(n_samples, n_classes)`.
    fn predict_log_proba<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::PredictLogProba, X, None)
    }

    /// The logarithms of the joint probabilities of row and class, `(n_samples, n_classes)`.
    fn predict_joint_log_proba<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::PredictJointLogProba, X, None)
    }

    /// Signed distances, votes or raw scores, `(n_samples,)` or `(n_samples, n_classes)`.
    fn decision_function<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::DecisionFunction, X, None)
    }

    /// The transformed rows, `(n_samples, n_columns)`.
    #[pyo3(signature = (X, **params))]
    fn transform<'py>(
        &self,
        X: &Bound<'py, PyAny>,
        params: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::Transform, X, params)
    }

    /// Back to what was transformed, `(n_samples, n_features)`.
    #[pyo3(signature = (X, **params))]
    fn inverse_transform<'py>(
        &self,
        X: &Bound<'py, PyAny>,
        params: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::InverseTransform, X, params)
    }

    /// A score for each row, `(n_samples,)`.
    fn score_samples<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::ScoreSamples, X, None)
    }

    /// The leaf that each row ends in, for each tree.
    fn apply<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::Apply, X, None)
    }

    /// The nodes that each row passes, as a sparse matrix; of forests, also where each tree's nodes begin.
    fn decision_path<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::DecisionPath, X, None)
    }

    /// Squared Mahalanobis distances, `(n_samples,)`.
    fn mahalanobis<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::Mahalanobis, X, None)
    }

    /// Distances to, and places of, the nearest neighbours: `(n_samples, n_neighbors)` each.
    #[pyo3(signature = (X=None, n_neighbors=None, return_distance=true))]
    fn kneighbors<'py>(
        &self,
        py: Python<'py>,
        X: Option<&Bound<'py, PyAny>>,
        n_neighbors: Option<Bound<'py, PyAny>>,
        return_distance: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        if X.is_none() {
            let (both, _) = self.neighbors_of_fit(py, n_neighbors.as_ref())?;
            return if return_distance { Ok(both) } else { both.get_item(1) };
        }
        let return_distance = Some(return_distance.into_bound_py_any(py)?);
        let arguments = [("n_neighbors", n_neighbors), ("return_distance", return_distance)];
        self.neighbors(py, Method::Kneighbors, X, &arguments)
    }

    /// The graph of the nearest neighbours, as a sparse matrix.
    #[pyo3(
        signature = (X=None, n_neighbors=None, mode="connectivity".to_owned()),
        text_signature = "($self, X=None, n_neighbors=None, mode='connectivity')"
    )]
    fn kneighbors_graph<'py>(
        &self,
        py: Python<'py>,
        X: Option<&Bound<'py, PyAny>>,
        n_neighbors: Option<Bound<'py, PyAny>>,
        mode: String,
    ) -> PyResult<Bound<'py, PyAny>> {
        if X.is_none() {
            let (both, rows) = self.neighbors_of_fit(py, n_neighbors.as_ref())?;
            let graph = py.import(intern!(py, "skiff._neighbors"))?.getattr("graph")?;
            return graph.call1((both.get_item(0)?, both.get_item(1)?, rows, mode));
        }
        let mode = Some(mode.into_bound_py_any(py)?);
        self.neighbors(py, Method::KneighborsGraph, X, &[("n_neighbors", n_neighbors), ("mode", mode)])
    }

    /// Distances to, and places of, all neighbours within a radius.
    #[pyo3(signature = (X=None, radius=None, return_distance=true))]
    fn radius_neighbors<'py>(
        &self,
        py: Python<'py>,
        X: Option<&Bound<'py, PyAny>>,
        radius: Option<Bound<'py, PyAny>>,
        return_distance: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let return_distance = Some(return_distance.into_bound_py_any(py)?);
        self.neighbors(py, Method::RadiusNeighbors, X, &[("radius", radius), ("return_distance", return_distance)])
    }

    /// The graph of the neighbours within a radius, as a sparse matrix.
    #[pyo3(
        signature = (X=None, radius=None, mode="connectivity".to_owned()),
        text_signature = "($self, X=None, radius=None, mode='connectivity')"
    )]
    fn radius_neighbors_graph<'py>(
        &self,
        py: Python<'py>,
        X: Option<&Bound<'py, PyAny>>,
        radius: Option<Bound<'py, PyAny>>,
        mode: String,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mode = Some(mode.into_bound_py_any(py)?);
        self.neighbors(py, Method::RadiusNeighborsGraph, X, &[("radius", radius), ("mode", mode)])
    }

    /// `predict` after each stage of boosting.
    fn staged_predict<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.stages(Method::StagedPredict, X)
    }

    /// `predict_proba` after each stage of boosting.
    fn staged_predict_proba<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.stages(Method::StagedPredictProba, X)
    }

    /// `decision_function` after each stage of boosting.
    fn staged_decision_function<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.stages(Method::StagedDecisionFunction, X)
    }

    /// Of a decision tree: how many splits its longest branch has.
    fn get_depth<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.tree(py)?.getattr(intern!(py, "max_depth"))
    }

    /// Of a decision tree: how many leaves it has.
    fn get_n_leaves<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.tree(py)?.getattr(intern!(py, "n_leaves"))
    }

    /// scikit-learn's default score: the accuracy of a classifier, R² of a regressor, the mean log-likelihood of a
    /// decomposition, which looks at no `y`.
    #[pyo3(signature = (X, y=None, sample_weight=None))]
    fn score<'py>(
        &self,
        X: &Bound<'py, PyAny>,
        y: Option<&Bound<'py, PyAny>>,
        sample_weight: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = X.py();
        let Some(scoring) = self.model.typed().estimator().scoring() else {
            return Err(PyAttributeError::new_err("score"));
        };
        let function = match scoring {
            Scoring::Accuracy => intern!(py, "accuracy"),
            Scoring::R2 => intern!(py, "r2"),
            Scoring::MeanOfSamples => {
                let scores = self.call(Method::ScoreSamples, X, None)?.call_method0(intern!(py, "mean"))?;
                return scores.call_method0(intern!(py, "item"));
            }
        };
        let y = y.ok_or_else(|| PyTypeError::new_err("score() missing 1 required positional argument: 'y'"))?;
        let predicted = self.call(Method::Predict, X, None)?;
        py.import(intern!(py, "skiff._score"))?.getattr(function)?.call1((y, predicted, sample_weight))
    }

    /// The hyperparameters, by name; those of estimators within as `name__parameter` where `deep`.
    #[pyo3(signature = (deep=true))]
    fn get_params<'py>(&self, py: Python<'py>, deep: bool) -> PyResult<Bound<'py, PyDict>> {
        let typed = self.model.typed();
        let all = crate::part::parameters(py, &self.file, Some(typed), typed.node(), deep)?;
        if self.slice.is_some() {
            return Err(error::not_supported(py, "the parameters of a slice of a pipeline"));
        }
        Ok(all)
    }

    /// Of a pipeline: how many steps it has.
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.pipeline_steps(py, "has no len()")?.len())
    }

    /// Even a pipeline without steps would be a model.
    fn __bool__(&self) -> bool {
        true
    }

    /// Of a pipeline: a step by its name or number, or a pipeline of some steps that follow each other.
    fn __getitem__<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let steps = self.pipeline_steps(py, "is not subscriptable")?;
        if let Ok(slice) = key.cast::<PySlice>() {
            let within = slice.indices(index(steps.len()))?;
            if within.step != 1 {
                return Err(PyValueError::new_err("Pipeline slicing only supports a step of 1"));
            }
            let first = self.slice.map_or(0, |(first, _)| first);
            let place = |at: isize| first + usize::try_from(at).unwrap_or(0);
            let (start, end) = (place(within.start), place(within.stop.max(within.start)));
            let Some(part) = self.model.typed().pipeline_part(start..end) else {
                return Err(PyValueError::new_err("a pipeline without steps"));
            };
            let part =
                Self { model: Arc::new(self.file.part(part)), file: Arc::clone(&self.file), slice: Some((start, end)) };
            return Ok(Bound::new(py, part)?.into_any());
        }
        let found = match key.cast::<PyString>() {
            Ok(name) => {
                let named = named(steps.as_any()).map_err(|hidden| hidden.raise(py))?;
                return named.get_item(name);
            }
            Err(_) => steps.as_any().get_item(key)?,
        };
        found.get_item(1)
    }

    /// The names of the columns that `transform` answers.
    #[pyo3(signature = (input_features=None))]
    fn get_feature_names_out<'py>(
        &self,
        py: Python<'py>,
        input_features: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let given = match input_features {
            Some(names) => {
                let names = names.try_iter()?.map(|name| name?.extract()).collect::<PyResult<Vec<String>>>();
                Some(names.map_err(|_| PyTypeError::new_err("input_features must be a sequence of text"))?)
            }
            None => None,
        };
        let names = self.model.feature_names_out(given.as_deref()).map_err(|error| error::raise(py, &error))?;
        output::object_array(py, names.iter().map(|name| name.into_bound_py_any(py)), &[names.len()])
    }

    /// A method that the estimator has not, or that skiff does not answer, is not there: `hasattr` tells the truth.
    fn __getattribute__<'py>(slf: &Bound<'py, Self>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let text = name.to_cow()?;
        let is_there = match text.parse::<Method>() {
            Ok(method) => this.model.plan(method).is_ok(),
            Err(_) => this.has(&text),
        };
        if !is_there {
            return Err(PyAttributeError::new_err(text.into_owned()));
        }
        py.get_type::<PyAny>().call_method1(intern!(py, "__getattribute__"), (slf, name))
    }

    fn __getattr__<'py>(slf: &Bound<'py, Self>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let name = name.to_cow()?;
        let class = this.class();
        let message = match this.attribute(py, &name) {
            Ok(value) => return Ok(value),
            Err(Hidden::Python(error)) => return Err(error),
            Err(Hidden::Opaque(found)) => {
                format!("`{name}` of this '{class}' is not shown: it holds more than can be shown, {found}")
            }
            Err(Hidden::Absent) => match name.parse::<Method>().map(|method| this.model.plan(method)) {
                Ok(Err(error)) if error.code() != "no-such-method" => error.to_string(),
                Ok(_) => format!("This '{class}' has no attribute '{name}'"),
                Err(_) if name.ends_with('_') && !name.starts_with('_') => {
                    format!("'{class}' object has no attribute '{name}', neither in its file nor computed")
                }
                Err(_) => format!("'{class}' object has no attribute '{name}'"),
            },
        };
        Err(PyAttributeError::new_err(message))
    }

    fn __dir__<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<String>> {
        let (py, this) = (slf.py(), slf.get());
        let listed = py.get_type::<PyAny>().call_method1(intern!(py, "__dir__"), (slf,))?;
        let mut names: Vec<String> = listed.extract()?;
        names.retain(|name| match name.parse::<Method>() {
            Ok(method) => this.model.plan(method).is_ok(),
            Err(_) => this.has(name),
        });
        let typed = this.model.typed();
        names.extend(attribute::names(&this.file.contents().graph, typed.node()));
        let mut made = vec!["n_features_in_", "feature_names_in_", "classes_"];
        made.extend(["named_steps", "named_transformers_", "named_transformers"]);
        made.extend(typed.computed_names());
        names.extend(made.iter().filter(|name| this.attribute(py, name).is_ok()).map(|&name| name.to_owned()));
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn __repr__(&self) -> String {
        show::text(&self.file.view(&self.model))
    }

    /// The estimator as a diagram, for notebooks.
    fn _repr_html_(&self) -> String {
        show::html(&self.file.view(&self.model))
    }

    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        // It never changes.
        slf
    }
}

impl Model {
    /// `tree_` of a single tree.
    fn tree<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.attribute(py, "tree_").map_err(|hidden| hidden.raise(py))
    }

    /// The distances to, and the places of, the neighbours of the rows of the fit, each without the row itself.
    fn neighbors_of_fit<'py>(
        &self,
        py: Python<'py>,
        n_neighbors: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, usize)> {
        let read = |name| attribute::read(py, &self.file, self.model.typed(), name).map_err(|hidden| hidden.raise(py));
        let rows = read("_fit_X")?;
        let count: usize = rows.getattr(intern!(py, "shape"))?.get_item(0)?.extract()?;
        let helper = py.import(intern!(py, "skiff._neighbors"))?;
        let wanted = helper.getattr("count")?.call1((read("n_neighbors")?, n_neighbors, count))?;
        let params = PyDict::new(py);
        params.set_item("n_neighbors", wanted)?;
        let both = self.call(Method::Kneighbors, &rows, Some(&params))?;
        Ok((helper.getattr("among_themselves")?.call1((both.get_item(0)?, both.get_item(1)?))?, count))
    }

    /// Whether a method that is no method of a plan is there.
    fn has(&self, name: &str) -> bool {
        match name {
            "get_feature_names_out" => self.names_columns(),
            "get_depth" | "get_n_leaves" => {
                attribute::node(&self.file.contents().graph, self.model.typed().node(), "tree_").is_some()
            }
            "score" => match self.model.typed().estimator().scoring() {
                Some(Scoring::MeanOfSamples) => self.model.plan(Method::ScoreSamples).is_ok(),
                Some(_) => self.model.plan(Method::Predict).is_ok(),
                None => false,
            },
            _ => true,
        }
    }

    /// Whether `get_feature_names_out` is there.
    fn names_columns(&self) -> bool {
        match self.model.feature_names_out(None) {
            Ok(_) => true,
            Err(error) => error.code() != "no-such-method",
        }
    }
}

/// `skiff.open`.
pub fn open<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
    at: Option<&str>,
    limits: Option<&crate::source::Limits>,
    custom: Option<&Bound<'py, PyDict>>,
    identity: Option<&Bound<'py, PyAny>>,
) -> PyResult<Model> {
    let file = Arc::new(crate::source::read(py, source, limits, identity)?);
    let custom = custom.map(|custom| crate::custom::read(custom, &file)).transpose()?.unwrap_or_default();
    let model = py.detach(|| file.model_with(at, &custom)).map_err(|error| error::raise(py, &error))?;
    Ok(Model::new(Arc::new(model), file))
}
