//! Fitted scikit-learn estimators for other runtimes.
//!
//! A plan's operators expand into a closed set of tensor primitives, which each target translates. What cannot be
//! expressed is refused with the estimator, the operator and the reason.
#![forbid(unsafe_code)]

mod error;
mod expand;
mod graph;
#[cfg(test)]
mod interpreter;
mod model;
mod onnx;
mod output;
pub mod picture;
mod pmml;
mod source;
mod target;
#[cfg(test)]
mod tests;

use std::io::Write;

use skiff_models::Model;
use skiff_plan::Method;
use source::Source;

pub use error::ExportError;
pub use target::Target;

/// What is exported.
#[derive(Clone, Debug, Default)]
pub struct ExportOptions {
    /// The methods; all that can be exported where none are named.
    pub methods: Option<Vec<Method>>,
    /// What is written next to the model: pairs of a key and a value.
    pub metadata: Vec<(String, String)>,
    /// For ONNX alone.
    pub onnx: OnnxOptions,
}

/// What an ONNX file is written with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnnxOptions {
    /// Whether all numbers, those of inputs and outputs too, are float32 instead of float64.
    pub float32: bool,
    /// The version of the operators, between 13 and 21; 21 by default, the first whose trees compute in float64.
    pub opset: Option<i64>,
}

/// What was exported.
#[derive(Debug)]
#[non_exhaustive]
pub struct Exported {
    /// The methods in it.
    pub methods: Vec<Method>,
    /// Why the other methods are not in it.
    pub refused: Vec<ExportError>,
    /// What is less precise in the file than in the model, in a sentence each.
    pub lost: Vec<String>,
}

/// Writes a model for another runtime, in pieces: the file is never in memory as a whole.
///
/// # Errors
/// When a method that was named cannot be exported, or none can; errors of `out`. The file is not whole then.
pub fn export(
    model: &Model,
    target: Target,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<Exported, ExportError> {
    if options.onnx != OnnxOptions::default() && target != Target::Onnx {
        return Err(ExportError::Form(format!("float32 and opsets are for ONNX, not for `{}`", target.name())));
    }
    match target {
        Target::Onnx => onnx::onnx(model, options, out),
        Target::C => source::source(model, Source::C, options, out),
        Target::Python => source::source(model, Source::Python, options, out),
        Target::JavaScript => source::source(model, Source::JavaScript, options, out),
        Target::Go => source::source(model, Source::Go, options, out),
        Target::Java => source::source(model, Source::Java, options, out),
        Target::Rust => source::source(model, Source::Rust, options, out),
        Target::Sql => source::query(model, options, out),
        Target::Pmml => pmml::pmml(model, options, out),
        Target::Dot | Target::Svg | Target::Text => {
            Err(ExportError::Picture(format!("`{}` is a picture, which has no methods", target.name())))
        }
    }
}
