//! Source code without dependencies: functions of one row, in several languages.
//!
//! A graph becomes a [`Program`] of elementwise loops and calls of a few helper functions, which a [`Language`] writes.

mod c;
mod go;
mod java;
mod javascript;
mod language;
mod program;
mod python;
mod rust;

use skiff_models::Model;
use skiff_plan::Method;

use crate::graph::{Constant, Elements};
use crate::model::{ModelGraph, graph};
use crate::{ExportError, ExportOptions, Exported};
use language::Language;
use program::Program;

/// A language that a model is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// C99.
    C,
    /// Go 1.21.
    Go,
    /// Java 11.
    Java,
    /// An ES module.
    JavaScript,
    /// Python 3.
    Python,
    /// Rust without the standard library.
    Rust,
}

/// A model as source code: a function for each method.
pub(crate) fn source(model: &Model, source: Source, options: &ExportOptions) -> Result<Exported, ExportError> {
    let language: &dyn Language = match source {
        Source::C => &c::C,
        Source::Go => &go::Go,
        Source::Java => &java::Java::new(),
        Source::JavaScript => &javascript::JavaScript,
        Source::Python => &python::Python,
        Source::Rust => &rust::Rust,
    };
    let mut program = Program::new(model);
    let (mut exported, mut refused) = (Vec::new(), Vec::new());
    let all = model.methods();
    for &method in options.methods.as_ref().unwrap_or(&all) {
        match function(model, language, method, &mut program) {
            Ok(()) => exported.push(method),
            Err(error) if options.methods.is_some() => return Err(error),
            Err(error) => refused.push(error),
        }
    }
    if exported.is_empty() {
        return Err(match refused.into_iter().next() {
            Some(error) => error,
            None => ExportError::Nothing { estimator: model.header().class.clone() },
        });
    }
    let bytes = language::written(language, &program, &options.metadata).into_bytes();
    Ok(Exported { bytes, methods: exported, refused })
}

fn function(model: &Model, language: &dyn Language, method: Method, program: &mut Program) -> Result<(), ExportError> {
    let ModelGraph { graph, .. } = graph(model, Some(&[method]))?;
    let added = program.add(method, &graph, |function, constants, encoders| {
        let texts = |places: &[(String, i64)]| places.iter().map(|(text, _)| text.clone()).collect();
        let encoders =
            encoders.iter().map(|places| Constant { shape: Vec::new(), elements: Elements::Str(texts(places)) });
        let refused = constants.iter().find_map(|constant| language.refuses(constant));
        let refused = refused.or_else(|| encoders.into_iter().find_map(|constant| language.refuses(&constant)));
        if let Some(reason) = refused.or_else(|| language.refuses_function(function)) {
            return Err(reason.to_owned());
        }
        match language.most_steps() {
            Some((most, why)) if function.steps.len() > most => {
                Err(format!("it takes {} steps, more than {most}: {why}", function.steps.len()))
            }
            _ => Ok(()),
        }
    });
    let estimator = || model.header().class.clone();
    added.map_err(|reason| ExportError::Signature { method, estimator: estimator(), reason })
}
