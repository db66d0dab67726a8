//! Why a file could not be read.

use std::{fmt, io};

use crate::{Codec, ValueError};

/// What is wrong with a file, and where.
#[derive(Debug)]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// The offset of the byte that shows it: in the file, or in its decompressed content.
    pub offset: Option<u64>,
    /// Whether the offset counts in decompressed content.
    pub decompressed: bool,
}

/// What is wrong with a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused it.
    Io(io::Error),
    /// There is nothing in it.
    Empty,
    /// It is none of the formats that are read here.
    NoModel(Option<Box<skiff_pickle::Error>>),
    /// It is text: what kind of text.
    Text(&'static str),
    /// It is of a format that is known by name and not read.
    Foreign(&'static str),
    /// It is encrypted by age.
    Encrypted,
    /// It was never the model: a pointer to it, a page about it.
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
        /// How much it allows.
        most: u64,
    },
    /// More layers of compression around each other than an honest file has.
    Layers,
    /// A `.npy` file's header is none that numpy writes.
    NpyHeader(&'static str),
    /// A 7z archive contradicts itself, or holds what is not looked through.
    SevenZ(&'static str),
    /// A zip file's directory or an entry contradicts itself.
    Zip(&'static str),
    /// A zip file holds no model, or more than one.
    ZipContent(Vec<String>),
    /// A skops file's schema is none that skops writes.
    SkopsSchema(&'static str),
    /// A skops file wants a loader that is not known.
    SkopsLoader(String),
    /// A `.skiff` file contradicts itself.
    Container(&'static str),
    /// A `.skiff` file is of a version that is not known yet.
    ContainerVersion {
        /// The newest that is known.
        most: u32,
        /// What the file says.
        found: u32,
    },
    /// The bytes of a `.skiff` file are not those that its digest is of.
    Digest,
    /// A file that has no digest was to be verified.
    NoDigest,
    /// A companion file is named in a way that leaves the model's directory.
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
        // What the joblib reader said comes back as itself.
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
    /// The name of the one of [`crate::Limits`] that would be exceeded, where that is the reason.
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
            Self::Foreign(name) => write!(f, "{name} is not read: expected pickle, joblib, skops or npy"),
            Self::Encrypted => write!(f, "the file is encrypted by age: an identity is needed to open it"),
            Self::Pointer(name) => write!(f, "this is {name}, not the model itself"),
            Self::Pickle(error) if self.limit().is_some() => write!(f, "{}", error.kind),
            Self::Pickle(error) => write!(f, "damaged pickle: {}", error.kind),
            Self::Value(error) => write!(f, "{error}"),
            Self::Compressed(codec, error) => write!(f, "damaged {codec} content: {error}"),
            Self::Limit { name: "time", most } => write!(f, "the limit `time` of {most} milliseconds is exceeded"),
            Self::Limit { name, most } => write!(f, "the limit `{name}` of {most} is exceeded"),
            Self::Layers => write!(f, "more than four layers of compression around each other"),
            Self::NpyHeader(what) => write!(f, "damaged npy header: {what}"),
            Self::Zip(what) => write!(f, "damaged zip: {what}"),
            Self::SevenZ(what) => write!(f, "damaged 7z: {what}"),
            Self::ZipContent(names) if names.is_empty() => write!(f, "the zip holds no file"),
            Self::ZipContent(names) => {
                write!(f, "expected a zip with one model in it, found {}", quoted(names))
            }
            Self::SkopsSchema(what) => write!(f, "damaged skops file: {what}"),
            Self::Container(what) => write!(f, "the `.skiff` file contradicts itself: {what}"),
            Self::ContainerVersion { most, found } => {
                write!(f, "expected a `.skiff` file of version `{most}` or before, found version `{found}`")
            }
            Self::Digest => write!(f, "the file is not as it was written: its digest is of other bytes"),
            Self::NoDigest => write!(f, "expected a `.skiff` file, found one that has no digest"),
            Self::SkopsLoader(name) => write!(f, "the skops loader `{name}` is not known"),
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
