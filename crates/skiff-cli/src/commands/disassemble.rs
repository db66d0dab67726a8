//! `skiff disassemble`: a pickle's opcodes.

use crate::Outcome;
use crate::args::Disassemble;

/// Prints the opcodes.
pub fn run(_arguments: &Disassemble) -> Outcome {
    Ok(())
}
