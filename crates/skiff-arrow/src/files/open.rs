//! An open file: its columns, and the rows of each of its groups.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::{Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use super::{Partition, Source, ipc, messages, parquet};
use crate::{Error, PandasSchema};

/// A row group of a Parquet file, a record batch of an Arrow file, all of an Arrow stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// How many rows it has, where that is known without reading it.
    pub rows: Option<u64>,
}

/// A file whose footer or schema has been read.
#[derive(Debug)]
pub struct DataFile {
    source: Source,
    schema: SchemaRef,
    pandas: PandasSchema,
    /// The partitions, which are the last columns, each with its type.
    partitions: Vec<(Partition, DataType)>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Parquet(parquet::Footer),
    File(ipc::Batches),
    Stream,
}

/// Batches of rows as they are read.
pub(super) type Rows = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>;

impl DataFile {
    /// Opens a file; its content says which format it is. `partitions` become columns.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or neither Parquet nor Arrow.
    pub fn open(source: Source, partitions: Vec<(Partition, DataType)>) -> Result<Self, Error> {
        let opened = caught(|| {
            let magic = source.magic()?;
            let (kind, schema) = if magic.starts_with(b"PAR1") {
                let footer = parquet::Footer::read(source.open()?)?;
                let schema = footer.schema();
                (Kind::Parquet(footer), schema)
            } else if magic == *b"ARROW1" {
                messages::check_file(source.open()?)?;
                let batches = ipc::Batches::read(source.open()?)?;
                let schema = batches.schema();
                (Kind::File(batches), schema)
            } else if magic.starts_with(b"\xff\xff\xff\xff") {
                let file = source.open()?;
                let length = file.size()?;
                messages::check_stream(file, length, messages::Limit::EachBatch)?;
                (Kind::Stream, ipc::stream(source.open()?, None)?.1)
            } else if magic == [0; 6] {
                return Err(Error::new("the file is empty"));
            } else {
                return Err(Error::new("expected a Parquet or an Arrow file"));
            };
            Ok((kind, schema))
        });
        let (kind, schema) = opened.map_err(|error| error.in_file(source.path()))?;
        let pandas = PandasSchema::of(&schema);
        let mut fields: Vec<_> = schema.fields().iter().map(Arc::clone).collect();
        // A column of the file comes before a folder of that name.
        let partitions: Vec<_> =
            partitions.into_iter().filter(|(partition, _)| schema.index_of(&partition.name).is_err()).collect();
        fields.extend(partitions.iter().map(|(partition, of)| Arc::new(Field::new(&partition.name, of.clone(), true))));
        let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
        Ok(Self { source, schema, pandas, partitions, kind })
    }

    /// Where it is.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Its columns, then those of its partitions.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// What pandas noted about the columns.
    pub fn pandas(&self) -> &PandasSchema {
        &self.pandas
    }

    /// Its groups of rows.
    pub fn groups(&self) -> Vec<Group> {
        match &self.kind {
            Kind::Parquet(footer) => footer.rows().map(|rows| Group { rows: Some(rows) }).collect(),
            Kind::File(batches) => vec![Group { rows: None }; batches.count()],
            Kind::Stream => vec![Group { rows: None }],
        }
    }

    /// Whether each of some columns has a null in any row: by the statistics of Parquet, else by reading these columns.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn have_nulls(&self, columns: &[usize]) -> Result<Vec<bool>, Error> {
        let mut nulls = Vec::with_capacity(columns.len());
        for &column in columns {
            let of_file = self.schema.fields().len() - self.partitions.len();
            nulls.push(match &self.kind {
                _ if column >= of_file => {
                    self.partitions.get(column - of_file).is_some_and(|(partition, _)| partition.value.is_none())
                }
                _ if !self.schema.field(column).is_nullable() => false,
                Kind::Parquet(footer) => match footer.has_nulls(column) {
                    Some(has_nulls) => has_nulls,
                    None => self.has_null_among_rows(column)?,
                },
                Kind::File(_) | Kind::Stream => self.has_null_among_rows(column)?,
            });
        }
        Ok(nulls)
    }

    fn has_null_among_rows(&self, column: usize) -> Result<bool, Error> {
        for group in 0..self.groups().len() {
            for batch in self.batches(group, &[column], 1 << 16)? {
                if batch?.column(0).logical_null_count() > 0 {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The rows of a group in batches of at most `most` rows, with these columns in this order.
    ///
    /// # Errors
    /// When the file cannot be read; a batch is an error when the file is damaged there.
    pub fn batches(
        &self,
        group: usize,
        columns: &[usize],
        most: usize,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, Error>> + use<>, Error> {
        let of_file = self.schema.fields().len() - self.partitions.len();
        let mut read: Vec<usize> = columns.iter().copied().filter(|&column| column < of_file).collect();
        read.sort_unstable();
        read.dedup();
        let path = self.source.path().to_owned();
        let placed = move |error: Error| error.in_row_group(group).in_file(&path);
        let rows = caught(|| self.rows(group, &read, most)).map_err(&placed)?;
        let schema = Arc::new(self.schema.project(columns).map_err(Error::from)?);
        let places: Vec<Result<usize, (Partition, DataType)>> = columns
            .iter()
            .map(|&column| match self.partitions.get(column.wrapping_sub(of_file)) {
                Some(partition) if column >= of_file => Err(partition.clone()),
                _ => Ok(read.binary_search(&column).unwrap_or_default()),
            })
            .collect();
        let assembled = move |batch: RecordBatch| {
            let count = batch.num_rows();
            let array = |place: &Result<usize, (Partition, DataType)>| match place {
                Ok(place) => batch.column(*place).clone(),
                Err((partition, data_type)) => partition.array(data_type, count),
            };
            let arrays = places.iter().map(array).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(count));
            RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options).map_err(Error::from)
        };
        let blamed = self.blame(group, read, most);
        let (mut rows, mut failed) = (rows, false);
        Ok(std::iter::from_fn(move || {
            if failed {
                return None;
            }
            let next = caught(|| rows.next().transpose().map_err(Error::from));
            let next = next.map_err(&blamed).transpose()?.and_then(&assembled);
            failed = next.is_err();
            Some(next.map_err(&placed))
        }))
    }

    /// Which column an error of reading some columns is about: the first that cannot be read by itself.
    fn blame(&self, group: usize, columns: Vec<usize>, most: usize) -> impl Fn(Error) -> Error + use<> {
        let again = match &self.kind {
            Kind::Parquet(footer) => Some((footer.clone(), self.source.clone(), Arc::clone(&self.schema))),
            // A batch of an Arrow file is read as a whole.
            Kind::File(_) | Kind::Stream => None,
        };
        move |error| {
            let Some((footer, source, schema)) = &again else { return error };
            for &column in &columns {
                let read = || -> Result<(), Error> {
                    for batch in footer.batches(source.open()?, group, &[column], most)? {
                        batch?;
                    }
                    Ok(())
                };
                if let Err(error) = caught(read) {
                    return error.in_column(schema.field(column).name());
                }
            }
            error
        }
    }

    fn rows(&self, group: usize, columns: &[usize], most: usize) -> Result<Rows, Error> {
        let file = self.source.open()?;
        match &self.kind {
            Kind::Parquet(footer) => footer.batches(file, group, columns, most),
            Kind::File(batches) => batches.group(file, group, columns, most),
            Kind::Stream => Ok(ipc::cut(Box::new(ipc::stream(file, Some(columns))?.0), most)),
        }
    }
}

thread_local! {
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread would be returned as an error: of a reader on a damaged file. A program's panic hook
/// need not report it.
pub fn is_caught() -> bool {
    IS_CAUGHT.get()
}

/// The result of reading, where the reader may panic on a damaged file.
pub(super) fn caught<T>(read: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let before = IS_CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(Error::new("the file is damaged")));
    IS_CAUGHT.set(before);
    result
}
