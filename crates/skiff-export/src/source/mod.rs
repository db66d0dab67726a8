//! Source code without dependencies: functions of one row, in several languages.
//!
//! A graph becomes a [`Program`] of elementwise loops and calls of a few helper functions, which a [`Language`] writes.

mod c;
mod go;
mod java;
mod javascript;
mod language;
mod nodes;
mod program;
mod python;
mod rust;
mod sql;

use std::io::Write;

use skiff_models::Model;
use skiff_plan::Method;

use crate::graph::{Constant, Elements};
use crate::model::{ModelGraph, graph};
use crate::{ExportError, ExportOptions, Exported};
use language::Language;
use program::{Function, Program};
use sql::Query;

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
pub(crate) fn source(
    model: &Model,
    source: Source,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<Exported, ExportError> {
    let language: &dyn Language = match source {
        Source::C => &c::C,
        Source::Go => &go::Go,
        Source::Java => &java::Java::new(),
        Source::JavaScript => &javascript::JavaScript,
        Source::Python => &python::Python,
        Source::Rust => &rust::Rust,
    };
    let methods = options.methods.clone().unwrap_or_else(|| model.methods());
    let programmed = Programmed::of(model, &methods, options, &|program, function| check(language, program, function))?;
    language::write(language, &programmed.program, &options.metadata, out)?;
    Ok(Exported { methods: programmed.methods, refused: programmed.refused, lost: Vec::new() })
}

/// A model as a query of SQL, whose columns are the results of its methods. The way back takes another table than the other
/// methods, so that it is exported alone.
pub(crate) fn query(model: &Model, options: &ExportOptions, out: &mut dyn Write) -> Result<Exported, ExportError> {
    let mut methods = options.methods.clone().unwrap_or_else(|| model.methods());
    if options.methods.is_none() {
        methods.retain(|&method| method != Method::InverseTransform);
    }
    let alone =
        |program: &Program, function: &Function| Query::of(program, std::slice::from_ref(function))?.steps().map(drop);
    let Programmed { program, methods, refused } = Programmed::of(model, &methods, options, &alone)?;
    let notes = language::notes(&program, &options.metadata);
    let written = Query::of(&program, &program.functions).and_then(|query| Ok((query.steps()?, query)));
    let (steps, query) = written.map_err(|reason| ExportError::Signature {
        method: methods.last().copied().unwrap_or(Method::Predict),
        estimator: model.header().class.clone(),
        reason: format!("together with the other methods, {reason}"),
    })?;
    query.write(&program, &steps, &notes, out)?;
    Ok(Exported { methods, refused, lost: Vec::new() })
}

/// The program of the methods that can be written, and why the others are not in it.
struct Programmed {
    program: Program,
    methods: Vec<Method>,
    refused: Vec<ExportError>,
}

impl Programmed {
    fn of(
        model: &Model,
        all: &[Method],
        options: &ExportOptions,
        check: &dyn Fn(&Program, &Function) -> Result<(), String>,
    ) -> Result<Self, ExportError> {
        let mut found = Self { program: Program::new(model), methods: Vec::new(), refused: Vec::new() };
        for &method in all {
            let added = graph(model, Some(&[method])).and_then(|ModelGraph { graph, .. }| {
                let added = found.program.add(method, &graph, check);
                let estimator = || model.header().class.clone();
                added.map_err(|reason| ExportError::Signature { method, estimator: estimator(), reason })
            });
            match added {
                Ok(()) => found.methods.push(method),
                Err(error) if options.methods.is_some() => return Err(error),
                Err(error) => found.refused.push(error),
            }
        }
        if found.methods.is_empty() {
            return Err(match found.refused.into_iter().next() {
                Some(error) => error,
                None => ExportError::Nothing { estimator: model.header().class.clone() },
            });
        }
        Ok(found)
    }
}

/// Whether a language can hold a function, and the constants and strings of its program.
fn check(language: &dyn Language, program: &Program, function: &Function) -> Result<(), String> {
    let texts = program.encoders.iter().map(|places| {
        let texts = places.iter().map(|(text, _)| text.clone()).collect();
        Constant { shape: Vec::new(), elements: Elements::Str(texts) }
    });
    let refused = program.constants.iter().find_map(|constant| language.refuses(constant));
    let refused = refused.or_else(|| texts.into_iter().find_map(|constant| language.refuses(&constant)));
    if let Some(reason) = refused.or_else(|| language.refuses_function(function)) {
        return Err(reason.to_owned());
    }
    match language.most_steps() {
        Some((most, why)) if function.steps.len() > most => {
            Err(format!("it takes {} steps, more than {most}: {why}", function.steps.len()))
        }
        _ => Ok(()),
    }
}
