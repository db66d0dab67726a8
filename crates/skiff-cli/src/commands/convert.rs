//! `skiff convert`: a model as another kind of file.

use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use skiff::{ConvertOptions, Converted, File};

use crate::Outcome;
use crate::args::Convert;
use crate::report::Failure;

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
    let converted = match (&arguments.to, arguments.output == standard) {
        (Some(_), false) => {
            return Err(Failure::Usage("`--to` is for standard output: a file's own name says what it is".to_owned()));
        }
        (None, true) => {
            return Err(Failure::Usage("standard output has no name: `--to` says as what to write".to_owned()));
        }
        (None, false) if arguments.input == standard => stdin(&options)?.convert(&arguments.output, &options)?,
        (None, false) => skiff::convert(&arguments.input, &arguments.output, &options)?,
        (Some(to), true) => {
            let file = match arguments.input == standard {
                true => stdin(&options)?,
                false => File::open_with(&arguments.input, &options.opening())?,
            };
            stdout(&file, to, &options)?
        }
    };
    for dropped in converted.dropped {
        // Whether it can be told is not what the file hangs on.
        let _ = writeln!(io::stderr(), "note: {dropped}");
    }
    Ok(())
}

/// The model on standard input.
fn stdin(options: &ConvertOptions) -> Result<File, Failure> {
    let limits = &options.limits;
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(limits.decompressed.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| Failure::data(Path::new("-"), format!("cannot read standard input: {error}")))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limits.decompressed) {
        return Err(Failure::data(Path::new("-"), "standard input is longer than `--limit-decompressed` allows"));
    }
    Ok(File::read_with(bytes, &options.opening())?)
}

/// Writes to standard output, which is data and nothing else.
fn stdout(file: &File, to: &str, options: &ConvertOptions) -> Result<Converted, Failure> {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let converted = file.convert_to(&format!("-.{}", to.trim_start_matches('.')), options, &mut out)?;
    out.flush()?;
    Ok(converted)
}
