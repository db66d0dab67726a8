//! The properties of an estimator that scikit-learn's functions use: its type, its tags, whether it is fitted.

use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;
use skiff::Takes;
use skiff_models::{Model as Typed, Scoring};

use super::Model;
use crate::error;

/// Those of scikit-learn's outlier detectors.
const DETECTORS: [&str; 5] =
    ["EllipticEnvelope", "IsolationForest", "LocalOutlierFactor", "OneClassSVM", "SGDOneClassSVM"];
/// Estimators that delegate to a nested one, and its attribute.
const WRAPPERS: [(&str, &str); 4] = [
    ("GridSearchCV", "best_estimator_"),
    ("HalvingGridSearchCV", "best_estimator_"),
    ("HalvingRandomSearchCV", "best_estimator_"),
    ("RandomizedSearchCV", "best_estimator_"),
];

/// `_estimator_type`: `classifier`, `regressor`, `clusterer`, `outlier_detector`, `density_estimator`, or `None`.
pub(super) fn estimator_type(typed: &Typed) -> Option<&'static str> {
    let class = typed.header().class.as_str();
    if class == "Pipeline" {
        let (_, last) = typed.estimator().inner().pop()?;
        return estimator_type(&last);
    }
    if WRAPPERS.iter().any(|(wrapper, _)| *wrapper == class) {
        let (_, best) = typed.estimator().inner().into_iter().next()?;
        return estimator_type(&best);
    }
    if DETECTORS.contains(&class) {
        return Some("outlier_detector");
    }
    match class {
        "KernelDensity" | "GaussianMixture" | "BayesianGaussianMixture" => return Some("density_estimator"),
        // Its classes are those of labels, not of rows.
        "LabelEncoder" | "LabelBinarizer" | "MultiLabelBinarizer" | "ClassifierChain" => return None,
        _ => {}
    }
    if typed.class().starts_with("sklearn.cluster.") {
        return Some("clusterer");
    }
    match typed.estimator().scoring() {
        Some(Scoring::Accuracy) => Some("classifier"),
        Some(Scoring::R2 | Scoring::D2(_)) => Some("regressor"),
        Some(Scoring::MeanOfSamples | Scoring::SumOfSamples | Scoring::OfEachSample) => None,
        None if class.ends_with("Regressor") => Some("regressor"),
        None if class.ends_with("Classifier") => Some("classifier"),
        None => None,
    }
}

impl Model {
    /// `sklearn.utils.Tags` of the installed scikit-learn.
    pub(super) fn tags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let kind = estimator_type(self.model.typed());
        let takes = match self.model.takes() {
            Takes::Table => "table",
            Takes::Texts => "texts",
            Takes::Dicts => "dicts",
        };
        let transforms = self.has("transform");
        py.import(intern!(py, "skiff._estimator"))?.getattr(intern!(py, "tags"))?.call1((kind, takes, transforms))
    }

    /// scikit-learn's class of a decision tree, if scikit-learn is imported: its functions that draw trees accept
    /// no others.
    pub(super) fn shown_class<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyType>> {
        let (py, class) = (slf.py(), slf.get().class());
        if matches!(
            class,
            "DecisionTreeClassifier" | "DecisionTreeRegressor" | "ExtraTreeClassifier" | "ExtraTreeRegressor"
        ) && let Ok(modules) = py.import(intern!(py, "sys"))?.getattr(intern!(py, "modules"))
            && let Ok(tree) = modules.get_item("sklearn.tree")
            && let Ok(found) = tree.getattr(class)?.cast_into::<PyType>()
        {
            return Ok(found);
        }
        Ok(slf.get_type())
    }

    /// The exception of `fit`, which exists because scikit-learn's functions check for it.
    pub(super) fn cannot_fit(py: Python<'_>) -> PyErr {
        error::not_supported(
            py,
            "a skiff.Model is fitted, and cannot be fitted anew: `skiff.load` returns the scikit-learn estimator, and \
             `sklearn.frozen.FrozenEstimator(model)` is for where scikit-learn would fit it",
        )
    }

    /// Methods that change or fit an estimator are missing; the exception gives the reason.
    pub(super) fn absent(&self, name: &str) -> PyErr {
        let class = self.class();
        let why = match name {
            _ if name.starts_with("partial_fit") || name.starts_with("fit_") => {
                "it is fitted and immutable: `skiff.load` returns the scikit-learn estimator"
            }
            _ if name.starts_with("set_") => "it is immutable: `skiff.load` returns the scikit-learn estimator",
            "sparsify" | "densify" | "restrict" => "it is immutable",
            "build_analyzer" | "build_preprocessor" | "build_tokenizer" | "decode" => {
                "skiff analyzes text itself, and has no function to return"
            }
            "get_metadata_routing" => "it is for fitting",
            "path" | "cost_complexity_pruning_path" => "it fits",
            _ => return PyAttributeError::new_err(format!("'{class}' object has no attribute '{name}'")),
        };
        PyAttributeError::new_err(format!("this skiff.Model of a '{class}' has no '{name}': {why}"))
    }
}
