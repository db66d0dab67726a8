//! From one kind of model file to another, without Python and without knowing any estimator.

use std::path::Path;

use skiff_files::write::{self, Compression, SkiffOptions, WriteError};

use crate::inspect::written_by;
use crate::{Error, File, Limits};

/// How a file is converted.
#[derive(Clone, Debug, Default)]
pub struct ConvertOptions {
    /// What the file that is read may cost.
    pub limits: Limits,
    /// How the new file is compressed: not at all, unless this says so.
    pub compression: Option<Compression>,
    /// The pickle protocol of the new file, 2 to 5; 4 when none is named, which each Python since 3.4 reads.
    pub protocol: Option<u8>,
}

/// A kind of file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Skiff,
    Pickle,
    Joblib,
}

/// The kinds of files that are written, by extension.
const TARGETS: [(&str, Target); 3] = [("skiff", Target::Skiff), ("pkl", Target::Pickle), ("joblib", Target::Joblib)];

/// Reads the model file at `input`, of any kind, and writes what it holds to `output`, whose extension says as what:
/// `.skiff`, `.pkl`, `.joblib`. Of several pickles in a row the first is written, which is the one that Python's loaders read.
///
/// The new file appears when it is whole; until then a file of that name stays as it was.
///
/// # Errors
/// As [`File::open`]; an extension or an option that the new file cannot have; what the new file cannot say, and what
/// the operating system says.
pub fn convert(input: impl AsRef<Path>, output: impl AsRef<Path>, options: &ConvertOptions) -> Result<(), Error> {
    let (input, output) = (input.as_ref(), output.as_ref());
    let target = Target::of(output, options)?;
    let file = File::open(input, &options.limits)?;
    write::whole_file(output, |out| target.write(&file, options, out))
        .map_err(|error| Error::from(error).in_file(output))
}

impl Target {
    /// By extension, if the options suit it.
    fn of(path: &Path, options: &ConvertOptions) -> Result<Self, Error> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned()).unwrap_or_default();
        let known = TARGETS.iter().find(|(known, _)| *known == extension);
        let Some(&(_, target)) = known else {
            let known: Vec<_> = TARGETS.iter().map(|(known, _)| format!("`.{known}`")).collect();
            return Err(Error::target(format!(
                "expected a file to write that ends in {}, found `{}`",
                known.join(", "),
                path.display()
            )));
        };
        if target == Self::Skiff && (options.compression.is_some() || options.protocol.is_some()) {
            let what = "a `.skiff` has no compression and no protocol to choose";
            return Err(Error::target(what.to_owned()));
        }
        if target == Self::Pickle && options.compression.is_some() {
            let what = "`pickle.load` reads no compressed file: only `.joblib` is compressed";
            return Err(Error::target(what.to_owned()));
        }
        if let Some(protocol) = options.protocol.filter(|protocol| !(2..=5).contains(protocol)) {
            return Err(Error::target(format!("expected a protocol from `2` to `5`, found `{protocol}`")));
        }
        Ok(target)
    }

    fn write(self, file: &File, options: &ConvertOptions, out: &mut dyn std::io::Write) -> Result<(), WriteError> {
        let protocol = options.protocol.unwrap_or(write::DEFAULT_PROTOCOL);
        let graph = &file.contents().graph;
        match self {
            Self::Skiff => {
                let by = written_by(graph).join(", ");
                let notes = if by.is_empty() { Vec::new() } else { vec![("model.written_by".to_owned(), by)] };
                write::skiff(graph, &SkiffOptions { notes: &notes, ..SkiffOptions::default() }, out)
            }
            Self::Pickle => write::pickle(graph, protocol, out),
            Self::Joblib => write::joblib(graph, protocol, options.compression, out),
        }
    }
}
