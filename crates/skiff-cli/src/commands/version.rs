//! `skiff version`

use std::io::{self, Write};

use crate::report::Outcome;

/// Prints the name and the version.
pub fn run() -> Outcome {
    Ok(writeln!(io::stdout(), "skiff {}", env!("CARGO_PKG_VERSION"))?)
}
