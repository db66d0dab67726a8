//! `skiff verify`: is the file as it was written?

use std::io::{self, Write};

use crate::Outcome;
use crate::args::{Verify, limits};

/// Says so when it is; when it is not, the digest's error is the answer no.
pub fn run(arguments: &Verify) -> Outcome {
    skiff::File::verify(&arguments.model, &limits(arguments.limit_decompressed))?;
    writeln!(io::stdout(), "{}: the digest is right", arguments.model.display())?;
    Ok(())
}
