//! `skiff plan`: the steps of a model's methods.

use std::io::{self, Write};

use crate::Outcome;
use crate::args::Plan;

/// Prints the steps of the method that was asked for, or of all.
pub fn run(arguments: &Plan) -> Outcome {
    let model = skiff::open_with(&arguments.model.model, &arguments.model.options()?)?;
    let mut out = io::stdout().lock();
    let methods = match arguments.method {
        Some(method) => vec![method],
        None => model.methods(),
    };
    for method in methods {
        writeln!(out, "{method}:\n{}", model.plan(method)?)?;
    }
    Ok(())
}
