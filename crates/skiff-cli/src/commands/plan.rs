//! `skiff plan`: the operations that a model's methods do.

use std::io::{self, Write};

use crate::Outcome;
use crate::args::Plan;
use crate::input;

/// Prints the operations of the method that was asked for, or of all.
pub fn run(arguments: &Plan) -> Outcome {
    let model = input::model(&arguments.model, &arguments.open.options()?)?;
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
