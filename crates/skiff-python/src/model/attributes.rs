//! The attributes of a model: fitted attributes, and methods.

use std::sync::Arc;

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::intern;
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
            Err(Hidden::Absent) if let Some(method) = self.written_in_python(py, name)? => return Ok(method),
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
        // Without them, the list is still a list.
        names.extend(self.names_in_python(py).unwrap_or_default());
        names.extend(made.iter().filter(|name| self.attribute(py, name).is_ok()).map(|&name| name.to_owned()));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The method `name`, if `skiff._methods` has it for this class.
    fn written_in_python<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let find = py.import(intern!(py, "skiff._methods"))?.getattr(intern!(py, "find"))?;
        let found = find.call1((self.alone(), self.class(), name))?;
        Ok((!found.is_none()).then_some(found))
    }

    /// The attribute `name`, if `skiff._methods` has it for this class.
    fn computed_in_python<'py>(&self, py: Python<'py>, name: &str) -> Result<Bound<'py, PyAny>, Hidden> {
        let compute = py.import(intern!(py, "skiff._methods"))?.getattr(intern!(py, "attribute"))?;
        let found = compute.call1((self.alone(), self.class(), name))?;
        if found.is(py.NotImplemented()) { Err(Hidden::Absent) } else { Ok(found) }
    }

    fn names_in_python(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        py.import(intern!(py, "skiff._methods"))?.getattr(intern!(py, "names"))?.call1((self.class(),))?.extract()
    }

    /// The names of the columns of the result of `transform`.
    pub(super) fn names_out<'py>(
        &self,
        py: Python<'py>,
        input_features: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let given = input_features.map(given_names).transpose()?;
        let names = self.model.feature_names_out(given.as_deref()).map_err(|error| error::raise(py, &error))?;
        output::object_array(py, names.iter().map(|name| name.into_bound_py_any(py)), &[names.len()])
    }

    /// The same as scikit-learn had them before 1.2.
    pub(super) fn old_names<'py>(
        &self,
        py: Python<'py>,
        input_features: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let given = input_features.map(given_names).transpose()?;
        let names = self.model.old_feature_names(given.as_deref()).map_err(|error| error::raise(py, &error))?;
        match self.class() {
            "OneHotEncoder" => {
                output::object_array(py, names.iter().map(|name| name.into_bound_py_any(py)), &[names.len()])
            }
            _ => names.into_bound_py_any(py),
        }
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
            return self.model.plan(method).is_ok() || self.needs_argument(method);
        }
        match name {
            "get_feature_names_out" => self.names_columns(),
            "get_feature_names" => self.model.old_feature_names(None).is_ok(),
            "get_depth" | "get_n_leaves" | "_compute_partial_dependence_recursion" => {
                self.model.typed().class().starts_with("sklearn.tree.")
            }
            "score" => match self.model.typed().estimator().scoring() {
                Some(Scoring::MeanOfSamples | Scoring::SumOfSamples | Scoring::OfEachSample) => {
                    self.model.plan(Method::ScoreSamples).is_ok()
                }
                Some(_) => self.model.plan(Method::Predict).is_ok(),
                None => self.has_inertia() || self.is_covariance() || self.ends_in_own_score(),
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

    /// Whether a method of neighbors lacks but an argument: within an `Isomap` either the number of neighbors or the radius
    /// is `None`.
    fn needs_argument(&self, method: Method) -> bool {
        let argument = match method {
            Method::Kneighbors | Method::KneighborsGraph => ("n_neighbors", Scalar::Int(1)),
            Method::RadiusNeighbors | Method::RadiusNeighborsGraph => ("radius", Scalar::Float(1.0)),
            _ => return false,
        };
        let params = Params::new([(argument.0.to_owned(), argument.1)]);
        self.model.plan_with(method, &params).is_ok()
    }

    /// Whether the score is the distance of rows to the cluster centers.
    pub(super) fn has_inertia(&self) -> bool {
        has_inertia(self.class())
    }

    /// Whether the score of a pipeline is one of its last step's own.
    pub(super) fn ends_in_own_score(&self) -> bool {
        let mut last = Arc::clone(self.model.typed());
        while last.header().class == "Pipeline" {
            match last.estimator().inner().pop() {
                Some((_, inner)) => last = inner,
                None => return false,
            }
        }
        self.class() == "Pipeline" && (has_inertia(&last.header().class) || is_covariance(&last))
    }

    /// Whether the score is the likelihood of rows by a covariance.
    pub(super) fn is_covariance(&self) -> bool {
        is_covariance(self.model.typed())
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
            "n_features_in_" if !self.counts_features() => Err(Hidden::Absent),
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
            _ => match read(name) {
                Err(Hidden::Absent) if name.ends_with('_') => self.computed_in_python(py, name),
                found => found,
            },
        }
    }

    /// Whether the version that wrote the file has `n_features_in_`, or had not heard of it: then it is made.
    fn counts_features(&self) -> bool {
        let typed = self.model.typed();
        let header = typed.header();
        let version = header.version.and_then(|version| skiff_sklearn::Version::parse(&version.to_string()));
        let is_property = typed.class().rsplit_once('.').is_some_and(|(module, name)| {
            let member = skiff_sklearn::class(module, name).and_then(|class| class.member("n_features_in_"));
            let of_version =
                |versions: &skiff_sklearn::Versions| version.is_none_or(|version| versions.contains(version));
            member.is_some_and(|member| member.kinds.iter().any(|(_, versions)| of_version(versions)))
        });
        header.n_features_in.is_some()
            || is_property
            || header.version.is_none_or(|version| version < skiff_models::fields::Version::new(1, 0))
    }

    /// `tree_` of a single tree.
    pub(super) fn tree<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.attribute(py, "tree_").map_err(|hidden| hidden.raise(py))
    }
}

fn has_inertia(class: &str) -> bool {
    matches!(class, "BisectingKMeans" | "KMeans" | "MiniBatchKMeans")
}

fn is_covariance(typed: &skiff_models::Model) -> bool {
    typed.class().starts_with("sklearn.covariance.")
}

fn given_names(names: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let names = names.try_iter()?.map(|name| name?.extract()).collect::<PyResult<Vec<String>>>();
    names.map_err(|_| PyTypeError::new_err("input_features must be a sequence of str"))
}
