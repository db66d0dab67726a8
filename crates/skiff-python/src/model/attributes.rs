//! The attributes of a model: fitted attributes, and methods.

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyList;
use skiff::Method;
use skiff_files::Scalar;
use skiff_models::Scoring;
use skiff_models::lowering::Params;
use skiff_plan::Answer;

use super::Model;
use super::steps::named;
use crate::attribute::{self, Hidden};
use crate::{error, output};

impl Model {
    /// An attribute, or an error with the reason.
    pub(super) fn shown<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let class = self.class();
        let message = match self.attribute(py, name) {
            Ok(value) => return Ok(value),
            Err(Hidden::Python(error)) => return Err(error),
            Err(Hidden::Opaque(found)) => {
                format!("`{name}` of this '{class}' cannot be converted to Python: it contains {found}")
            }
            Err(Hidden::Absent) => match name.parse::<Method>().map(|method| self.model.plan(method)) {
                Ok(Err(error)) if error.code() != "no-such-method" => error.to_string(),
                Ok(_) => format!("This '{class}' has no attribute '{name}'"),
                Err(_) if name.ends_with('_') && !name.starts_with('_') => {
                    format!("'{class}' object has no attribute '{name}', neither in the file nor computed")
                }
                Err(_) => return Err(self.absent(name)),
            },
        };
        Err(PyAttributeError::new_err(message))
    }

    /// The names in `names` that exist, and those of the attributes.
    pub(super) fn names(&self, py: Python<'_>, mut names: Vec<String>) -> Vec<String> {
        names.retain(|name| self.has(name));
        let typed = self.model.typed();
        names.extend(attribute::names(&self.file.contents().graph, typed.node()));
        let mut made = vec!["n_features_in_", "feature_names_in_", "classes_"];
        made.extend(["named_steps", "named_transformers_", "named_transformers"]);
        made.extend(typed.computed_names());
        names.extend(made.iter().filter(|name| self.attribute(py, name).is_ok()).map(|&name| name.to_owned()));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names of the columns of the result of `transform`.
    pub(super) fn names_out<'py>(
        &self,
        py: Python<'py>,
        input_features: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let given = match input_features {
            Some(names) => {
                let names = names.try_iter()?.map(|name| name?.extract()).collect::<PyResult<Vec<String>>>();
                Some(names.map_err(|_| PyTypeError::new_err("input_features must be a sequence of str"))?)
            }
            None => None,
        };
        let names = self.model.feature_names_out(given.as_deref()).map_err(|error| error::raise(py, &error))?;
        output::object_array(py, names.iter().map(|name| name.into_bound_py_any(py)), &[names.len()])
    }

    /// The result of a method without rows; `None` if the estimator has no such method.
    pub(super) fn without_rows<const N: usize>(&self, name: &str, params: [(String, Scalar); N]) -> Option<Answer> {
        self.model.typed().estimator().without_rows(name, &Params::new(params))
    }

    /// Whether there is a method with this name.
    pub(super) fn has(&self, name: &str) -> bool {
        // It is asked with the size of the images, which no plan without rows has.
        if (self.class(), name) == ("PatchExtractor", "transform") {
            return true;
        }
        if let Ok(method) = name.parse::<Method>() {
            return self.model.plan(method).is_ok();
        }
        match name {
            "get_feature_names_out" => self.names_columns(),
            "get_depth" | "get_n_leaves" | "_compute_partial_dependence_recursion" => {
                attribute::node(&self.file.contents().graph, self.model.typed().node(), "tree_").is_some()
            }
            "score" => match self.model.typed().estimator().scoring() {
                Some(Scoring::MeanOfSamples | Scoring::SumOfSamples) => self.model.plan(Method::ScoreSamples).is_ok(),
                Some(_) => self.model.plan(Method::Predict).is_ok(),
                None => self.has_inertia(),
            },
            "get_support" | "reconstruction_error" => self.without_rows(name, []).is_some(),
            "get_covariance" | "get_precision" if self.without_rows(name, []).is_some() => true,
            "get_covariance" | "get_precision" => {
                matches!(self.class(), "PCA" | "IncrementalPCA")
                    && attribute::node(&self.file.contents().graph, self.model.typed().node(), "noise_variance_")
                        .is_some()
            }
            _ => true,
        }
    }

    /// Whether the score is the distance of rows to the cluster centers.
    pub(super) fn has_inertia(&self) -> bool {
        matches!(self.class(), "BisectingKMeans" | "KMeans" | "MiniBatchKMeans")
    }

    /// Whether `get_feature_names_out` exists.
    fn names_columns(&self) -> bool {
        match self.model.feature_names_out(None) {
            Ok(_) => true,
            Err(error) => error.code() != "no-such-method",
        }
    }

    fn attribute<'py>(&self, py: Python<'py>, name: &str) -> Result<Bound<'py, PyAny>, Hidden> {
        let typed = self.model.typed();
        let read = |name| attribute::read(py, &self.file, &self.opened, typed, name);
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

    /// `tree_` of a single tree.
    pub(super) fn tree<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.attribute(py, "tree_").map_err(|hidden| hidden.raise(py))
    }
}
