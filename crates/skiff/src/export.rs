//! Export to other runtimes.

use std::io::{self, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use skiff_export::{ExportError, OnnxOptions, Target as ExportTarget};
use skiff_files::write::{NewFile, WriteError};
use skiff_plan::Method;

use crate::{Error, File, Model, Options};

/// How a model is exported.
#[derive(Clone, Debug, Default)]
pub struct ExportOptions {
    /// The methods; all that the target can hold where none are named.
    pub methods: Option<Vec<Method>>,
    /// How deep a tree is drawn; a picture has no methods.
    pub max_depth: Option<usize>,
    /// Numbers and operators of an ONNX file.
    pub onnx: OnnxOptions,
    /// How the model file is opened, and which estimator of it is exported.
    pub opening: Options,
}

/// What was exported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// The methods.
    pub methods: Vec<Method>,
    /// Why the other methods are not, and what is less precise than in the model, in a sentence each; of a picture what it
    /// leaves out.
    pub refused: Vec<String>,
}

/// Exports the estimator of the model file at `input` to `output`, whose extension selects the target: those of
/// [`ExportTarget::all`]. The file is written atomically.
///
/// # Errors
/// Those of [`File::open`] and [`File::model`]; an unknown extension; a method that was named and cannot be exported, and
/// a model of which nothing can; errors of the operating system.
pub fn export(input: impl AsRef<Path>, output: impl AsRef<Path>, options: &ExportOptions) -> Result<Exported, Error> {
    let output = output.as_ref();
    let Some(target) = ExportTarget::of_path(output) else {
        let known: Vec<String> = ExportTarget::all().map(|target| format!("`.{}`", target.extension())).collect();
        let (known, found) = (known.join(", "), output.display());
        return Err(Error::target(format!("expected an output file with the extension {known}, found `{found}`")));
    };
    let file = File::open(input, &options.opening)?;
    if target.is_picture() {
        return file.write_picture(None, target, options.max_depth, output);
    }
    file.export(&file.model(None)?, target, options, output)
}

/// Writes a file atomically.
pub(crate) fn write(bytes: &[u8], output: &Path) -> Result<(), Error> {
    let written = NewFile::create(output).and_then(|mut out| {
        out.write_all(bytes)?;
        out.finish()
    });
    written.map_err(|error| Error::from(WriteError::Io(error)).in_file(output))
}

impl File {
    /// Writes a model that was read from this file to `output` for a target, atomically: the methods of `options`.
    ///
    /// # Errors
    /// A method that was named and cannot be exported, and a model of which nothing can; errors of the operating system.
    pub fn export(
        &self,
        model: &Model,
        target: ExportTarget,
        options: &ExportOptions,
        output: impl AsRef<Path>,
    ) -> Result<Exported, Error> {
        let output = output.as_ref();
        let in_output = |error: io::Error| Error::from(WriteError::Io(error)).in_file(output);
        let mut out = NewFile::create(output).map_err(in_output)?;
        let exported = self.write_export(model, target, options, &mut out)?.map_err(in_output)?;
        out.finish().map_err(in_output)?;
        Ok(exported)
    }

    /// The bytes of a model that was read from this file, for a target.
    ///
    /// # Errors
    /// A method that was named and cannot be exported, and a model of which nothing can.
    pub fn export_bytes(
        &self,
        model: &Model,
        target: ExportTarget,
        options: &ExportOptions,
    ) -> Result<(Vec<u8>, Exported), Error> {
        let mut bytes = Vec::new();
        let exported = self.write_export(model, target, options, &mut bytes)?;
        Ok((bytes, exported.map_err(WriteError::Io)?))
    }

    /// Writes the bytes of a model for a target; the inner error is that of `out`.
    fn write_export(
        &self,
        model: &Model,
        target: ExportTarget,
        options: &ExportOptions,
        out: &mut dyn Write,
    ) -> Result<io::Result<Exported>, Error> {
        let options = skiff_export::ExportOptions {
            methods: options.methods.clone(),
            metadata: vec![("sha256".to_owned(), self.digest())],
            onnx: options.onnx.clone(),
        };
        let exported = match skiff_export::export(model.typed(), target, &options, out) {
            Ok(exported) => exported,
            Err(ExportError::Output(error)) => return Ok(Err(error)),
            Err(error) => {
                return Err(match self.path() {
                    Some(path) => Error::from(error).in_file(path),
                    None => error.into(),
                });
            }
        };
        let refused = exported.refused.iter().map(ToString::to_string).chain(exported.lost).collect();
        Ok(Ok(Exported { methods: exported.methods, refused }))
    }

    /// The digest of the content; the pages of a mapped file are released, so that they do not count as memory twice.
    fn digest(&self) -> String {
        const PIECE: usize = 1 << 20;
        let content = &self.contents().content;
        let mut hasher = Sha256::new();
        for start in (0..content.len()).step_by(PIECE) {
            if let Some(piece) = content.slice(start, PIECE.min(content.len() - start)) {
                hasher.update(&*piece);
                piece.release();
            }
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
