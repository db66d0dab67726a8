//! `skiff.StoredObject`: an object in a model file that is not a fitted estimator.

use std::sync::Arc;

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use skiff::File;
use skiff_files::{Instance, NodeId};

use crate::attribute::{self, Hidden};
use crate::model::Opened;
use crate::show;
use crate::value::Reader;

/// An object in a model file that is not a fitted estimator: an unfitted one, a splitter, a user function.
///
/// It has its class and its attributes in the file, and is never executed.
#[pyclass(frozen, module = "skiff", name = "StoredObject")]
#[derive(Debug)]
pub struct StoredObject {
    file: Arc<File>,
    opened: Arc<Opened>,
    node: NodeId,
}

impl StoredObject {
    pub fn new(file: Arc<File>, opened: Arc<Opened>, node: NodeId) -> Self {
        Self { file, opened, node }
    }
}

#[pymethods]
impl StoredObject {
    /// The full name of its class, or of the function: `sklearn.model_selection._split.KFold`.
    fn class_path(&self) -> String {
        let graph = &self.file.contents().graph;
        skiff_files::class_path(graph, self.node).unwrap_or_else(|| skiff_files::describe(graph, self.node))
    }

    /// The hyperparameters, by name.
    #[pyo3(signature = (deep=true))]
    fn get_params<'py>(&self, py: Python<'py>, deep: bool) -> PyResult<Bound<'py, PyDict>> {
        parameters(py, &self.file, &self.opened, None, self.node, deep)
    }

    fn __getattr__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let graph = &self.file.contents().graph;
        let node =
            attribute::node(graph, self.node, name).or_else(|| attribute::part_of_points(graph, self.node, name));
        let value = match node.filter(|_| !name.starts_with("__")) {
            Some(node) => Reader::new(&self.file, &self.opened, None).value(py, node),
            None => Err(Hidden::Absent),
        };
        value.map_err(|hidden| match hidden {
            Hidden::Python(error) => error,
            Hidden::Opaque(found) => {
                PyAttributeError::new_err(format!("`{name}` cannot be converted to Python: {found}"))
            }
            Hidden::Absent => {
                PyAttributeError::new_err(format!("this {} has no attribute '{name}' in the file", self.class_path()))
            }
        })
    }

    fn __dir__(slf: &Bound<'_, Self>) -> PyResult<Vec<String>> {
        let mut names: Vec<String> = slf.py().get_type::<PyAny>().call_method1("__dir__", (slf,))?.extract()?;
        let this = slf.get();
        let graph = &this.file.contents().graph;
        names.extend(attribute::names(graph, this.node));
        let parts = attribute::PARTS_OF_POINTS.into_iter().map(|(name, _)| name);
        let parts = parts.filter(|name| attribute::part_of_points(graph, this.node, name).is_some());
        names.extend(parts.map(str::to_owned));
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn __repr__(&self) -> String {
        let graph = &self.file.contents().graph;
        match Instance::read(graph, self.node) {
            Some(_) => show::one_line(&self.file.view_at(self.node)),
            None => format!("<skiff.StoredObject: {}>", skiff_files::describe(graph, self.node)),
        }
    }
}

/// The hyperparameters of the object at `node`; with `deep`, those of nested estimators as `name__parameter`.
pub fn parameters<'py>(
    py: Python<'py>,
    file: &Arc<File>,
    opened: &Arc<Opened>,
    typed: Option<&skiff_models::Model>,
    node: NodeId,
    deep: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let graph = &file.contents().graph;
    let all = PyDict::new(py);
    // What is frozen has no parameters that could be set.
    let deep = deep
        && Instance::read(graph, node).is_none_or(|instance| !instance.is("sklearn.frozen._frozen.FrozenEstimator"));
    let mut reader = Reader::new(file, opened, typed);
    let mut read = |node| reader.value(py, node).map_err(|hidden| hidden.raise(py));
    for (name, node) in attribute::parameters(graph, node) {
        let value = read(node)?;
        if deep {
            // A list of names and estimators: `steps`, `transformers`, …
            let mut named: Vec<(String, NodeId, Bound<'py, PyAny>)> = Vec::new();
            if matches!(name, "steps" | "transformer_list" | "transformers" | "estimators") {
                for &item in graph.items(node).unwrap_or_default() {
                    if let Some(&[name, estimator, ..]) = graph.items(item)
                        && let Some(name) = graph.str_of(name)
                    {
                        named.push((name.to_owned(), estimator, read(estimator)?));
                    }
                }
            } else {
                named.push((name.to_owned(), node, value.clone()));
            }
            for (name, node, estimator) in named {
                let has_parameters = Instance::read(graph, node).is_some_and(|instance| {
                    skiff::addresses::is_estimator(&instance) || instance.module == "sklearn.gaussian_process.kernels"
                });
                if has_parameters {
                    for (inner, value) in parameters(py, file, opened, typed, node, true)? {
                        all.set_item(format!("{name}__{}", inner.extract::<String>()?), value)?;
                    }
                }
                all.set_item(name, estimator)?;
            }
        }
        all.set_item(name, value)?;
    }
    Ok(all)
}
