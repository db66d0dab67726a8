//! Conversion between model file formats, without Python and without knowing any estimator.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use skiff_files::Limits;
use skiff_files::write::{Compression, WriteError};

use crate::conversions::says_more;
use crate::migration::migrated;
use crate::target::{Kind, Target};
use crate::writing::{Held, Writing, named};
use crate::{Error, File, Identity, Options, Recipients, ScikitLearn};

/// How a file is converted.
#[derive(Clone, Debug, Default)]
pub struct ConvertOptions {
    /// The limits for reading the input.
    pub limits: Limits,
    /// The key or passphrase of an encrypted input.
    pub identity: Option<Identity>,
    /// The recipients that the output is encrypted for; `None` writes it unencrypted.
    pub recipients: Option<Recipients>,
    /// The format of the output; by default that of its name's extension.
    pub format: Option<&'static Target>,
    /// The compression of the output; by default that of its name's extension, or none.
    pub compression: Option<Compression>,
    /// The version of scikit-learn that the output is for; by default the one that wrote the input.
    pub scikit_learn: Option<ScikitLearn>,
    /// The pickle protocol of the output, 2 to 5; by default 4, which each Python since 3.4 reads.
    pub protocol: Option<i64>,
}

impl ConvertOptions {
    /// The options for opening the input.
    pub fn opening(&self) -> Options {
        Options { limits: self.limits.clone(), identity: self.identity.clone(), ..Options::default() }
    }

    /// Sets the compression of `output` to that of its extension, or to the first codec of its format. As
    /// for joblib, a codec that has no levels takes any.
    ///
    /// # Errors
    /// An unknown extension, a format without compression, and a level that the codec does not have.
    pub fn compress(&mut self, output: impl AsRef<Path>, level: Option<u32>) -> Result<(), Error> {
        let (target, named) = named(output.as_ref(), self)?;
        let codec = named.or(target.codecs.first().copied()).ok_or_else(|| target.not_compressed())?;
        let level = level.filter(|_| Compression { codec, level: None }.has_levels());
        self.compression = Some(Compression::at(codec, level)?);
        Ok(())
    }

    /// The format of `output`, if it can be written with these options; [`convert`] checks this first.
    ///
    /// # Errors
    /// An unknown extension, and an option that the format does not have.
    pub fn check(&self, output: impl AsRef<Path>) -> Result<&'static Target, Error> {
        Writing::of(output.as_ref(), self).map(|writing| writing.target)
    }
}

/// The result of a conversion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Converted {
    /// Content of the input that the output cannot hold, one sentence each.
    pub dropped: Vec<String>,
    /// What the model has lost or become for another scikit-learn though it answers as before, in a sentence each.
    pub changed: Vec<String>,
}

/// Reads the model file at `input`, of any format, and writes its content to `output` in the format of its extension:
/// [`TARGETS`](crate::TARGETS) lists them. `.pkl` and `.joblib` may be followed by that of a codec: `.joblib.gz`. Of
/// several pickles in one file the first is written, which is the one that Python's loaders read.
///
/// The file is written atomically: until it is complete, an existing file of that name is unchanged.
///
/// # Errors
/// Those of [`File::open`]; an unknown extension, an option that the format does not have, a value that the format cannot
/// represent, and errors of the operating system.
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
    /// Writes the file's content to `output`, as [`convert`] does.
    ///
    /// # Errors
    /// As [`convert`].
    pub fn convert(&self, output: impl AsRef<Path>, options: &ConvertOptions) -> Result<Converted, Error> {
        self.becomes(&Writing::of(output.as_ref(), options)?, output.as_ref())
    }

    /// Writes the file's content to `out`, in the format of the extension of `name`: `.skops`, `model.joblib.gz`.
    ///
    /// # Errors
    /// As [`convert`].
    pub fn convert_to(&self, name: &str, options: &ConvertOptions, out: &mut dyn Write) -> Result<Converted, Error> {
        let writing = Writing::of(Path::new(name), options)?;
        let (held, changed) = self.held_for(&writing)?;
        writing.write(&held, out).map_err(|error| self.failed(error))?;
        Ok(Converted { changed, ..self.converted(writing.target) })
    }

    fn becomes(&self, writing: &Writing, output: &Path) -> Result<Converted, Error> {
        let (held, changed) = self.held_for(writing)?;
        let written = writing.whole_file(&held, output);
        written.map_err(|error| self.failed(error).in_file(output))?;
        Ok(Converted { changed, ..self.converted(writing.target) })
    }

    /// What is to be written, for the scikit-learn that is asked for, and what has changed for it.
    fn held_for(&self, writing: &Writing) -> Result<(Held<'_>, Vec<String>), Error> {
        let mut held = Held::of(self, writing.target);
        let Some(version) = &writing.scikit_learn else { return Ok((held, Vec::new())) };
        // The digest of a large file takes as long as rewriting its content.
        let (migrated, history) = std::thread::scope(|scope| {
            let history = scope.spawn(|| self.history_for(version));
            let migrated = migrated(&held.graph, held.graph.root(), version);
            (migrated, history.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let migrated = migrated.map_err(|error| match self.path() {
            Some(path) => error.in_file(path),
            None => error,
        })?;
        held.history = Some(history);
        held.graph = Cow::Owned(migrated.graph);
        Ok((held, migrated.notes))
    }

    fn failed(&self, error: WriteError) -> Error {
        let says_where = matches!(error, WriteError::Unsayable { .. });
        let error = Error::from(error);
        // A value that cannot be represented is in the input.
        match self.path().filter(|_| says_where) {
            Some(path) => error.in_file(path),
            None => error,
        }
    }

    fn converted(&self, target: &Target) -> Converted {
        let mut converted = Converted::default();
        let more = self.further_pickles();
        if more > 0 {
            let what = format!("{more} more pickles follow the model, which Python's loaders do not read");
            converted.dropped.push(what);
        }
        if let Err(why) = self.history() {
            converted.dropped.push(format!("the history of its versions cannot be read and is dropped: {why}"));
        }
        if target.kind != Kind::Skiff {
            let passport = self.contents().passport.as_deref().is_some_and(says_more);
            let samples = self.contents().samples.is_some();
            let what = match (passport, samples) {
                (true, true) => "the passport and the recorded rows are dropped",
                (true, false) => "the passport is dropped",
                (false, true) => "the recorded rows are dropped",
                (false, false) => return converted,
            };
            converted.dropped.push(format!("{what}: only a `.skiff` can hold them"));
        }
        converted
    }
}
