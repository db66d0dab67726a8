//! CSV and TSV, in blocks of rows.

use std::io;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use skiff::value::Columns;

use super::column::ColumnReader;
use super::kind::{Kind, Seen};
use super::records::{Record, RecordError, Records};
use super::source::{self, Copy, Stream};
use super::{BATCH_ROWS, Batch, Chosen, Content};
use crate::input::{is_stream, shown};
use crate::report::Failure;

/// The dialect of a CSV file.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// The delimiter.
    pub delimiter: u8,
    /// The decimal separator.
    pub decimal: u8,
    /// Whether the first line has the columns' names.
    pub header: bool,
}

/// A CSV file whose header has been read.
pub struct CsvFile {
    path: PathBuf,
    dialect: Dialect,
    /// The columns' names; `0`, `1`, … without a header.
    pub names: Vec<String>,
    progress: ProgressBar,
    records: Option<Records<Stream>>,
    /// The first row, if it had to be read to count the columns.
    first: Option<Record>,
    columns: Vec<ColumnReader>,
    rows: u64,
}

impl CsvFile {
    /// Opens a file and reads its header.
    pub fn open(path: &Path, dialect: Dialect, progress: &ProgressBar) -> Result<Self, Failure> {
        let mut records = records(path, &dialect, progress)?;
        let first = records.read().map_err(|error| failure(path, error))?;
        let (names, first) = match first {
            Some(record) if dialect.header => (unique_names(&record), None),
            Some(record) => ((0..record.len()).map(|column| column.to_string()).collect(), Some(record)),
            None if dialect.header => {
                return Err(Failure::data(shown(path), "the data is empty: expected a line with the columns' names"));
            }
            None => (Vec::new(), None),
        };
        let (path, progress, records) = (path.to_owned(), progress.clone(), Some(records));
        Ok(Self { path, dialect, names, progress, records, first, columns: Vec::new(), rows: 0 })
    }

    /// Names the columns of a file that has no header.
    pub fn name_columns(&mut self, names: &[String]) -> Result<(), Failure> {
        if names.len() != self.names.len() {
            let what = format!("`--columns` names {} columns, the data has {}", names.len(), self.names.len());
            return Err(Failure::data(shown(&self.path), what));
        }
        self.names = names.to_vec();
        Ok(())
    }

    /// Selects columns, each with its type. A column whose type is inferred is read to its end first:
    /// standard input and pipes are copied for that.
    pub fn choose(&mut self, mut columns: Vec<Chosen>) -> Result<(), Failure> {
        let decimal = self.dialect.decimal;
        if columns.iter().any(|column| matches!(column.kind, Kind::Whole)) {
            self.see(&mut columns)?;
        }
        self.columns = columns.into_iter().map(|column| ColumnReader::new(column, decimal)).collect();
        Ok(())
    }

    /// Reads the data to its end to infer the types of columns, and seeks back.
    fn see(&mut self, columns: &mut [Chosen]) -> Result<(), Failure> {
        let mut again = self.twice()?;
        let mut seen = vec![Seen::NOTHING; columns.len()];
        let mut add = |record: &Record| {
            for (seen, column) in seen.iter_mut().zip(columns.iter()) {
                seen.add(record.get(column.place).unwrap_or_default(), self.dialect.decimal);
            }
        };
        self.first.iter().for_each(&mut add);
        let mut records = again(&ProgressBar::hidden())?;
        while let Some(record) = records.read().map_err(|error| failure(&self.path, error))? {
            add(&record);
        }
        self.progress.set_position(0);
        self.records = Some(again(&self.progress)?);
        for (column, seen) in columns.iter_mut().zip(seen) {
            if matches!(column.kind, Kind::Whole) {
                column.kind = seen.kind();
            }
        }
        Ok(())
    }

    /// Seeks back to the first row, or to that after `first`, repeatedly.
    fn twice(&mut self) -> Result<impl FnMut(&ProgressBar) -> Result<Records<Stream>, Failure> + use<>, Failure> {
        let (path, dialect) = (self.path.clone(), self.dialect.clone());
        let failed = |path: &Path, error: io::Error| Failure::data(shown(path), error);
        let mut copied = None;
        if let (true, Some(records)) = (is_stream(&path), self.records.take()) {
            let (mut rest, line) = records.into_rest().map_err(|error| failed(&path, error))?;
            copied = Some((Copy::of(&mut rest).map_err(|error| failed(&path, error))?, line));
        } else {
            self.first = None;
        }
        Ok(move |progress: &ProgressBar| match &mut copied {
            Some((copy, line)) => {
                let stream = copy.open().map_err(|error| failed(&path, error))?;
                Ok(Records::new(stream, dialect.delimiter, *line))
            }
            None => {
                let mut records = records(&path, &dialect, progress)?;
                if dialect.header {
                    records.read().map_err(|error| failure(&path, error))?;
                }
                Ok(records)
            }
        })
    }

    fn batch(&mut self) -> Result<Option<Batch>, Failure> {
        let mut block: Vec<Record> = self.first.take().into_iter().collect();
        let Some(records) = &mut self.records else { return Ok(None) };
        while block.len() < BATCH_ROWS {
            let Some(record) = records.read().map_err(|error| failure(&self.path, error))? else { break };
            if record.len() > self.names.len() {
                let what = format!("expected {} cells in a row, found {}", self.names.len(), record.len());
                return Err(Failure::data(shown(&self.path), what).at_line(record.line));
            }
            block.push(record);
        }
        // An empty table is a batch too, so that the model can reject it.
        if block.is_empty() && self.rows > 0 {
            return Ok(None);
        }
        self.rows += block.len().max(1) as u64;
        let names: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        let mut columns = Vec::with_capacity(self.columns.len());
        for reader in &mut self.columns {
            let place = reader.place;
            // The last cells of a short row are missing.
            let cells = block.iter().map(|record| record.get(place).unwrap_or_default());
            columns.push(reader.read(cells).map_err(|wrong| {
                let failure = Failure::data(shown(&self.path), wrong.what).with_help_if(wrong.help);
                failure.at_line(block.get(wrong.row).map_or(0, |record| record.line))
            })?);
        }
        let lines = block.iter().map(|record| record.line).collect();
        let columns = Columns::new(block.len(), Some(names.into()), columns);
        let content = Content::Columns(columns.expect("a cell of each row in each column"));
        Ok(Some(Batch { lines, content }))
    }
}

impl Iterator for CsvFile {
    type Item = Result<Batch, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batch().transpose()
    }
}

/// The records of a file from its first line on.
fn records(path: &Path, dialect: &Dialect, progress: &ProgressBar) -> Result<Records<Stream>, Failure> {
    let mut stream = source::open(path, progress)?;
    let start = stream.fill_buf().map_err(|error| Failure::data(shown(path), error))?;
    // A byte order mark is not part of the first name.
    if start.starts_with(b"\xef\xbb\xbf") {
        stream.consume(3);
    }
    Ok(Records::new(stream, dialect.delimiter, 1))
}

/// The names in a header line; the second of equal ones becomes `name.1`, as in pandas.
fn unique_names(record: &Record) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(record.len());
    let mut taken = std::collections::HashSet::new();
    for (column, name) in record.iter().enumerate() {
        let name = match name {
            "" => format!("Unnamed: {column}"),
            name => name.to_owned(),
        };
        let mut unique = name.clone();
        for count in 1_usize.. {
            if taken.insert(unique.clone()) {
                break;
            }
            unique = format!("{name}.{count}");
        }
        names.push(unique);
    }
    names
}

fn failure(path: &Path, error: RecordError) -> Failure {
    match error {
        RecordError::Io(error) => Failure::data(shown(path), format!("cannot read the data: {error}")),
        RecordError::NotUtf8(line) => source::not_utf8(path, line),
        RecordError::Content(line, what) => Failure::data(shown(path), what).at_line(line),
    }
}
