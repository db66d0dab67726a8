//! `skiff slim`: a smaller file for the same model.

use std::fs;
use std::io::{self, Write};

use skiff::Slim;

use super::inspect::bytes;
use crate::args::{self, Format};
use crate::report::{Failure, Outcome};
use crate::shown::shown;
use crate::{input, outputs};

/// Writes the smaller file, and reports what is smaller in it.
pub fn run(arguments: &args::Slim) -> Outcome {
    let args::Slim { model, output, .. } = arguments;
    if input::is_standard(output) {
        return Err(Failure::Usage("the output must be a file".to_owned()));
    }
    outputs::refuse_inputs(output, &[model], arguments.force)?;
    outputs::refuse_existing(output, arguments.force)?;
    let options = arguments.options()?;
    // A wrong option is an error before a large file is read.
    options.check(output)?;
    let slim = Slim::of(&input::file(model, &options.opening())?)?;
    let converted = slim.write(output, &options)?;
    for note in converted.dropped {
        // A failure to print the note is ignored.
        let _ = writeln!(io::stderr(), "note: {}", shown(&note));
    }
    let after = fs::metadata(output).map_err(|error| Failure::unreadable(output, error))?.len();
    let mut out = io::stdout().lock();
    match arguments.format {
        Format::Json => writeln!(out, "{:#}", slim.to_json(after))?,
        Format::Text => write_text(&mut out, &slim, after)?,
    }
    Ok(())
}

fn write_text(out: &mut impl Write, slim: &Slim, after: u64) -> io::Result<()> {
    let before = slim.before();
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let share = 100.0 * after as f64 / before.max(1) as f64;
    writeln!(out, "{} → {} ({share:.1} %)", bytes(before), bytes(after))?;
    if !slim.dropped().is_empty() {
        writeln!(out, "\ndropped, which only training needs (sizes before compression):")?;
    }
    for dropped in slim.dropped() {
        let objects = match dropped.objects {
            1 => String::new(),
            count => format!(" of {count} objects"),
        };
        let name = format!("{}.{}", dropped.class, dropped.attribute);
        writeln!(out, "  {}{objects}: {}", shown(&name), bytes(dropped.bytes))?;
    }
    match slim.thresholds() {
        0 => {}
        1 => writeln!(out, "\nthe thresholds of 1 tree are `float32`, in which rows are compared")?,
        count => writeln!(out, "\nthe thresholds of {count} trees are `float32`, in which rows are compared")?,
    }
    for note in slim.notes() {
        writeln!(out, "\n{}", shown(note))?;
    }
    Ok(())
}
