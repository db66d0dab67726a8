//! Source code without dependencies: functions of one row, in several languages.
//!
//! A graph becomes a [`Program`] of elementwise loops and calls of a few helper functions, which a [`Language`] writes.

mod c;
mod language;
mod program;
mod python;

use skiff_models::Model;
use skiff_plan::Method;

use crate::model::{ModelGraph, graph};
use crate::{ExportError, ExportOptions, Exported};
use language::Language;
use program::Program;

/// A language that a model is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// C99.
    C,
    /// Python 3.
    Python,
}

/// A model as source code: a function for each method.
pub(crate) fn source(model: &Model, source: Source, options: &ExportOptions) -> Result<Exported, ExportError> {
    let language: &dyn Language = match source {
        Source::C => &c::C,
        Source::Python => &python::Python,
    };
    let mut program = Program::new(model);
    let (mut exported, mut refused) = (Vec::new(), Vec::new());
    let all = model.methods();
    for &method in options.methods.as_ref().unwrap_or(&all) {
        match function(model, method, &mut program) {
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

fn function(model: &Model, method: Method, program: &mut Program) -> Result<(), ExportError> {
    let ModelGraph { graph, .. } = graph(model, Some(&[method]))?;
    program.add(method, &graph).map_err(|reason| ExportError::Signature {
        method,
        estimator: model.header().class.clone(),
        reason,
    })
}
