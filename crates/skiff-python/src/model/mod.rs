//! `skiff.Model`: a fitted estimator. This file has its Python interface; the modules below implement it.

mod attributes;
mod call;
mod estimator;
mod neighbors;
mod opened;
mod sparse;
mod steps;

use std::sync::{Arc, OnceLock};

use numpy::PyArray1;
use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use skiff::{File, Method};

use crate::running::Running;
use crate::{error, show};

pub use opened::Opened;

/// A fitted estimator read from a file by `skiff.open`.
///
/// It has the methods and the fitted attributes of scikit-learn's estimator; `hasattr` reports which exist. Models are
/// immutable, and can be shared by threads: the GIL is released while they work.
///
/// Notes
/// -----
/// `X` of every method is an array of shape `(n_samples, n_features)` and dtype `float32`, `float64`, integer, `bool` or
/// `object`, a `scipy.sparse` matrix, or a data frame of pandas, polars or pyarrow.
#[pyclass(frozen, weakref, module = "skiff", name = "Model")]
#[derive(Debug)]
pub struct Model {
    model: Arc<skiff::Model>,
    /// The source of attributes.
    file: Arc<File>,
    /// The arguments of `skiff.open`.
    opened: Arc<Opened>,
    /// The range of steps of a slice of a pipeline.
    slice: Option<(usize, usize)>,
    /// The content of its pickles.
    content: OnceLock<Py<PyArray1<u8>>>,
}

impl Model {
    pub fn new(model: Arc<skiff::Model>, file: Arc<File>, opened: Arc<Opened>) -> Self {
        Self { model, file, opened, slice: None, content: OnceLock::new() }
    }

    /// The file that the model was read from, and the model.
    pub fn parts(&self) -> (&File, &skiff::Model) {
        (&self.file, &self.model)
    }

    /// How its calls run.
    pub fn running(&self) -> &Running {
        &self.opened.running
    }

    fn class(&self) -> &str {
        &self.model.header().class
    }
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
        if self.class() == "PatchExtractor" && params.is_none() {
            let patches = X.py().import(intern!(X.py(), "skiff._images"))?.getattr(intern!(X.py(), "patches"))?;
            return patches.call1((self.alone(), X));
        }
        self.call(Method::Transform, X, params)
    }

    /// The inverse transformation, `(n_samples, n_features)`.
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

    /// The leaf that each row reaches, for each tree.
    fn apply<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::Apply, X, None)
    }

    /// The nodes that each row passes, as a sparse matrix; for forests, also the start of each tree's nodes.
    fn decision_path<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::DecisionPath, X, None)
    }

    /// Squared Mahalanobis distances, `(n_samples,)`.
    fn mahalanobis<'py>(&self, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::Mahalanobis, X, None)
    }

    /// Points drawn from the mixture, `(n_samples, n_features)`, and the numbers of their components.
    #[pyo3(signature = (n_samples=1))]
    fn sample<'py>(&self, py: Python<'py>, n_samples: i64) -> PyResult<Bound<'py, PyAny>> {
        self.drawn(py, n_samples)
    }

    /// Visible units after a step of Gibbs sampling, `(n_samples, n_features)`.
    fn gibbs<'py>(&self, v: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.call(Method::Gibbs, v, None)
    }

    /// The distances and indices of the nearest neighbors: `(n_samples, n_neighbors)` each.
    #[pyo3(signature = (X=None, n_neighbors=None, return_distance=true))]
    fn kneighbors<'py>(
        &self,
        py: Python<'py>,
        X: Option<&Bound<'py, PyAny>>,
        n_neighbors: Option<Bound<'py, PyAny>>,
        return_distance: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.nearest(py, X, n_neighbors, return_distance)
    }

    /// The graph of the nearest neighbors, as a sparse matrix.
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
        self.nearest_graph(py, X, n_neighbors, mode)
    }

    /// The distances and indices of all neighbors within a radius.
    #[pyo3(signature = (X=None, radius=None, return_distance=true, sort_results=false))]
    fn radius_neighbors<'py>(
        &self,
        py: Python<'py>,
        X: Option<&Bound<'py, PyAny>>,
        radius: Option<Bound<'py, PyAny>>,
        return_distance: bool,
        sort_results: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.within_radius(py, X, radius, return_distance, sort_results)
    }

    /// The graph of the neighbors within a radius, as a sparse matrix.
    #[pyo3(
        signature = (X=None, radius=None, mode="connectivity".to_owned(), sort_results=false),
        text_signature = "($self, X=None, radius=None, mode='connectivity', sort_results=False)"
    )]
    fn radius_neighbors_graph<'py>(
        &self,
        py: Python<'py>,
        X: Option<&Bound<'py, PyAny>>,
        radius: Option<Bound<'py, PyAny>>,
        mode: String,
        sort_results: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.graph_within_radius(py, X, radius, mode, sort_results)
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

    /// Of an `Isomap`: how far the kernel of the fit is from that of its embedding.
    fn reconstruction_error<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.without_rows("reconstruction_error", []) {
            Some(answer) => crate::output::answer(py, answer)?.get_item(PyTuple::empty(py)),
            None => Err(PyAttributeError::new_err("reconstruction_error")),
        }
    }

    /// The depth of a decision tree.
    fn get_depth<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.tree(py)?.getattr(intern!(py, "max_depth"))
    }

    /// The number of leaves of a decision tree.
    fn get_n_leaves<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.tree(py)?.getattr(intern!(py, "n_leaves"))
    }

    /// The columns that a feature selector selects, as bools or, with `indices`, as integers.
    #[pyo3(signature = (indices=false))]
    fn get_support<'py>(&self, py: Python<'py>, indices: bool) -> PyResult<Bound<'py, PyAny>> {
        let indices = ("indices".to_owned(), skiff_files::Scalar::Bool(indices));
        match self.without_rows("get_support", [indices]) {
            Some(answer) => crate::output::answer(py, answer),
            None => Err(self.absent("get_support")),
        }
    }

    /// The covariance of the data in a principal component or factor analysis, `(n_features, n_features)`.
    fn get_covariance<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(answer) = self.without_rows("get_covariance", []) {
            return crate::output::answer(py, answer);
        }
        py.import(intern!(py, "skiff._decomposition"))?.getattr(intern!(py, "covariance"))?.call1((self.alone(),))
    }

    /// The inverse of the covariance.
    fn get_precision<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(answer) = self.without_rows("get_precision", []) {
            return crate::output::answer(py, answer);
        }
        py.import(intern!(py, "skiff._decomposition"))?.getattr(intern!(py, "precision"))?.call1((self.alone(),))
    }

    /// scikit-learn's default score: the accuracy of a classifier, R² of a regressor (D² of a generalized linear model), the
    /// mean log-likelihood of a decomposition and the inertia of k-means, which ignore `y`.
    #[pyo3(signature = (X, y=None, sample_weight=None))]
    fn score<'py>(
        &self,
        X: &Bound<'py, PyAny>,
        y: Option<&Bound<'py, PyAny>>,
        sample_weight: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.scored(X, y, sample_weight)
    }

    /// The hyperparameters, by name; with `deep`, those of nested estimators as `name__parameter`.
    #[pyo3(signature = (deep=true))]
    fn get_params<'py>(&self, py: Python<'py>, deep: bool) -> PyResult<Bound<'py, PyDict>> {
        let typed = self.model.typed();
        let all = crate::stored::parameters(py, &self.file, &self.opened, Some(typed), typed.node(), deep)?;
        if self.slice.is_some() {
            return Err(error::not_supported(py, "the parameters of a slice of a pipeline"));
        }
        Ok(all)
    }

    /// Raises, since the model is fitted. It exists because scikit-learn's functions check for it.
    #[pyo3(signature = (X, y=None, **params))]
    fn fit<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        y: Option<&Bound<'py, PyAny>>,
        params: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = (X, y, params);
        Err(Self::cannot_fit(py))
    }

    /// `classifier`, `regressor`, `clusterer`, `outlier_detector`, `density_estimator`, or `None`: what scikit-learn
    /// before 1.6 uses it.
    #[getter]
    fn _estimator_type(&self) -> Option<&'static str> {
        estimator::estimator_type(self.model.typed())
    }

    /// The tags that scikit-learn uses from 1.6 on.
    fn __sklearn_tags__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.tags(py)
    }

    fn __sklearn_is_fitted__(&self) -> bool {
        true
    }

    /// For decision trees in `sklearn.inspection.partial_dependence`.
    fn _compute_partial_dependence_recursion<'py>(
        &self,
        py: Python<'py>,
        grid: &Bound<'py, PyAny>,
        target_features: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let function = py.import(intern!(py, "skiff._estimator"))?.getattr(intern!(py, "partial_dependence"))?;
        function.call1((self.tree(py)?, grid, target_features))
    }

    /// Always raises: models are immutable.
    fn __sklearn_clone__<'py>(slf: Bound<'py, Self>) -> Bound<'py, Self> {
        slf
    }

    fn __setattr__(&self, name: &str, _value: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyAttributeError::new_err(format!(
            "cannot set '{name}': a skiff.Model does not change; `sklearn.frozen.FrozenEstimator(model)` is for where \
             scikit-learn would fit it"
        )))
    }

    #[getter(__class__)]
    fn shown_class_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyType>> {
        Self::shown_class(slf)
    }

    /// The pickle contains the model, so that it can be opened anywhere.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.reduced(py)
    }

    /// The number of steps of a pipeline, or of members of an ensemble.
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        if let Some(members) = self.members(py)? {
            return members.len();
        }
        Ok(self.pipeline_steps(py, "has no len()")?.len())
    }

    /// Always true, also for an empty pipeline.
    fn __bool__(&self) -> bool {
        true
    }

    /// For a pipeline, a step by name or index, or a slice as a pipeline. For an ensemble,
    /// a member by index. For a `ColumnTransformer` or `FeatureUnion`, a transformer by name.
    fn __getitem__<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.step(py, key)
    }

    /// The names of the columns of the result of `transform`.
    #[pyo3(signature = (input_features=None))]
    fn get_feature_names_out<'py>(
        &self,
        py: Python<'py>,
        input_features: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.names_out(py, input_features)
    }

    /// The names of the columns of the result of `transform`, as scikit-learn had them before 1.2.
    #[pyo3(signature = (input_features=None))]
    fn get_feature_names<'py>(
        &self,
        py: Python<'py>,
        input_features: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.old_names(py, input_features)
    }

    /// A method that the estimator does not have, or that skiff does not support, is missing: `hasattr` is exact.
    fn __getattribute__<'py>(slf: &Bound<'py, Self>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        let text = name.to_cow()?;
        if !slf.get().has(&text) {
            return Err(PyAttributeError::new_err(text.into_owned()));
        }
        slf.py().get_type::<PyAny>().call_method1(intern!(slf.py(), "__getattribute__"), (slf, name))
    }

    fn __getattr__<'py>(slf: &Bound<'py, Self>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        slf.get().shown(slf.py(), &name.to_cow()?)
    }

    fn __dir__<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<String>> {
        // Of the real class: `__class__` may be overridden.
        Ok(slf.get().names(slf.py(), slf.get_type().dir()?.extract()?))
    }

    fn __repr__(&self) -> String {
        show::text(&self.file.view(&self.model))
    }

    /// The estimator as a diagram, for notebooks.
    fn _repr_html_(&self) -> String {
        show::html(&self.file, &self.file.view(&self.model))
    }

    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        // It is immutable.
        slf
    }
}

/// The arguments of `skiff.open`.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a, 'py> {
    pub at: Option<&'a str>,
    pub limits: Option<&'a crate::source::Limits>,
    pub custom: Option<&'a Bound<'py, PyDict>>,
    pub identity: Option<&'a Bound<'py, PyAny>>,
    pub n_jobs: Option<isize>,
    pub progress: Option<&'a Bound<'py, PyAny>>,
}

/// `skiff.open`.
pub fn open<'py>(py: Python<'py>, source: &Bound<'py, PyAny>, opening: Opening<'_, 'py>) -> PyResult<Model> {
    let Opening { at, limits, custom, identity, n_jobs, progress } = opening;
    let opened = Arc::new(Opened {
        custom: custom.map(|custom| custom.clone().unbind()),
        limits: limits.map_or_else(skiff::Limits::default, |limits| limits.inner.clone()),
        running: Running::new(n_jobs, progress)?,
        n_jobs,
        is_secret: identity.is_some(),
    });
    let start = crate::source::position(source);
    let file = Arc::new(crate::source::read_running(py, source, limits, identity, &opened.running)?);
    crate::source::leave(source, start, &file)?;
    let custom = custom.map(|custom| crate::custom::read(custom, &file, &opened)).transpose()?.unwrap_or_default();
    let model = opened.running.read(py, &file.interrupt(), || file.model_with(at, &custom))?;
    Ok(Model::new(Arc::new(model.map_err(|error| error::raise(py, &error))?), file, opened))
}
