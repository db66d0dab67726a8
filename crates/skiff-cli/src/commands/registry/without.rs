//! `skiff registry` of a command that was built without it.

use std::process::ExitCode;

use crate::args::{Arguments, registry as flags};
use crate::report::{Failure, Outcome};

/// Says how to build it in.
pub fn run(_arguments: &flags::Registry) -> Result<ExitCode, Failure> {
    Err(missing("`skiff registry`"))
}

/// Models are files; an address of one in an object store is an error that says how to build it in.
pub fn resolve(arguments: &mut Arguments) -> Outcome {
    let models = arguments.command.models();
    match models.iter().filter_map(|model| model.text()).find(|text| text.contains("://")) {
        Some(address) => Err(missing(&format!("to open `{address}`"))),
        None => Ok(()),
    }
}

fn missing(what: &str) -> Failure {
    Failure::Usage(format!(
        "{what} needs the feature `registry`, which this skiff was built without: \
         `cargo install --path crates/skiff-cli --features full`"
    ))
}
