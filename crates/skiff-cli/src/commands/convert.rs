//! `skiff convert`: a model as another kind of file.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use skiff::{ConvertOptions, Converted, File};

use crate::args::Convert;
use crate::report::{Failure, Outcome};
use crate::{input, outputs};

/// Writes the new file, and tells what had no place in it.
pub fn run(arguments: &Convert) -> Outcome {
    let options = ConvertOptions {
        limits: arguments.limits.limits(),
        compression: arguments.compress,
        protocol: arguments.protocol,
        identity: arguments.identity.read()?,
        recipients: arguments.recipients.read()?,
        format: None,
    };
    let standard = Path::new("-");
    if arguments.output != standard {
        outputs::refuse_existing(&arguments.output, arguments.force)?;
    }
    let converted = match (&arguments.to, arguments.output == standard) {
        (Some(_), false) => {
            return Err(Failure::Usage("`--to` is for standard output: a file's own name says what it is".to_owned()));
        }
        (None, true) => {
            return Err(Failure::Usage("standard output has no name: `--to` says as what to write".to_owned()));
        }
        (None, false) if arguments.input == standard => {
            input::file(standard, &options.opening())?.convert(&arguments.output, &options)?
        }
        (None, false) => skiff::convert(&arguments.input, &arguments.output, &options)?,
        (Some(to), true) => stdout(&input::file(&arguments.input, &options.opening())?, to, &options)?,
    };
    for dropped in converted.dropped {
        // Whether it can be told is not what the file hangs on.
        let _ = writeln!(io::stderr(), "note: {dropped}");
    }
    Ok(())
}

/// Writes to standard output, which is data and nothing else.
fn stdout(file: &File, to: &str, options: &ConvertOptions) -> Result<Converted, Failure> {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let converted = file.convert_to(&format!("-.{}", to.trim_start_matches('.')), options, &mut out)?;
    out.flush()?;
    Ok(converted)
}
