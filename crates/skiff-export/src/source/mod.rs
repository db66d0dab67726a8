//! Source code without dependencies: functions of one row, in several languages.
//!
//! A graph becomes a [`Program`] of elementwise loops and calls of a few helper functions, which a [`Language`] writes.

mod c;
mod language;
mod program;
mod python;

use skiff_models::Model;
use skiff_plan::Method;

use crate::graph::{Elements, Graph, Primitive};
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
        match function(model, source, method, &mut program) {
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

fn function(model: &Model, source: Source, method: Method, program: &mut Program) -> Result<(), ExportError> {
    let ModelGraph { graph, .. } = graph(model, Some(&[method]))?;
    let added = match source {
        Source::C if has_zeros(&graph) => {
            Err("the strings of C end with a zero, and one of its texts has one".to_owned())
        }
        Source::C | Source::Python => program.add(method, &graph),
    };
    let estimator = || model.header().class.clone();
    added.map_err(|reason| ExportError::Signature { method, estimator: estimator(), reason })
}

/// Whether a text of a graph has a character of number zero.
fn has_zeros(graph: &Graph) -> bool {
    graph.nodes.iter().any(|node| match &node.primitive {
        Primitive::Constant(constant) => match &constant.elements {
            Elements::Str(texts) => texts.iter().any(|text| text.contains('\0')),
            _ => false,
        },
        Primitive::LabelEncoder(places) => places.iter().any(|(text, _)| text.contains('\0')),
        _ => false,
    })
}
