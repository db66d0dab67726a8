//! `skiff convert`: a model in another file format.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use skiff::{ConvertOptions, Converted, File};

use crate::args::Convert;
use crate::report::{Failure, Outcome};
use crate::{input, outputs};

/// Writes the new file, and reports what it cannot hold.
pub fn run(arguments: &Convert) -> Outcome {
    let options = ConvertOptions {
        limits: arguments.limits.limits(),
        compression: arguments.compress,
        scikit_learn: arguments.scikit_learn.clone(),
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
            return Err(Failure::Usage(
                "`--to` is only for standard output: a file's extension selects the format".to_owned(),
            ));
        }
        (None, true) => {
            return Err(Failure::Usage("`--to FORMAT` is required for standard output".to_owned()));
        }
        (None, false) if arguments.input == standard => {
            input::file(standard, &options.opening())?.convert(&arguments.output, &options)?
        }
        (None, false) => skiff::convert(&arguments.input, &arguments.output, &options)?,
        (Some(to), true) => stdout(&input::file(&arguments.input, &options.opening())?, to, &options)?,
    };
    for note in converted.changed.iter().chain(&converted.dropped) {
        // A failure to print the note is ignored.
        let _ = writeln!(io::stderr(), "note: {note}");
    }
    Ok(())
}

/// Writes to standard output.
fn stdout(file: &File, to: &str, options: &ConvertOptions) -> Result<Converted, Failure> {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let converted = file.convert_to(&format!("-.{}", to.trim_start_matches('.')), options, &mut out)?;
    out.flush()?;
    Ok(converted)
}
