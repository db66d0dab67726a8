//! `skiff completions`: scripts that complete commands and options in a shell.

use std::io::{self, Write};

use clap::CommandFactory;

use crate::args::{Arguments, Completions};
use crate::report::Outcome;

/// Prints the script.
pub fn run(arguments: &Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "skiff", &mut script);
    Ok(io::stdout().write_all(&script)?)
}
