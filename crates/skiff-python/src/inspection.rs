//! `skiff.inspect`: the content of a file, as dicts and lists for `json.dumps`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skiff::{EstimatorView, Inspection, PlainLoading};

use crate::verification;

/// The keys are those of `skiff/_inspection.py`.
pub fn inspection<'py>(py: Python<'py>, found: &Inspection) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("format", &found.format)?;
    dict.set_item("size", found.size)?;
    dict.set_item("written_by", &found.written_by)?;
    dict.set_item("estimators", all(py, &found.estimators)?)?;
    dict.set_item("mlflow", found.mlflow.as_ref().map(|mlflow| pairs(py, &mlflow.summary())).transpose()?)?;
    let passport = found.passport.as_ref().map(|passport| verification::object(py, passport.entries()));
    dict.set_item("passport", passport.transpose()?)?;
    let history = found.history.iter().map(|conversion| {
        let entry = PyDict::new(py);
        entry.set_item("written_by", &conversion.written_by)?;
        entry.set_item("format", &conversion.format)?;
        entry.set_item("sha256", &conversion.sha256)?;
        entry.set_item("for", &conversion.target)?;
        entry.set_item("converted_by", &conversion.converted_by)?;
        Ok(entry)
    });
    dict.set_item("history", history.collect::<PyResult<Vec<_>>>()?)?;
    dict.set_item("unusual", &found.unusual)?;
    let loading = found.plain_loading.as_ref().map(|loading| plain_loading(py, loading)).transpose()?;
    dict.set_item("plain_loading", loading)?;
    Ok(dict)
}

fn plain_loading<'py>(py: Python<'py>, loading: &PlainLoading) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("version", &loading.version)?;
    dict.set_item("outcome", loading.outcome.name())?;
    dict.set_item("reasons", &loading.reasons)?;
    dict.set_item("refused", loading.refused.as_deref())?;
    Ok(dict)
}

fn all<'py>(py: Python<'py>, views: &[EstimatorView]) -> PyResult<Bound<'py, PyList>> {
    PyList::new(py, views.iter().map(|view| estimator(py, view)).collect::<PyResult<Vec<_>>>()?)
}

/// Views are at most 16 deep.
fn estimator<'py>(py: Python<'py>, view: &EstimatorView) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("address", &view.address)?;
    dict.set_item("label", &view.label)?;
    dict.set_item("class", &view.class)?;
    dict.set_item("parameters", pairs(py, &view.parameters)?)?;
    dict.set_item("changed_parameters", &view.changed_parameters)?;
    dict.set_item("attributes", pairs(py, &view.attributes)?)?;
    dict.set_item("classes", view.classes.as_deref())?;
    dict.set_item("feature_names_in", view.feature_names_in.as_deref())?;
    dict.set_item("n_features_in", view.n_features_in)?;
    dict.set_item("array_bytes", view.array_bytes)?;
    let (methods, refusal) = match &view.methods {
        Ok(methods) => (methods.iter().map(|method| method.name()).collect(), None),
        Err(refusal) => (Vec::new(), Some(refusal)),
    };
    dict.set_item("methods", methods)?;
    dict.set_item("refusal", refusal)?;
    dict.set_item("inner", all(py, &view.inner)?)?;
    let members = PyList::empty(py);
    for (attribute, class, count) in &view.members {
        let member = PyDict::new(py);
        member.set_item("attribute", attribute)?;
        member.set_item("class", class)?;
        member.set_item("count", count)?;
        members.append(member)?;
    }
    dict.set_item("members", members)?;
    Ok(dict)
}

/// Text by name.
pub fn pairs<'py>(py: Python<'py>, pairs: &[(String, String)]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in pairs {
        dict.set_item(name, value)?;
    }
    Ok(dict)
}
