//! CSV and TSV, in batches.
//!
//! A file is read twice: first to learn what each column holds, as pandas does from the whole file; then in batches.
//! Standard input can be read once only: its first batch decides, and a later cell that contradicts it is an error.

use std::path::{Path, PathBuf};

use csv::{Reader, ReaderBuilder, StringRecord};
use indicatif::ProgressBar;
use skiff::value::Columns;

use super::infer::{self, Kind, Seen};
use super::{BATCH_ROWS, Batch, Source, is_standard_input, shown, source};
use crate::report::Failure;

/// A CSV file whose header has been read.
pub struct CsvFile {
    path: PathBuf,
    delimiter: u8,
    header: bool,
    /// The columns' names; `0`, `1`, … without a header.
    pub names: Vec<String>,
    reader: Reader<Source>,
    /// The first batch of standard input, read to learn its kinds.
    first: Vec<StringRecord>,
    /// The columns that are wanted, with their kinds.
    wanted: Vec<(usize, Kind)>,
    row: u64,
}

impl CsvFile {
    /// Opens a file and reads its header.
    pub fn open(path: &Path, delimiter: u8, header: bool, progress: &ProgressBar) -> Result<Self, Failure> {
        let mut reader = reader(path, delimiter, header, progress)?;
        let mut first = Vec::new();
        let names: Vec<String> = if header {
            let names = reader.headers().map_err(|error| failure(path, &error))?;
            // What a spreadsheet puts in front is no part of the first name.
            names.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect()
        } else {
            let mut record = StringRecord::new();
            if reader.read_record(&mut record).map_err(|error| failure(path, &error))? {
                first.push(record.clone());
            }
            (0..record.len()).map(|column| column.to_string()).collect()
        };
        let path = path.to_owned();
        Ok(Self { path, delimiter, header, names, reader, first, wanted: Vec::new(), row: 0 })
    }

    /// Chooses columns: those of `typed` as what they hold, those of `verbatim` as strings.
    pub fn choose(&mut self, typed: &[usize], verbatim: &[usize]) -> Result<(), Failure> {
        let mut seen = vec![Seen::NOTHING; typed.len()];
        if is_standard_input(&self.path) {
            while self.first.len() < BATCH_ROWS {
                let mut record = StringRecord::new();
                if !self.reader.read_record(&mut record).map_err(|error| failure(&self.path, &error))? {
                    break;
                }
                self.first.push(record);
            }
            for record in &self.first {
                add(&mut seen, typed, record);
            }
        } else if !typed.is_empty() {
            let mut reader = reader(&self.path, self.delimiter, self.header, &ProgressBar::hidden())?;
            let mut record = StringRecord::new();
            while reader.read_record(&mut record).map_err(|error| failure(&self.path, &error))? {
                add(&mut seen, typed, &record);
            }
        }
        let typed = typed.iter().zip(&seen).map(|(&column, seen)| (column, seen.kind()));
        self.wanted = typed.chain(verbatim.iter().map(|&column| (column, Kind::Verbatim))).collect();
        Ok(())
    }

    fn batch(&mut self) -> Result<Option<Batch>, Failure> {
        let mut records = std::mem::take(&mut self.first);
        while records.len() < BATCH_ROWS {
            let mut record = StringRecord::new();
            if !self.reader.read_record(&mut record).map_err(|error| failure(&self.path, &error))? {
                break;
            }
            records.push(record);
        }
        // An empty table is a batch too, so that the model can say what it thinks of it.
        if records.is_empty() && self.row > 0 {
            return Ok(None);
        }
        let mut columns = Vec::with_capacity(self.wanted.len());
        for &(place, kind) in &self.wanted {
            let cells: Vec<&str> = records.iter().map(|record| record.get(place).unwrap_or_default()).collect();
            columns.push(infer::column(&cells, kind).map_err(|row| self.contradiction(place, kind, &records[row]))?);
        }
        let names = self.wanted.iter().map(|&(place, _)| self.names[place].clone()).collect();
        self.row += records.len().max(1) as u64;
        let rows = records.len();
        Ok(Columns::named(names, columns).map(|columns| Batch::Columns(Columns { rows, ..columns })))
    }

    fn contradiction(&self, place: usize, kind: Kind, record: &StringRecord) -> Failure {
        let kind = if kind == Kind::Bools { "True and False" } else { "numbers" };
        let (name, cell) = (&self.names[place], record.get(place).unwrap_or_default());
        let what = format!("column `{name}` held {kind} so far, and now `{cell}`");
        let failure = Failure::data(&shown(&self.path), what)
            .with_help("give the data as a file: it is then read to its end to learn what each column holds");
        match record.position() {
            Some(position) => failure.at_line(position.line()),
            None => failure,
        }
    }
}

impl Iterator for CsvFile {
    type Item = Result<Batch, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batch().transpose()
    }
}

fn add(seen: &mut [Seen], columns: &[usize], record: &StringRecord) {
    for (seen, &column) in seen.iter_mut().zip(columns) {
        seen.add(record.get(column).unwrap_or_default());
    }
}

fn reader(path: &Path, delimiter: u8, header: bool, progress: &ProgressBar) -> Result<Reader<Source>, Failure> {
    let source = source(path, progress)?;
    Ok(ReaderBuilder::new().delimiter(delimiter).has_headers(header).from_reader(source))
}

fn failure(path: &Path, error: &csv::Error) -> Failure {
    let what = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("expected {expected_len} cells in a row, found {len}")
        }
        csv::ErrorKind::Utf8 { .. } => "expected UTF-8".to_owned(),
        _ => error.to_string(),
    };
    let failure = Failure::data(&shown(path), what);
    match error.position() {
        Some(position) => failure.at_line(position.line()),
        None => failure,
    }
}
