//! `skiff export`: a model for another runtime.

use std::io::{self, Write};
use std::path::Path;

use skiff::{ExportTarget, Method, Options};

use crate::args::Export;
use crate::report::{self, Failure, Outcome};
use crate::{input, outputs};

/// Writes the methods that were asked for, or all that can be exported, and tells which ones cannot.
pub fn run(arguments: &Export) -> Outcome {
    let target = match input::is_standard(&arguments.output) {
        true => arguments.to.unwrap_or(ExportTarget::Onnx),
        false if arguments.to.is_some() => {
            return Err(Failure::Usage(
                "`--to` is only for standard output: a file's extension selects the target".to_owned(),
            ));
        }
        false => ExportTarget::of_path(&arguments.output).ok_or_else(|| unknown(&arguments.output))?,
    };
    let exported = Exported {
        model: &arguments.model,
        output: &arguments.output,
        methods: (!arguments.method.is_empty()).then_some(&arguments.method),
        force: arguments.force,
    };
    exported.write(target, &arguments.open.options()?)
}

fn unknown(output: &Path) -> Failure {
    let known: Vec<String> = ExportTarget::all().map(|target| format!("`.{}`", target.extension())).collect();
    let (output, known) = (output.display(), known.join(", "));
    Failure::Usage(format!("`{output}` is not the name of a file that is exported: expected an extension {known}"))
}

/// What is exported, and where to.
pub struct Exported<'a> {
    pub model: &'a Path,
    pub output: &'a Path,
    pub methods: Option<&'a [Method]>,
    pub force: bool,
}

impl Exported<'_> {
    /// Writes the file, or standard output.
    pub fn write(&self, target: ExportTarget, options: &Options) -> Outcome {
        let standard = input::is_standard(self.output);
        if !standard {
            outputs::refuse_existing(self.output, self.force)?;
        }
        let file = input::file(self.model, options)?;
        let model = input::model_of(&file, self.model)?;
        let exported = if standard {
            let (bytes, exported) = file.export_bytes(&model, target, self.methods)?;
            io::stdout().lock().write_all(&bytes)?;
            exported
        } else {
            file.export(&model, target, self.methods, self.output)?
        };
        for refused in &exported.refused {
            report::note(refused);
        }
        Ok(())
    }
}
