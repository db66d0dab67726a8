//! `skiff plan`: the operators of a model's methods, or their signatures.

use std::io::{self, Write};

use skiff::{Method, Model};

use crate::args::Plan;
use crate::input;
use crate::report::{Failure, Outcome};
use crate::shown::shown;

/// Prints the operators of the given method, or of all.
pub fn run(arguments: &Plan) -> Outcome {
    let model = input::model(&arguments.model, &arguments.open.options()?)?;
    let mut out = io::stdout().lock();
    let methods = match arguments.method {
        Some(method) => vec![method],
        None => model.methods(),
    };
    for method in methods {
        match arguments.signature {
            true => write_signature(&mut out, &model, method)?,
            false => {
                let plan = model.plan(method).map_err(|error| Failure::of_method(error, &model))?;
                writeln!(out, "{method}:")?;
                for line in plan.to_string().lines() {
                    writeln!(out, "{}", shown(line))?;
                }
                writeln!(out)?;
            }
        }
    }
    Ok(())
}

fn write_signature(out: &mut impl Write, model: &Model, method: Method) -> Outcome {
    let signature = model.signature(method).map_err(|error| Failure::of_method(error, model))?;
    writeln!(out, "{method}")?;
    writeln!(out, "  takes    {}", shown(&signature.input.to_string()))?;
    writeln!(out, "  returns  {}", shown(&signature.output.to_string()))?;
    Ok(())
}
