//! Arrow files, which have a footer, and Arrow streams, which do not.

use std::io::BufReader;

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};

use super::object::Opened;
use super::open::Rows;
use crate::Error;

/// The schema of an Arrow file, and the number of its record batches.
#[derive(Clone, Debug)]
pub struct Batches {
    schema: SchemaRef,
    count: usize,
}

impl Batches {
    pub fn read(file: Opened) -> Result<Self, Error> {
        let reader = FileReader::try_new_buffered(file, None)?;
        Ok(Self { schema: reader.schema(), count: reader.num_batches() })
    }

    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// The rows of one record batch.
    pub fn group(&self, file: Opened, group: usize, columns: &[usize], most: usize) -> Result<Rows, Error> {
        let mut reader = FileReader::try_new_buffered(file, Some(columns.to_vec()))?;
        reader.set_index(group)?;
        Ok(cut(Box::new(reader.take(1)), most))
    }
}

/// The batches of a stream, and its schema; `columns` select and order none.
pub fn stream(
    file: Opened,
    columns: Option<&[usize]>,
) -> Result<(impl Iterator<Item = Result<RecordBatch, ArrowError>> + use<>, SchemaRef), Error> {
    let reader = StreamReader::try_new(BufReader::new(file), columns.map(<[usize]>::to_vec))?;
    let schema = reader.schema();
    Ok((reader, schema))
}

/// Batches of at most `most` rows; one without rows is kept.
pub fn cut(batches: Rows, most: usize) -> Rows {
    Box::new(batches.flat_map(move |batch| {
        let pieces: Vec<_> = match batch {
            Ok(batch) if batch.num_rows() > most => (0..batch.num_rows())
                .step_by(most)
                .map(|start| Ok(batch.slice(start, most.min(batch.num_rows() - start))))
                .collect(),
            whole => vec![whole],
        };
        pieces
    }))
}
