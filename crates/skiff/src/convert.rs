//! From one kind of model file to another, without Python and without knowing any estimator.

use std::io::Write;
use std::path::Path;

use skiff_files::Limits;
use skiff_files::write::{Compression, WriteError};

use crate::target::{Kind, Target};
use crate::writing::{Held, Writing, named};
use crate::{Error, File, Identity, Options, Recipients};

/// How a file is converted.
#[derive(Clone, Debug, Default)]
pub struct ConvertOptions {
    /// What the file that is read may cost.
    pub limits: Limits,
    /// What opens the file that is read if it is encrypted.
    pub identity: Option<Identity>,
    /// For whom the new file is encrypted: for nobody, unless this says so.
    pub recipients: Option<Recipients>,
    /// As what the new file is written: as what its name says, unless this says it.
    pub format: Option<&'static Target>,
    /// How the new file is compressed: not at all, unless this or its name says so.
    pub compression: Option<Compression>,
    /// The pickle protocol of the new file, 2 to 5; 4 when none is named, which each Python since 3.4 reads.
    pub protocol: Option<i64>,
}

impl ConvertOptions {
    /// How the file that is read is opened.
    pub fn opening(&self) -> Options {
        Options { limits: self.limits.clone(), identity: self.identity.clone(), ..Options::default() }
    }

    /// Has a file of the name `output` compressed by what its name says, or by the first codec that such a file has. As
    /// for joblib, a codec that has no levels takes any.
    ///
    /// # Errors
    /// A name that says nothing, a file that is not compressed, and a level that the codec does not have.
    pub fn compress(&mut self, output: impl AsRef<Path>, level: Option<u32>) -> Result<(), Error> {
        let (target, named) = named(output.as_ref(), self)?;
        let codec = named.or(target.codecs.first().copied()).ok_or_else(|| target.not_compressed())?;
        let level = level.filter(|_| Compression { codec, level: None }.has_levels());
        self.compression = Some(Compression::at(codec, level)?);
        Ok(())
    }

    /// What a file of the name `output` is, if it can be written with these options: what [`convert`] asks first.
    ///
    /// # Errors
    /// A name that says nothing, and an option that such a file cannot have.
    pub fn check(&self, output: impl AsRef<Path>) -> Result<&'static Target, Error> {
        Writing::of(output.as_ref(), self).map(|writing| writing.target)
    }
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Converted {
    /// What the file holds and the new one has no place for, in a sentence each.
    pub dropped: Vec<String>,
}

/// Reads the model file at `input`, of any kind, and writes what it holds to `output`, whose extension says as what:
/// [`TARGETS`](crate::TARGETS) lists them. Behind `.pkl` and `.joblib` a further one may say how it is compressed: `.joblib.gz`. Of
/// several pickles in a row the first is written, which is the one that Python's loaders read.
///
/// The new file appears when it is whole; until then a file of that name stays as it was.
///
/// # Errors
/// As [`File::open`]; an extension or an option that the new file cannot have; what the new file cannot say, and what
/// the operating system says.
pub fn convert(
    input: impl AsRef<Path>,
    output: impl AsRef<Path>,
    options: &ConvertOptions,
) -> Result<Converted, Error> {
    let writing = Writing::of(output.as_ref(), options)?;
    let file = File::open(input, &options.opening())?;
    file.becomes(&writing, output.as_ref())
}

impl File {
    /// Writes what the file holds to `output`, as [`convert`] does.
    ///
    /// # Errors
    /// As [`convert`].
    pub fn convert(&self, output: impl AsRef<Path>, options: &ConvertOptions) -> Result<Converted, Error> {
        self.becomes(&Writing::of(output.as_ref(), options)?, output.as_ref())
    }

    /// Writes what the file holds to `out`, as a file of the name `name` would be: `.skops`, `model.joblib.gz`.
    ///
    /// # Errors
    /// As [`convert`].
    pub fn convert_to(&self, name: &str, options: &ConvertOptions, out: &mut dyn Write) -> Result<Converted, Error> {
        let writing = Writing::of(Path::new(name), options)?;
        writing.write(&Held::of(self, writing.target), out).map_err(|error| self.failed(error))?;
        Ok(self.converted(writing.target))
    }

    fn becomes(&self, writing: &Writing, output: &Path) -> Result<Converted, Error> {
        let written = writing.whole_file(&Held::of(self, writing.target), output);
        written.map_err(|error| self.failed(error).in_file(output))?;
        Ok(self.converted(writing.target))
    }

    fn failed(&self, error: WriteError) -> Error {
        let says_where = matches!(error, WriteError::Unsayable { .. });
        let error = Error::from(error);
        // A value that cannot be said is in the file that was read.
        match self.path().filter(|_| says_where) {
            Some(path) => error.in_file(path),
            None => error,
        }
    }

    fn converted(&self, target: &Target) -> Converted {
        let mut converted = Converted::default();
        let more = self.further_pickles();
        if more > 0 {
            let what = format!("{more} more pickles stand behind the model, which Python's loaders do not read");
            converted.dropped.push(what);
        }
        if target.kind != Kind::Skiff {
            let (passport, samples) = (self.contents().passport.is_some(), self.contents().samples.is_some());
            let what = match (passport, samples) {
                (true, true) => "the passport and the recorded rows stay behind",
                (true, false) => "the passport stays behind",
                (false, true) => "the recorded rows stay behind",
                (false, false) => return converted,
            };
            converted.dropped.push(format!("{what}: only a `.skiff` has a place for that"));
        }
        converted
    }
}
