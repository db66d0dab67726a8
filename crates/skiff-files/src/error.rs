//! Errors of reading a file.

use std::{fmt, io};

use crate::{Codec, ValueError};

/// What is wrong with a file, and where.
#[derive(Debug)]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// The offset at which it was found: in the file, or in its decompressed content.
    pub offset: Option<u64>,
    /// Whether the offset is in decompressed content.
    pub decompressed: bool,
}

/// What is wrong with a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An error of the operating system.
    Io(io::Error),
    /// The file is empty.
    Empty,
    /// It has no supported format.
    NoModel(Option<Box<skiff_pickle::Error>>),
    /// It is text of this kind.
    Text(&'static str),
    /// It has a known format that is not supported.
    Foreign(&'static str),
    /// It is encrypted with age.
    Encrypted,
    /// It is not the model itself: a pointer to it, or a web page.
    Pointer(&'static str),
    /// A pickle is damaged, or exceeds a limit.
    Pickle(Box<skiff_pickle::Error>),
    /// An array or another value is damaged.
    Value(ValueError),
    /// Compressed content is damaged.
    Compressed(Codec, io::Error),
    /// One of [`crate::Limits`] would be exceeded.
    Limit {
        /// Its name.
        name: &'static str,
        /// Its value.
        most: u64,
    },
    /// More nested layers of compression than a regular file has.
    Layers,
    /// The header of a `.npy` file is not as numpy writes it.
    NpyHeader(&'static str),
    /// A 7z archive is inconsistent, or has unsupported content.
    SevenZ(&'static str),
    /// A zip file's directory or an entry is inconsistent.
    Zip(&'static str),
    /// A zip file has no model, or more than one.
    ZipContent(Vec<String>),
    /// The schema of a skops file is not as skops writes it.
    SkopsSchema(&'static str),
    /// A model as JSON is not as `docs/json.md` specifies it.
    ModelJson(String),
    /// A skops file has an unknown loader.
    SkopsLoader(String),
    /// A `.skiff` file is inconsistent.
    Container(&'static str),
    /// A `.skiff` file has a newer version than supported.
    ContainerVersion {
        /// The newest supported version.
        most: u32,
        /// The version of the file.
        found: u32,
    },
    /// The bytes of a `.skiff` file do not match its digest.
    Digest,
    /// A file without a digest cannot be verified.
    NoDigest,
    /// The name of a companion file is outside of the model's directory.
    CompanionName(String),
    /// The model keeps its arrays in companion files, and was not opened by path.
    CompanionWithoutPath(String),
    /// A companion file cannot be read.
    Companion(String, Box<Error>),
}

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self { kind, offset: None, decompressed: false }
    }

    pub(crate) fn at(kind: ErrorKind, offset: usize) -> Self {
        Self { kind, offset: u64::try_from(offset).ok(), decompressed: false }
    }

    pub(crate) fn decompressed(self, decompressed: bool) -> Self {
        Self { decompressed: decompressed || self.decompressed, ..self }
    }
}

impl From<skiff_pickle::Error> for Error {
    fn from(error: skiff_pickle::Error) -> Self {
        let offset = error.offset;
        // Return an error of the joblib reader unchanged.
        match error.kind {
            skiff_pickle::ErrorKind::Host(host) => match host.downcast::<Self>() {
                Ok(own) => Self { offset: own.offset.or(u64::try_from(offset).ok()), ..*own },
                Err(host) => {
                    let kind = skiff_pickle::ErrorKind::Host(host);
                    Self::at(ErrorKind::Pickle(Box::new(skiff_pickle::Error { kind, offset })), offset)
                }
            },
            _ => Self::at(ErrorKind::Pickle(Box::new(error)), offset),
        }
    }
}

impl From<ValueError> for Error {
    fn from(error: ValueError) -> Self {
        Self::new(ErrorKind::Value(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        match self.offset {
            Some(offset) if self.decompressed => write!(f, ", at byte {offset} of the decompressed content"),
            Some(offset) => write!(f, ", at byte {offset}"),
            None => Ok(()),
        }
    }
}

impl ErrorKind {
    /// The name of the one of [`crate::Limits`] that would be exceeded, if that is the error.
    pub fn limit(&self) -> Option<&'static str> {
        match self {
            Self::Limit { name, .. } => Some(name),
            Self::Pickle(error) => match error.kind {
                skiff_pickle::ErrorKind::Limit { name, .. } => Some(name),
                _ => None,
            },
            Self::Companion(_, error) => error.kind.limit(),
            _ => None,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot read the file: {error}"),
            Self::Empty => write!(f, "the file is empty"),
            Self::NoModel(None) => write!(f, "not a model file: neither pickle, joblib, skops nor npy"),
            Self::NoModel(Some(error)) => {
                write!(f, "not a model file: neither joblib, skops nor npy, and as a pickle: {}", error.kind)
            }
            Self::Text(what) => write!(f, "not a model file: it is {what}"),
            Self::Foreign(name) => write!(f, "{name} is not supported: expected pickle, joblib, skops, npy or .skiff"),
            Self::Encrypted => write!(f, "the file is encrypted with age: an identity is needed to open it"),
            Self::Pointer(name) => write!(f, "this is {name}, not the model itself"),
            Self::Pickle(error) if self.limit().is_some() => write!(f, "{}", error.kind),
            Self::Pickle(error) => write!(f, "damaged pickle: {}", error.kind),
            Self::Value(error) => write!(f, "{error}"),
            Self::Compressed(codec, error) => write!(f, "damaged {codec} content: {error}"),
            Self::Limit { name: "time", most } => write!(f, "the limit `time` of {most} milliseconds is exceeded"),
            Self::Limit { name, most } => write!(f, "the limit `{name}` of {most} is exceeded"),
            Self::Layers => write!(f, "more than four nested layers of compression"),
            Self::NpyHeader(what) => write!(f, "damaged npy header: {what}"),
            Self::Zip(what) => write!(f, "damaged zip: {what}"),
            Self::SevenZ(what) => write!(f, "damaged 7z: {what}"),
            Self::ZipContent(names) if names.is_empty() => write!(f, "the zip has no file"),
            Self::ZipContent(names) => {
                write!(f, "expected a zip with one model in it, found {}", quoted(names))
            }
            Self::ModelJson(what) => write!(f, "damaged model as JSON: {what}"),
            Self::SkopsSchema(what) => write!(f, "damaged skops file: {what}"),
            Self::Container(what) => write!(f, "damaged `.skiff` file: {what}"),
            Self::ContainerVersion { most, found } => {
                write!(f, "expected a `.skiff` file of version `{most}` or earlier, found version `{found}`")
            }
            Self::Digest => write!(f, "digest mismatch: the file was modified"),
            Self::NoDigest => write!(f, "expected a `.skiff` file, found a format without digest"),
            Self::SkopsLoader(name) => write!(f, "unknown skops loader `{name}`"),
            Self::CompanionName(name) => {
                write!(f, "the companion file {name:?} is not in the model's own directory")
            }
            Self::CompanionWithoutPath(name) => {
                write!(f, "the arrays are in companion files like {name:?}: open the model by its path")
            }
            Self::Companion(name, error) => write!(f, "companion file {name:?}: {error}"),
        }
    }
}

/// The first few names, and how many more there are.
fn quoted(names: &[String]) -> String {
    let mut text: Vec<String> = names.iter().take(5).map(|name| format!("{name:?}")).collect();
    match names.len().saturating_sub(5) {
        0 => {}
        more => text.push(format!("{more} more")),
    }
    text.join(", ")
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            ErrorKind::Io(error) | ErrorKind::Compressed(_, error) => Some(error),
            ErrorKind::Pickle(error) | ErrorKind::NoModel(Some(error)) => Some(error),
            ErrorKind::Value(error) => Some(error),
            ErrorKind::Companion(_, error) => Some(error),
            _ => None,
        }
    }
}
