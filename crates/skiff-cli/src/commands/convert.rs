//! `skiff convert`: a model in another file format.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use skiff::mlflow::MlflowOptions;
use skiff::{ConvertOptions, Converted, ExportOptions, ExportTarget, File, Method, Options};

use crate::args::Convert;
use crate::commands::export::Exported;
use crate::report::{Failure, Outcome};
use crate::shown::shown;
use crate::{input, outputs};

/// What `--to` calls a folder for MLflow.
const MLFLOW: &str = "mlflow";

/// Writes the new file, and reports what it cannot hold.
pub fn run(arguments: &Convert) -> Outcome {
    if arguments.to.as_deref() != Some(MLFLOW)
        && let Some(target) = ExportTarget::of_path(&arguments.output)
    {
        return export(arguments, target);
    }
    let for_mlflow = arguments.to.as_deref() == Some(MLFLOW);
    if !arguments.method.is_empty() && !for_mlflow {
        return Err(Failure::Usage("`--method` is only for an output for another runtime".to_owned()));
    }
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
        (Some(_), false) if for_mlflow => {
            let method = match arguments.method[..] {
                [] => Method::Predict,
                [method] => method,
                _ => return Err(Failure::Usage("a folder for MLflow has one method".to_owned())),
            };
            let mlflow = MlflowOptions { method, ..MlflowOptions::default() };
            input::file(&arguments.input, &options.opening())?.save_mlflow(&arguments.output, &mlflow, &options)?
        }
        (Some(_), false) => {
            return Err(Failure::Usage(
                "`--to` is only for standard output, or `--to mlflow`: a file's extension selects the format"
                    .to_owned(),
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
        let _ = writeln!(io::stderr(), "note: {}", shown(note));
    }
    Ok(())
}

/// Writes a file for another runtime.
fn export(arguments: &Convert, target: ExportTarget) -> Outcome {
    let Convert { compress, scikit_learn, protocol, to, .. } = arguments;
    let recipients = arguments.recipients.read()?;
    let given = [
        ("--compress", compress.is_some()),
        ("--for", scikit_learn.is_some()),
        ("--protocol", protocol.is_some()),
        ("--to", to.is_some()),
        ("a recipient", recipients.is_some()),
    ];
    if let Some((flag, _)) = given.iter().find(|(_, is_given)| *is_given) {
        let flag = if flag.starts_with('-') { format!("`{flag}`") } else { (*flag).to_owned() };
        return Err(Failure::Usage(format!("{flag} is only for model files, and a `.{}` is none", target.extension())));
    }
    let options =
        Options { limits: arguments.limits.limits(), identity: arguments.identity.read()?, ..Options::default() };
    let exported = Exported {
        model: &arguments.input,
        output: &arguments.output,
        options: ExportOptions {
            methods: (!arguments.method.is_empty()).then(|| arguments.method.clone()),
            ..ExportOptions::default()
        },
        force: arguments.force,
    };
    exported.write(target, &options)
}

/// Writes to standard output.
fn stdout(file: &File, to: &str, options: &ConvertOptions) -> Result<Converted, Failure> {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let converted = file.convert_to(&format!("-.{}", to.trim_start_matches('.')), options, &mut out)?;
    out.flush()?;
    Ok(converted)
}
