//! `skiff export`: a model for another runtime.

use std::io::{self, Write};
use std::path::Path;

use skiff::Method;
use skiff_export::ExportError;
use skiff_export::onnx::{OnnxOptions, onnx};
use skiff_files::write::NewFile;

use crate::args::Export;
use crate::report::{self, Failure, Outcome};
use crate::{input, outputs};

/// Writes the methods that were asked for, or all that can be exported, and tells which ones cannot.
pub fn run(arguments: &Export) -> Outcome {
    let standard = input::is_standard(&arguments.output);
    let is_onnx = arguments.output.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"));
    if !standard && !is_onnx {
        return Err(Failure::Usage(format!(
            "`{}` is not the name of a file that is exported: expected an extension `.onnx`",
            arguments.output.display()
        )));
    }
    if !standard {
        outputs::refuse_existing(&arguments.output, arguments.force)?;
    }
    let model = input::model(&arguments.model, &arguments.open.options()?)?;
    let methods: Option<Vec<Method>> = (!arguments.method.is_empty()).then(|| arguments.method.clone());
    let options = OnnxOptions { methods, ..OnnxOptions::default() };
    let file = onnx(model.typed(), &options).map_err(|error| failure(&arguments.model, &error))?;
    for refused in &file.refused {
        report::note(&refused.to_string());
    }
    if standard {
        io::stdout().lock().write_all(&file.bytes)?;
        return Ok(());
    }
    let mut out = NewFile::create(&arguments.output)?;
    out.write_all(&file.bytes)?;
    out.finish()?;
    Ok(())
}

fn failure(model: &Path, error: &ExportError) -> Failure {
    Failure::NotExported { file: input::shown(model).display().to_string(), what: error.to_string() }
}
