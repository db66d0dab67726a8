//! `skiff.export`: a model for another runtime.

use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use skiff::{ExportTarget, File, Method};

use crate::error;

/// Writes a model to `output`, or returns the bytes without one; and why the other methods are not in it.
pub fn export<'py>(
    py: Python<'py>,
    (file, model): (&File, &skiff::Model),
    output: Option<&Path>,
    target: Option<&str>,
    methods: Option<&[String]>,
) -> PyResult<(Option<Bound<'py, PyBytes>>, Vec<String>)> {
    let target = match target {
        Some(name) => ExportTarget::of_name(name),
        None => output.and_then(ExportTarget::of_path),
    };
    let target = target.ok_or_else(|| {
        let known: Vec<String> =
            ExportTarget::all().map(|target| format!("`{}` (.{})", target.name(), target.extension())).collect();
        error::wrong_input(py, &format!("expected a target or the extension of one: {}", known.join(", ")))
    })?;
    let parse = |name: &String| {
        name.parse::<Method>().map_err(|_| error::wrong_input(py, &format!("`{name}` is not the name of a method")))
    };
    let methods = methods.map(|names| names.iter().map(parse).collect::<PyResult<Vec<_>>>()).transpose()?;
    let raise = |error| error::raise(py, &error);
    match output {
        Some(output) => {
            let exported = py.detach(|| file.export(model, target, methods.as_deref(), output)).map_err(raise)?;
            Ok((None, exported.refused))
        }
        None => {
            let exported = py.detach(|| file.export_bytes(model, target, methods.as_deref())).map_err(raise)?;
            let (bytes, exported) = exported;
            Ok((Some(PyBytes::new(py, &bytes)), exported.refused))
        }
    }
}
