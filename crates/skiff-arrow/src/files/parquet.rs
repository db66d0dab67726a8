//! Parquet: the footer, and row groups.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use arrow_schema::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::reader::ChunkReader;

use super::object::{Chunks, Opened};
use super::open::Rows;
use super::thrift;
use crate::Error;

/// The footer of a file.
#[derive(Clone, Debug)]
pub struct Footer(ArrowReaderMetadata);

impl Footer {
    /// Reads a footer. The types are Arrow's own, where the writer noted them.
    pub fn read(file: Opened) -> Result<Self, Error> {
        match file {
            Opened::File(mut file) => {
                check_lists(&mut file)?;
                Self::of(&file)
            }
            Opened::Object(reader) => Self::of(&Chunks::new(reader.object().clone(), Vec::new())),
        }
    }

    /// The same of any reader of parts.
    pub fn of(file: &impl ChunkReader) -> Result<Self, Error> {
        let read = |options| ArrowReaderMetadata::load(file, options);
        // A note that contradicts the columns is left aside, as the types of Parquet suffice.
        let footer = read(ArrowReaderOptions::new())
            .or_else(|error| read(ArrowReaderOptions::new().with_skip_arrow_metadata(true)).map_err(|_| error));
        Ok(Self(footer?))
    }

    /// All that it says.
    pub fn metadata(&self) -> &ArrowReaderMetadata {
        &self.0
    }

    pub fn schema(&self) -> SchemaRef {
        self.0.schema().clone()
    }

    /// The number of rows of each row group.
    pub fn rows(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.metadata().row_groups().iter().map(|group| u64::try_from(group.num_rows()).unwrap_or(0))
    }

    /// Whether a column has nulls in any row group; `None` where the statistics do not say.
    pub fn has_nulls(&self, column: usize) -> Option<bool> {
        let schema = self.0.parquet_schema();
        let leaf = (0..schema.num_columns()).find(|&leaf| schema.get_column_root_idx(leaf) == column)?;
        let groups = self.0.metadata().row_groups();
        let counts = groups.iter().map(|group| group.columns().get(leaf)?.statistics()?.null_count_opt());
        counts.collect::<Option<Vec<_>>>().map(|counts| counts.iter().any(|&count| count > 0))
    }

    /// The rows of a group.
    pub fn batches(&self, file: Opened, group: usize, columns: &[usize], most: usize) -> Result<Rows, Error> {
        match file {
            Opened::File(file) => self.rows_of(file, group, columns, most),
            Opened::Object(reader) => {
                let chunks = Chunks::new(reader.object().clone(), self.places(group, columns));
                self.rows_of(chunks, group, columns, most)
            }
        }
    }

    /// Where the columns of a group are in the file.
    fn places(&self, group: usize, columns: &[usize]) -> Vec<Range<u64>> {
        let schema = self.0.parquet_schema();
        let chunks = self.0.metadata().row_groups().get(group).map_or(&[][..], |group| group.columns());
        let chosen = (0..).zip(chunks).filter(|(leaf, _)| columns.contains(&schema.get_column_root_idx(*leaf)));
        chosen
            .map(|(_, chunk)| {
                let (start, length) = chunk.byte_range();
                start..start.saturating_add(length)
            })
            .collect()
    }

    fn rows_of(
        &self,
        file: impl ChunkReader + 'static,
        group: usize,
        columns: &[usize],
        most: usize,
    ) -> Result<Rows, Error> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.0.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
        let reader = builder.with_row_groups(vec![group]).with_projection(mask).with_batch_size(most).build()?;
        Ok(Box::new(reader))
    }
}

/// Checks the lists in a file's footer, if it has one: reading it says what else is wrong.
fn check_lists(file: &mut File) -> Result<(), Error> {
    let mut end = [0; 8];
    let size = file.seek(SeekFrom::End(0))?;
    let Some(behind) = size.checked_sub(8) else { return Ok(()) };
    file.seek(SeekFrom::Start(behind))?;
    file.read_exact(&mut end)?;
    let [length @ .., b'P', b'A', b'R', b'1'] = end else { return Ok(()) };
    let Some(start) = behind.checked_sub(u32::from_le_bytes(length).into()) else { return Ok(()) };
    file.seek(SeekFrom::Start(start))?;
    let mut footer = Vec::new();
    file.take(behind - start).read_to_end(&mut footer)?;
    thrift::check_lists(&footer)
}
