//! From one kind of model file to another, without Python and without knowing any estimator.

use std::io::Write;
use std::path::Path;

use skiff_files::Codec;
use skiff_files::write::{self, Compression, JsonOptions, SkiffOptions, SkopsOptions, WriteError};

use crate::inspect::written_by;
use crate::{Error, File, Identity, Limits, Options, Recipients, encryption};

/// How a file is converted.
#[derive(Clone, Debug, Default)]
pub struct ConvertOptions {
    /// What the file that is read may cost.
    pub limits: Limits,
    /// What opens the file that is read if it is encrypted.
    pub identity: Option<Identity>,
    /// For whom the new file is encrypted: for nobody, unless this says so.
    pub recipients: Option<Recipients>,
    /// How the new file is compressed: not at all, unless this or its name says so.
    pub compression: Option<Compression>,
    /// The pickle protocol of the new file, 2 to 5; 4 when none is named, which each Python since 3.4 reads.
    pub protocol: Option<u8>,
}

impl ConvertOptions {
    /// How the file that is read is opened.
    pub fn opening(&self) -> Options {
        Options { limits: self.limits.clone(), identity: self.identity.clone(), ..Options::default() }
    }

    /// Has a file of the name `output` compressed by what its name says, or by the first codec that such a file has.
    ///
    /// # Errors
    /// A name that says nothing, a file that is not compressed, and a level that the codec does not have.
    pub fn compress(&mut self, output: impl AsRef<Path>, level: Option<u32>) -> Result<(), Error> {
        let (target, named) = Target::of(output.as_ref())?;
        let Some(codec) = named.or(target.codecs.first().copied()) else {
            return Err(Error::target(target.not_compressed()));
        };
        self.compression = Some(Compression::at(codec, level)?);
        Ok(())
    }

    /// Whether a file of the name `output` can be written with these options: what [`convert`] asks first.
    ///
    /// # Errors
    /// A name that says nothing, and an option that such a file cannot have.
    pub fn check(&self, output: impl AsRef<Path>) -> Result<(), Error> {
        Writing::of(output.as_ref(), self).map(|_| ())
    }
}

/// A kind of file that is written.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The ends of its files' names, the usual one first.
    pub extensions: &'static [&'static str],
    /// What it is, in a few words.
    pub about: &'static str,
    /// The codecs that it is compressed by, on request.
    pub codecs: &'static [Codec],
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Skiff,
    Pickle,
    Joblib,
    Skops,
    Json,
}

/// The kinds of files that are written.
pub const TARGETS: &[Target] = &[
    Target {
        extensions: &["skiff"],
        about: "skiff's own, a safetensors file with all of the model in it",
        codecs: &[Codec::Zstd],
        kind: Kind::Skiff,
    },
    Target { extensions: &["pkl", "pickle"], about: "a pickle, for `pickle.load`", codecs: &[], kind: Kind::Pickle },
    Target {
        extensions: &["joblib"],
        about: "for `joblib.load`",
        codecs: &[Codec::Zlib, Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Lzma, Codec::Lz4],
        kind: Kind::Joblib,
    },
    Target { extensions: &["skops"], about: "for `skops.io.load`", codecs: &[Codec::Deflate], kind: Kind::Skops },
    Target {
        extensions: &["json"],
        about: "every parameter as text, to read and not to load: docs/json.md",
        codecs: &[],
        kind: Kind::Json,
    },
];

/// What joblib puts behind a name for each of its codecs. A pickle in one of them is what Python's `gzip`, `bz2` and
/// `lzma` open.
const COMPRESSED: [(&str, Codec); 6] = [
    ("z", Codec::Zlib),
    ("gz", Codec::Gzip),
    ("bz2", Codec::Bzip2),
    ("xz", Codec::Xz),
    ("lzma", Codec::Lzma),
    ("lz4", Codec::Lz4),
];

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Converted {
    /// What the file holds and the new one has no place for, in a sentence each.
    pub dropped: Vec<String>,
}

/// Reads the model file at `input`, of any kind, and writes what it holds to `output`, whose extension says as what:
/// [`TARGETS`] lists them. Behind `.pkl` and `.joblib` a further one may say how it is compressed: `.joblib.gz`. Of
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
    let file = File::open_with(input, &options.opening())?;
    writing.whole_file(&file, output.as_ref())
}

impl File {
    /// Writes what the file holds to `output`, as [`convert`] does.
    ///
    /// # Errors
    /// As [`convert`].
    pub fn convert(&self, output: impl AsRef<Path>, options: &ConvertOptions) -> Result<Converted, Error> {
        Writing::of(output.as_ref(), options)?.whole_file(self, output.as_ref())
    }

    /// Writes what the file holds to `out`, as a file of the name `name` would be: `.skops`, `model.joblib.gz`.
    ///
    /// # Errors
    /// As [`convert`].
    pub fn convert_to(&self, name: &str, options: &ConvertOptions, out: &mut dyn Write) -> Result<Converted, Error> {
        let writing = Writing::of(Path::new(name), options)?;
        writing.write(self, out).map_err(|error| self.failed(error))?;
        Ok(writing.converted(self))
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
}

/// A file that is to be written: what it is, with options that suit it.
struct Writing {
    kind: Kind,
    compression: Option<Compression>,
    protocol: u8,
    recipients: Option<Recipients>,
}

impl Writing {
    /// By the name, if the options suit it.
    fn of(path: &Path, options: &ConvertOptions) -> Result<Self, Error> {
        let within = path.with_extension("");
        let path = match path.extension().is_some_and(|extension| extension == "age") {
            true if options.recipients.is_some() => &within,
            true => return Err(Error::target("a `.age` file is encrypted, and nobody was named for whom".to_owned())),
            false => path,
        };
        let (target, codec) = Target::of(path)?;
        let mut compression = options.compression;
        if let Some(codec) = codec {
            let given = compression.get_or_insert(Compression { codec, level: None });
            if given.codec != codec {
                let what = format!("`{}` is compressed by {codec}, and {} was asked for", path.display(), given.codec);
                return Err(Error::target(what));
            }
        } else if let Some(Compression { codec, .. }) = compression
            && !target.codecs.contains(&codec)
        {
            return Err(Error::target(target.not_compressed_by(codec)));
        }
        if let Some(protocol) = options.protocol {
            if !matches!(target.kind, Kind::Pickle | Kind::Joblib) {
                let what = format!("a `.{}` has no pickle protocol to choose", target.extension());
                return Err(Error::target(what));
            }
            if !(2..=5).contains(&protocol) {
                return Err(Error::target(format!("expected a protocol from `2` to `5`, found `{protocol}`")));
            }
        }
        let protocol = options.protocol.unwrap_or(write::DEFAULT_PROTOCOL);
        Ok(Self { kind: target.kind, compression, protocol, recipients: options.recipients.clone() })
    }

    fn whole_file(&self, file: &File, output: &Path) -> Result<Converted, Error> {
        write::whole_file(output, |out| self.write(file, out)).map_err(|error| file.failed(error).in_file(output))?;
        Ok(self.converted(file))
    }

    fn write(&self, file: &File, out: &mut dyn Write) -> Result<(), WriteError> {
        encryption::written(self.recipients.as_ref(), out, |out| self.write_plain(file, out))
    }

    fn write_plain(&self, file: &File, mut out: &mut dyn Write) -> Result<(), WriteError> {
        let graph = &file.contents().graph;
        let level = self.compression.and_then(|compression| compression.level);
        match self.kind {
            Kind::Skiff => {
                let by = written_by(graph).join(", ");
                let notes = if by.is_empty() { Vec::new() } else { vec![("model.written_by".to_owned(), by)] };
                // The level was checked: it is small.
                let compression =
                    self.compression.map(|_| i32::try_from(level.unwrap_or(ZSTD_LEVEL)).unwrap_or(i32::MAX));
                let samples = file.contents().samples.map(|samples| {
                    let mut graph = graph.clone();
                    graph.set_root(samples);
                    graph
                });
                let (passport, samples) = (file.contents().passport.as_deref(), samples.as_ref());
                write::skiff(graph, &SkiffOptions { notes: &notes, compression, passport, samples }, out)
            }
            Kind::Pickle => {
                write::compressed(self.compression, out, &mut |out| write::pickle(graph, self.protocol, out))
            }
            Kind::Joblib => write::joblib(graph, self.protocol, self.compression, out),
            Kind::Skops => {
                let deflate = self.compression.map(|_| level.unwrap_or(DEFLATE_LEVEL));
                write::skops(graph, &SkopsOptions { deflate }, out)
            }
            Kind::Json => write::json(graph, &JsonOptions { written_by: &written_by(graph) }, &mut out),
        }
    }

    fn converted(&self, file: &File) -> Converted {
        let mut converted = Converted::default();
        let more = file.contents().roots.len().saturating_sub(1);
        if more > 0 {
            let what = format!("{more} more pickles stand behind the model, which Python's loaders do not read");
            converted.dropped.push(what);
        }
        if self.kind != Kind::Skiff {
            let (passport, samples) = (file.contents().passport.is_some(), file.contents().samples.is_some());
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

/// zlib's own choice, and that of Python's `zipfile`.
const DEFLATE_LEVEL: u32 = 6;

/// zstd's own choice.
const ZSTD_LEVEL: u32 = 3;

impl Target {
    /// The usual end of its files' names.
    pub fn extension(&self) -> &'static str {
        self.extensions.first().copied().unwrap_or_default()
    }

    /// By name, with the codec that the name ends in.
    fn of(path: &Path) -> Result<(&'static Self, Option<Codec>), Error> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let (stem, extension) = name.rsplit_once('.').unwrap_or(("", &name));
        let with = |extension: &str| TARGETS.iter().find(|target| target.extensions.contains(&extension));
        if let Some(target) = with(extension) {
            return Ok((target, None));
        }
        let codec = COMPRESSED.iter().find(|(known, _)| *known == extension).map(|(_, codec)| *codec);
        let inner = stem.rsplit_once('.').map_or(stem, |(_, inner)| inner);
        // As joblib does for a name that says nothing else.
        let target =
            with(inner).or_else(|| with("joblib")).filter(|target| matches!(target.kind, Kind::Pickle | Kind::Joblib));
        match (target, codec) {
            (Some(target), Some(codec)) => Ok((target, Some(codec))),
            _ => {
                let known: Vec<_> = TARGETS.iter().map(|target| format!("`.{}`", target.extension())).collect();
                let known = known.join(", ");
                Err(Error::target(format!("expected a file to write that ends in {known}, found `{}`", path.display())))
            }
        }
    }

    fn not_compressed(&self) -> String {
        match self.kind {
            Kind::Pickle => {
                "`pickle.load` reads no compressed file: name it `.pkl.gz`, or write a `.joblib`".to_owned()
            }
            _ => format!("a `.{}` is not compressed", self.extension()),
        }
    }

    fn not_compressed_by(&self, found: Codec) -> String {
        let names: Vec<_> = self.codecs.iter().map(|codec| write::codec_name(*codec)).collect();
        match names.split_last() {
            None => self.not_compressed(),
            Some((last, names)) => {
                let or = if names.is_empty() { "" } else { " or " };
                let extension = self.extension();
                format!("a `.{extension}` is compressed by {}{or}{last}, not by {found}", names.join(", "))
            }
        }
    }
}

/// What is written by which name, a line each, for whoever shows help.
pub fn targets_help() -> String {
    let mut text = String::new();
    for target in TARGETS {
        let codecs: Vec<_> = target.codecs.iter().map(|codec| write::codec_name(*codec)).collect();
        let codecs = if codecs.is_empty() { String::new() } else { format!(" (--compress {})", codecs.join(", ")) };
        text.push_str(&format!("  .{}: {}{codecs}\n", target.extensions.join(", ."), target.about));
    }
    text
}
