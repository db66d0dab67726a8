//! `skiff disassemble`: a pickle's opcodes.

use std::io::{self, BufWriter, Write};

use skiff::Options;

use crate::args::Disassemble;
use crate::input;
use crate::report::{Failure, Outcome};

/// Prints the opcodes, and an error if the pickle is damaged.
pub fn run(arguments: &Disassemble) -> Outcome {
    let options =
        Options { limits: arguments.limits.limits(), identity: arguments.identity.read()?, ..Options::default() };
    let mut out = Telling { out: BufWriter::new(io::stdout().lock()), error: None };
    let outcome = match input::is_standard(&arguments.model) {
        true => skiff::disassemble_bytes(input::standard(&options.limits)?, &options, &mut out),
        false => skiff::disassemble(&arguments.model, &options, &mut out),
    };
    // Errors of the output are distinguished from those of the file.
    match out.error.take() {
        Some(error) => return Err(Failure::Output(error)),
        None => outcome?,
    }
    Ok(out.flush()?)
}

/// An output that records its error.
struct Telling<W> {
    out: W,
    error: Option<io::Error>,
}

impl<W: Write> Write for Telling<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| {
            let kind = error.kind();
            self.error = Some(error);
            kind.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
