//! `skiff inspect`: what is in a model file.

use crate::Outcome;
use crate::args::Inspect;

/// Prints the file's contents.
pub fn run(_arguments: &Inspect) -> Outcome {
    Ok(())
}
