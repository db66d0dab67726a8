//! Writing a file: its format, and its content.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use skiff_files::write::{self, Compression, JoblibOptions, JsonOptions, SkiffOptions, SkopsOptions, WriteError};
use skiff_files::{Codec, Graph, Node};
use skiff_migrate::to_python3;

use crate::conversions::in_passport;
use crate::inspect::written_by;
use crate::target::{Kind, Target};
use crate::{ConvertOptions, Error, File, Recipients, ScikitLearn, encryption};

/// A format with checked options.
pub(crate) struct Writing {
    pub target: &'static Target,
    compression: Option<Compression>,
    protocol: u8,
    recipients: Option<Recipients>,
    pub scikit_learn: Option<ScikitLearn>,
}

/// The content of a new file: the model, and what a `.skiff` can hold in addition.
pub(crate) struct Held<'a> {
    pub graph: Cow<'a, Graph>,
    pub passport: Option<Cow<'a, str>>,
    /// What becomes of the history of the model: a JSON list.
    pub history: Option<String>,
    /// The root of a graph of its own.
    pub samples: Option<Cow<'a, Graph>>,
}

impl Writing {
    /// The format for a name, if it supports the options.
    pub fn of(path: &Path, options: &ConvertOptions) -> Result<Self, Error> {
        let (target, codec) = named(path, options)?;
        let mut compression = options.compression;
        if let Some(codec) = codec {
            let given = compression.get_or_insert(Compression { codec, level: None });
            if given.codec != codec {
                let what =
                    format!("the extension of `{}` selects {codec}, but {} was requested", path.display(), given.codec);
                return Err(Error::target(what));
            }
        } else if let Some(Compression { codec, .. }) = compression
            && !target.codecs.contains(&codec)
        {
            return Err(target.not_compressed_by(codec));
        }
        let protocol = match options.protocol {
            None if options.scikit_learn.as_ref().is_some_and(ScikitLearn::is_of_python2) => PYTHON2_PROTOCOL,
            None => write::DEFAULT_PROTOCOL,
            Some(_) if !target.is_pickle() => {
                let what = format!("a `.{}` has no pickle protocol", target.extension());
                return Err(Error::target(what));
            }
            Some(protocol) => u8::try_from(protocol)
                .ok()
                .filter(|protocol| (2..=5).contains(protocol))
                .ok_or_else(|| Error::target(format!("expected a protocol from `2` to `5`, found `{protocol}`")))?,
        };
        let (recipients, scikit_learn) = (options.recipients.clone(), options.scikit_learn.clone());
        Ok(Self { target, compression, protocol, recipients, scikit_learn })
    }

    /// Writes the file at `output` atomically.
    pub fn whole_file(&self, held: &Held<'_>, output: &Path) -> Result<(), WriteError> {
        write::whole_file(output, |out| self.write(held, out))
    }

    /// Writes to `out`, encrypted if there are recipients.
    pub fn write(&self, held: &Held<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
        encryption::written(self.recipients.as_ref(), out, |out| self.write_plain(held, out))
    }

    fn write_plain(&self, held: &Held<'_>, mut out: &mut dyn Write) -> Result<(), WriteError> {
        let Held { graph, passport, history, samples } = held;
        let (graph, history): (&Graph, _) = (graph, history.as_deref());
        let level = self.compression.and_then(|compression| compression.level);
        match self.target.kind {
            Kind::Skiff => {
                let by = written_by(graph).join(", ");
                let notes = if by.is_empty() { Vec::new() } else { vec![("model.written_by".to_owned(), by)] };
                // The level was checked: it is small.
                let compression =
                    self.compression.map(|_| i32::try_from(level.unwrap_or(ZSTD_LEVEL)).unwrap_or(i32::MAX));
                let with_history = history.and_then(|history| in_passport(passport.as_deref(), history));
                let (passport, samples) = (with_history.as_deref().or(passport.as_deref()), samples.as_deref());
                write::skiff(graph, &SkiffOptions { notes: &notes, compression, passport, samples }, out)
            }
            Kind::Pickle => write::compressed(self.compression, out, &mut |out| {
                write::pickle_with_history(graph, self.protocol, history, out)
            }),
            Kind::Joblib => {
                let is_unaligned = self.scikit_learn.as_ref().is_some_and(ScikitLearn::has_older_joblib);
                let (protocol, compression) = (self.protocol, self.compression);
                write::joblib_of(graph, &JoblibOptions { protocol, compression, is_unaligned, history }, out)
            }
            Kind::Skops => {
                let deflate = self.compression.map(|_| level.unwrap_or(DEFLATE_LEVEL));
                // skops has no byte strings of Python 2, so that nothing would tell its texts in arrays from bytes.
                let is_python_2 = graph.ids().any(|id| matches!(graph.node(id), Node::ByteStr(_)));
                let graph = if is_python_2 { Cow::Owned(to_python3(graph.clone())) } else { Cow::Borrowed(graph) };
                write::skops(&graph, &SkopsOptions { deflate, history }, out)
            }
            Kind::Json => write::json(graph, &JsonOptions { written_by: &written_by(graph), history }, &mut out),
        }
    }
}

/// The highest that Python 2 reads.
const PYTHON2_PROTOCOL: u8 = 2;

/// zlib's own choice, and that of Python's `zipfile`.
const DEFLATE_LEVEL: u32 = 6;

/// zstd's own choice.
const ZSTD_LEVEL: u32 = 3;

/// The format of the file `path`, with the codec of its last extension. An extension `.age` only means that the
/// file is encrypted.
pub(crate) fn named(path: &Path, options: &ConvertOptions) -> Result<(&'static Target, Option<Codec>), Error> {
    let within = path.with_extension("");
    let path = match path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("age")) {
        true if options.recipients.is_some() => &within,
        true => return Err(Error::target("a `.age` file is encrypted, but there are no recipients".to_owned())),
        false => path,
    };
    match options.format {
        Some(target) => Ok((target, None)),
        None => Target::of(path),
    }
}

impl<'a> Held<'a> {
    /// The content of a file that `target` can hold.
    pub fn of(file: &'a File, target: &Target) -> Self {
        let contents = file.contents();
        let samples = contents.samples.filter(|_| target.kind == Kind::Skiff).map(|samples| {
            let mut graph = contents.graph.clone();
            graph.set_root(samples);
            Cow::Owned(graph)
        });
        Self {
            graph: Cow::Borrowed(&contents.graph),
            passport: contents.passport.as_deref().map(Cow::Borrowed),
            history: file.history_text(),
            samples,
        }
    }
}
