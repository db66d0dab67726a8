//! The formats that can be written: their list, and how a file's name selects one.

use std::path::Path;

use skiff_files::Codec;
use skiff_files::write::codec_name;

use crate::Error;

/// A format that can be written.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, for options that select a format.
    pub name: &'static str,
    /// The extensions of its files' names, the usual one first.
    pub extensions: &'static [&'static str],
    /// A short description.
    pub about: &'static str,
    /// The codecs that it supports.
    pub codecs: &'static [Codec],
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Skiff,
    Pickle,
    Joblib,
    Skops,
    Json,
}

/// The formats that can be written.
pub const TARGETS: &[Target] = &[
    Target {
        name: "skiff",
        extensions: &["skiff"],
        about: "skiff's own, a safetensors file with the complete model",
        codecs: &[Codec::Zstd],
        kind: Kind::Skiff,
    },
    Target {
        name: "pickle",
        extensions: &["pkl", "pickle"],
        about: "a pickle, for `pickle.load`",
        codecs: &[],
        kind: Kind::Pickle,
    },
    Target {
        name: "joblib",
        extensions: &["joblib"],
        about: "for `joblib.load`",
        codecs: &[Codec::Zlib, Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Lzma, Codec::Lz4],
        kind: Kind::Joblib,
    },
    Target {
        name: "skops",
        extensions: &["skops"],
        about: "for `skops.io.load`",
        codecs: &[Codec::Deflate],
        kind: Kind::Skops,
    },
    Target {
        name: "json",
        extensions: &["json"],
        about: "every parameter as text, for people and other programs: docs/json.md",
        codecs: &[],
        kind: Kind::Json,
    },
];

/// joblib's extension for each of its codecs. A pickle compressed with one of them is what Python's `gzip`, `bz2` and
/// `lzma` open.
const COMPRESSED: [(&str, Codec); 6] = [
    ("z", Codec::Zlib),
    ("gz", Codec::Gzip),
    ("bz2", Codec::Bzip2),
    ("xz", Codec::Xz),
    ("lzma", Codec::Lzma),
    ("lz4", Codec::Lz4),
];

impl Target {
    /// The usual extension of its files' names.
    pub fn extension(&self) -> &'static str {
        self.extensions.first().copied().unwrap_or_default()
    }

    /// The format for a file's name, ignoring case, and the codec of its last extension.
    pub(crate) fn of(path: &Path) -> Result<(&'static Self, Option<Codec>), Error> {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let (stem, extension) = name.rsplit_once('.').unwrap_or(("", &name));
        let with = |extension: &str| TARGETS.iter().find(|target| target.extensions.contains(&extension));
        if let Some(target) = with(extension) {
            return Ok((target, None));
        }
        let codec = COMPRESSED.iter().find(|(known, _)| *known == extension).map(|(_, codec)| *codec);
        let inner = stem.rsplit_once('.').map_or(stem, |(_, inner)| inner);
        // As joblib does for a name with only a codec's extension.
        let target = with(inner).or_else(|| with("joblib")).filter(|target| target.is_pickle());
        match (target, codec) {
            (Some(target), Some(codec)) => Ok((target, Some(codec))),
            _ => {
                let known: Vec<_> = TARGETS.iter().map(|target| format!("`.{}`", target.extension())).collect();
                let known = known.join(", ");
                Err(Error::target(format!(
                    "expected an output file with the extension {known}, found `{}`",
                    path.display()
                )))
            }
        }
    }

    /// Whether it is a pickle or joblib's format: it has a protocol, and its name may end in a codec's extension.
    pub(crate) fn is_pickle(&self) -> bool {
        matches!(self.kind, Kind::Pickle | Kind::Joblib)
    }

    /// Why it cannot be compressed.
    pub(crate) fn not_compressed(&self) -> Error {
        Error::target(match self.kind {
            Kind::Pickle => {
                "`pickle.load` does not read compressed files: name it `.pkl.gz`, or write a `.joblib`".to_owned()
            }
            _ => format!("a `.{}` cannot be compressed", self.extension()),
        })
    }

    /// Why it cannot be compressed with `found`.
    pub(crate) fn not_compressed_by(&self, found: Codec) -> Error {
        let names: Vec<_> = self.codecs.iter().map(|codec| codec_name(*codec)).collect();
        match names.split_last() {
            None => self.not_compressed(),
            Some((last, names)) => {
                let or = if names.is_empty() { "" } else { " or " };
                let (extension, names) = (self.extension(), names.join(", "));
                Error::target(format!("a `.{extension}` can be compressed with {names}{or}{last}, not with {found}"))
            }
        }
    }
}

/// The formats and their extensions, one per line, for help texts.
pub fn targets_help() -> String {
    let mut text = String::new();
    for target in TARGETS {
        let codecs: Vec<_> = target.codecs.iter().map(|codec| codec_name(*codec)).collect();
        let codecs = if codecs.is_empty() { String::new() } else { format!(" (--compress {})", codecs.join(", ")) };
        text.push_str(&format!("  .{}: {}{codecs}\n", target.extensions.join(", ."), target.about));
    }
    text
}
