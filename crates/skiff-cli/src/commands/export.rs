//! `skiff export`: a model for another runtime.

use std::io::{self, Write};
use std::path::Path;

use skiff::{ExportOptions, ExportTarget, OnnxOptions, Options};

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
        options: ExportOptions {
            methods: (!arguments.method.is_empty()).then(|| arguments.method.clone()),
            max_depth: arguments.max_depth,
            onnx: OnnxOptions { float32: arguments.float32, opset: arguments.opset },
            ..ExportOptions::default()
        },
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
    pub options: ExportOptions,
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
        let wanted = &self.options;
        let exported = if target.is_picture() {
            if wanted.methods.is_some() {
                return Err(Failure::Usage(format!("a `.{}` is a picture, which has no methods", target.extension())));
            }
            match standard {
                true => to_standard_output(file.picture(None, target, wanted.max_depth)?)?,
                false => file.write_picture(None, target, wanted.max_depth, self.output)?,
            }
        } else if wanted.max_depth.is_some() {
            return Err(Failure::Usage("`--max-depth` is for pictures of trees: .dot, .svg, .txt".to_owned()));
        } else {
            let model = input::model_of(&file, self.model)?;
            match standard {
                true => to_standard_output(file.export_bytes(&model, target, wanted)?)?,
                false => file.export(&model, target, wanted, self.output)?,
            }
        };
        for refused in &exported.refused {
            report::note(refused);
        }
        Ok(())
    }
}

fn to_standard_output((bytes, exported): (Vec<u8>, skiff::Exported)) -> io::Result<skiff::Exported> {
    io::stdout().lock().write_all(&bytes)?;
    Ok(exported)
}
