//! Writes batches of one schema.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::Error;

/// How many rows a row group has at most: as many are held in memory.
const GROUP_ROWS: usize = 1 << 18;

/// The format of a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Parquet, compressed with zstd.
    Parquet,
    /// An Arrow file, also known as Feather, compressed with LZ4.
    ArrowFile,
    /// An Arrow stream, for pipes.
    ArrowStream,
}

/// A file to which batches are written.
pub enum Writer<W: Write + Send> {
    /// Parquet.
    Parquet(Box<ArrowWriter<W>>),
    /// An Arrow file.
    File(Box<FileWriter<W>>),
    /// An Arrow stream.
    Stream(Box<StreamWriter<W>>),
}

impl<W: Write + Send> std::fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl<W: Write + Send> Writer<W> {
    /// Begins a file; the metadata of the schema is that of the file.
    ///
    /// # Errors
    /// When it cannot be written, or the format lacks one of the types.
    pub fn new(out: W, format: FileFormat, schema: &SchemaRef) -> Result<Self, Error> {
        Ok(match format {
            FileFormat::Parquet => {
                // For readers that do not know Arrow's own note of the schema.
                let mut metadata: Vec<_> = schema.metadata().iter().collect();
                metadata.sort();
                let metadata = metadata.into_iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .set_max_row_group_row_count(Some(GROUP_ROWS))
                    .set_key_value_metadata(Some(metadata.collect()))
                    .build();
                Self::Parquet(Box::new(ArrowWriter::try_new(out, schema.clone(), Some(properties))?))
            }
            FileFormat::ArrowFile => {
                let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
                Self::File(Box::new(FileWriter::try_new_with_options(out, schema, options)?))
            }
            FileFormat::ArrowStream => Self::Stream(Box::new(StreamWriter::try_new(out, schema)?)),
        })
    }

    /// Writes some rows.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        match self {
            Self::Parquet(writer) => writer.write(batch)?,
            Self::File(writer) => writer.write(batch)?,
            Self::Stream(writer) => {
                writer.write(batch)?;
                writer.flush()?;
            }
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When its end cannot be written.
    pub fn finish(self) -> Result<W, Error> {
        Ok(match self {
            Self::Parquet(writer) => writer.into_inner()?,
            Self::File(writer) => writer.into_inner()?,
            Self::Stream(writer) => writer.into_inner()?,
        })
    }
}
