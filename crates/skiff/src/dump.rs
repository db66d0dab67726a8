//! What a Python at hand has pickled, written as a model file of any kind.

use std::io::Write;
use std::path::Path;

use skiff_files::Bytes;
use skiff_files::write::{self, Compression, SkiffOptions, SkopsOptions, WriteError};

use crate::inspect::written_by;
use crate::{Error, File, Limits, Recipients, encryption};

/// As what a model is written.
#[derive(Clone, Copy, Debug)]
pub enum DumpFormat<'a> {
    /// `.skiff`.
    Skiff {
        /// The level of zstd; without one, arrays are as they are, to be mapped.
        level: Option<i32>,
        /// Where the model comes from: the text of a JSON object.
        passport: Option<&'a str>,
        /// Rows that were recorded with their answers.
        samples: Option<&'a File>,
    },
    /// What `pickle.load` reads, from a file that Python's `gzip` and its like open where it is compressed.
    Pickle {
        /// The protocol, 2 to 5.
        protocol: u8,
        /// How it is compressed, if at all.
        compression: Option<Compression>,
    },
    /// What `joblib.load` reads.
    Joblib {
        /// The protocol, 2 to 5.
        protocol: u8,
        /// How it is compressed, if at all.
        compression: Option<Compression>,
    },
    /// What `skops.io.load` reads.
    Skops {
        /// The level of deflate, 0 to 9; without one, entries are as they are.
        deflate: Option<u32>,
    },
}

impl File {
    /// Reads a pickle that this program's own Python has made, whose large buffers were kept apart
    /// (`buffer_callback=`). It may be as large as it is.
    ///
    /// # Errors
    /// When it is no whole pickle.
    pub fn of_pickle(pickle: Bytes, buffers: impl IntoIterator<Item = Bytes>) -> Result<Self, Error> {
        let all = u64::MAX;
        let limits = Limits { decompressed: all, ratio: all, nodes: all, decoded: all, ..Limits::default() };
        Ok(Self::new(skiff_files::read_with_buffers(pickle, buffers, &limits)?, None))
    }

    /// Writes what the file holds, encrypted where there are recipients. Of several pickles in a row the first is written.
    ///
    /// # Errors
    /// What the format cannot say, and what `out` reports.
    pub fn dump(
        &self,
        format: DumpFormat<'_>,
        recipients: Option<&Recipients>,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        Ok(encryption::written(recipients, out, |out| self.write_as(format, out))?)
    }

    /// As [`File::dump`], to a file that appears when it is whole; until then one of that name stays as it was.
    ///
    /// # Errors
    /// As [`File::dump`], and what the operating system says.
    pub fn dump_to(
        &self,
        format: DumpFormat<'_>,
        recipients: Option<&Recipients>,
        path: impl AsRef<Path>,
    ) -> Result<(), Error> {
        let path = path.as_ref();
        write::whole_file(path, |out| encryption::written(recipients, out, |out| self.write_as(format, out)))
            .map_err(|error| Error::from(error).in_file(path))
    }

    fn write_as(&self, format: DumpFormat<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
        let graph = &self.contents().graph;
        match format {
            DumpFormat::Skiff { level, passport, samples } => {
                let by = written_by(graph).join(", ");
                let notes = if by.is_empty() { Vec::new() } else { vec![("model.written_by".to_owned(), by)] };
                let samples = samples.map(|samples| &samples.contents().graph);
                write::skiff(graph, &SkiffOptions { notes: &notes, compression: level, passport, samples }, out)
            }
            DumpFormat::Pickle { protocol, compression } => {
                write::compressed(compression, out, &mut |out| write::pickle(graph, protocol, out))
            }
            DumpFormat::Skops { deflate } => write::skops(graph, &SkopsOptions { deflate }, out),
            DumpFormat::Joblib { protocol, compression } => write::joblib(graph, protocol, compression, out),
        }
    }
}
