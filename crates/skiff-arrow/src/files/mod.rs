//! Parquet and Arrow files: their columns before any row is read, and their rows in groups that can be read in parallel.

mod body;
mod find;
mod ipc;
mod messages;
mod object;
mod open;
mod parquet;
mod partition;
mod thrift;
mod write;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, SchemaRef};

pub use body::{BodyFormat, BodyLimits, read_body};
pub use bytes::Bytes;
pub use find::{Found, find, find_listed, folder_of};
pub use object::{Object, ObjectReader};
pub use open::{DataFile, Group, is_caught};
pub use partition::{Partition, data_type as partition_type};
pub use write::{FileFormat, Writer};

use self::object::Opened;
use crate::Error;

/// Where the bytes of a file are.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, for messages.
    path: PathBuf,
    place: Place,
}

/// What has the bytes.
#[derive(Clone, Debug)]
enum Place {
    /// The file of that name.
    Named,
    /// A file without a name.
    Unnamed(Arc<File>),
    /// A file that is not on this machine.
    Object(Arc<dyn Object>),
}

impl Source {
    /// The file at `path`.
    pub fn named(path: &Path) -> Self {
        Self { path: path.to_owned(), place: Place::Named }
    }

    /// An open file, which nothing else reads from; `shown` is its name in messages.
    pub fn unnamed(file: File, shown: &Path) -> Self {
        Self { path: shown.to_owned(), place: Place::Unnamed(Arc::new(file)) }
    }

    /// A file that is not on this machine; `shown` is its name in messages.
    pub fn object(object: Arc<dyn Object>, shown: &Path) -> Self {
        Self { path: shown.to_owned(), place: Place::Object(object) }
    }

    /// What tells the content of an object from that of an earlier one of its name; `None` for a file.
    pub fn identity(&self) -> Option<String> {
        match &self.place {
            Place::Object(object) => Some(object.identity()),
            Place::Named | Place::Unnamed(_) => None,
        }
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether two threads can read from it at a time.
    pub fn is_shareable(&self) -> bool {
        !matches!(self.place, Place::Unnamed(_))
    }

    /// The file, at its beginning.
    fn open(&self) -> io::Result<Opened> {
        match &self.place {
            Place::Named => File::open(&self.path).map(Opened::File),
            Place::Unnamed(file) => {
                let mut file = file.try_clone()?;
                file.rewind()?;
                Ok(Opened::File(file))
            }
            Place::Object(object) => Ok(Opened::Object(ObjectReader::of(Arc::clone(object)))),
        }
    }

    /// The first bytes of the file.
    fn magic(&self) -> io::Result<[u8; 6]> {
        let mut magic = [0; 6];
        let mut file = match &self.place {
            // Not a byte more.
            Place::Object(object) => Opened::Object(ObjectReader::new(Arc::clone(object), 0)),
            _ => self.open()?,
        };
        let mut at = 0;
        while at < magic.len() {
            match file.read(&mut magic[at..])? {
                0 => break,
                count => at += count,
            }
        }
        Ok(magic)
    }
}

/// The same column without a dictionary: not every format takes another dictionary for each batch.
///
/// # Errors
/// When its codes are outside of the dictionary.
pub fn without_dictionary(array: &ArrayRef) -> Result<ArrayRef, Error> {
    match array.as_any_dictionary_opt() {
        Some(dictionary) => Ok(arrow_select::take::take(dictionary.values(), dictionary.keys(), None)?),
        None => Ok(array.clone()),
    }
}

/// All rows of some batches.
///
/// # Errors
/// When their columns differ.
pub fn concatenated(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<RecordBatch, Error> {
    Ok(arrow_select::concat::concat_batches(schema, batches)?)
}

impl From<ArrowError> for Error {
    fn from(error: ArrowError) -> Self {
        Self::new(match error {
            ArrowError::IoError(what, _) | ArrowError::IpcError(what) | ArrowError::ParseError(what) => what,
            other => other.to_string(),
        })
    }
}

impl From<::parquet::errors::ParquetError> for Error {
    fn from(error: ::parquet::errors::ParquetError) -> Self {
        use ::parquet::errors::ParquetError;

        Self::new(match error {
            ParquetError::General(what) | ParquetError::EOF(what) | ParquetError::NYI(what) => what,
            other => other.to_string(),
        })
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::new("the file is damaged: it ends early"),
            _ => Self::new(error),
        }
    }
}
