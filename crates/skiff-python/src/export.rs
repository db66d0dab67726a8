//! `skiff.export`: a model for another runtime.

use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use skiff::{ExportOptions, ExportTarget, File, Method, OnnxOptions};

use crate::error;
use crate::model::Model;
use crate::source::{self, Limits};

/// Writes a model to `output`, or returns the bytes without one; and why the other methods are not in it.
pub fn export<'py>(
    py: Python<'py>,
    (file, model): (&File, &skiff::Model),
    output: Option<&Path>,
    target: Option<&str>,
    methods: Option<&[String]>,
    onnx: OnnxOptions,
) -> PyResult<(Option<Bound<'py, PyBytes>>, Vec<String>)> {
    let target = self::target(output, target).ok_or_else(|| {
        let known: Vec<String> =
            ExportTarget::all().map(|target| format!("`{}` (.{})", target.name(), target.extension())).collect();
        error::wrong_input(py, &format!("expected a target or the extension of one: {}", known.join(", ")))
    })?;
    let parse = |name: &String| {
        name.parse::<Method>().map_err(|_| error::wrong_input(py, &format!("`{name}` is not the name of a method")))
    };
    let methods = methods.map(|names| names.iter().map(parse).collect::<PyResult<Vec<_>>>()).transpose()?;
    let options = ExportOptions { methods, onnx, ..ExportOptions::default() };
    let raise = |error| error::raise(py, &error);
    match output {
        Some(output) => {
            let exported = py.detach(|| file.export(model, target, &options, output)).map_err(raise)?;
            Ok((None, exported.refused))
        }
        None => {
            let exported = py.detach(|| file.export_bytes(model, target, &options)).map_err(raise)?;
            let (bytes, exported) = exported;
            Ok((Some(PyBytes::new(py, &bytes)), exported.refused))
        }
    }
}

fn target(output: Option<&Path>, target: Option<&str>) -> Option<ExportTarget> {
    match target {
        Some(name) => ExportTarget::of_name(name),
        None => output.and_then(ExportTarget::of_path),
    }
}

/// What a picture shows, and how it is read.
pub struct Pictured<'a, 'py> {
    /// A model, or a file.
    pub source: &'a Bound<'py, PyAny>,
    pub at: Option<&'a str>,
    pub max_depth: Option<usize>,
    pub limits: Option<&'a Limits>,
    pub identity: Option<&'a Bound<'py, PyAny>>,
}

/// Writes a picture to `output`, or returns the bytes without one; and what it leaves out. `None` for a target that is no
/// picture, before anything is read.
#[expect(clippy::type_complexity, reason = "a tuple for Python")]
pub fn picture<'py>(
    py: Python<'py>,
    pictured: &Pictured<'_, 'py>,
    output: Option<&Path>,
    target: Option<&str>,
) -> PyResult<Option<(Option<Bound<'py, PyBytes>>, Vec<String>)>> {
    let &Pictured { source, at, max_depth, limits, identity } = pictured;
    let Some(target) = self::target(output, target).filter(|target| target.is_picture()) else { return Ok(None) };
    let opened;
    let (file, at) = match source.cast::<Model>() {
        Ok(model) => {
            let (file, model) = model.get().parts();
            (file, Some(model.typed().path()))
        }
        Err(_) => {
            opened = source::read(py, source, limits, identity)?;
            (&opened, at)
        }
    };
    let raise = |error| error::raise(py, &error);
    match output {
        Some(output) => {
            let written = py.detach(|| file.write_picture(at, target, max_depth, output)).map_err(raise)?;
            Ok(Some((None, written.refused)))
        }
        None => {
            let (bytes, drawn) = py.detach(|| file.picture(at, target, max_depth)).map_err(raise)?;
            Ok(Some((Some(PyBytes::new(py, &bytes)), drawn.refused)))
        }
    }
}
