//! The records of a CSV file, as pandas' reader splits them: quotes are doubled within quotes, lines end in `\n`, `\r\n`
//! or `\r`, and blank lines are skipped.
//!
//! The `csv` crate splits in the same way, but counts the lines of a file with `\r\n` differently from editors, and lets
//! a quote that is never closed take the rest of the file into memory.

use std::io::{self, BufRead};

/// The most bytes that one record may have.
const MOST_BYTES: usize = 64 << 20;

/// One record.
#[derive(Clone, Debug, Default)]
pub struct Record {
    text: String,
    /// Where each cell ends.
    ends: Vec<usize>,
    /// The line that it begins on; the first line of the file is 1.
    pub line: u64,
}

/// Why there is no record.
#[derive(Debug)]
pub enum RecordError {
    /// An error of the system.
    Io(io::Error),
    /// The record that begins on this line is not UTF-8.
    NotUtf8(u64),
    /// What is wrong with the file, and on which line.
    Content(u64, &'static str),
}

impl From<io::Error> for RecordError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Record {
    /// The number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cell of column `column`, if the record has one.
    pub fn get(&self, column: usize) -> Option<&str> {
        let end = *self.ends.get(column)?;
        let start = column.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end)
    }

    /// All cells in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|column| self.get(column))
    }
}

/// The reader's state within a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the beginning of a cell.
    Cell,
    /// In a cell without quotes, or after the closing one.
    Plain,
    /// Between quotes.
    Quoted,
    /// After a quote between quotes: the closing one, or the first half of a doubled one.
    Quote,
}

/// Reads records one after the other.
#[derive(Debug)]
pub struct Records<R> {
    input: R,
    delimiter: u8,
    /// The next line.
    line: u64,
    /// Whether the last byte was a `\r`, of which a `\n` is the second half.
    after_return: bool,
    bytes: Vec<u8>,
}

impl<R: BufRead> Records<R> {
    /// The records of `input`, whose first line is number `line` of its file.
    pub fn new(input: R, delimiter: u8, line: u64) -> Self {
        Self { input, delimiter, line, after_return: false, bytes: Vec::new() }
    }

    /// The unread rest, and the number of its first line.
    pub fn into_rest(self) -> io::Result<(R, u64)> {
        let mut input = self.input;
        if self.after_return && input.fill_buf()?.first() == Some(&b'\n') {
            input.consume(1);
        }
        Ok((input, self.line))
    }

    /// The next record that has a cell.
    pub fn read(&mut self) -> Result<Option<Record>, RecordError> {
        loop {
            let mut record = Record { line: self.line, ..Record::default() };
            let mut was_quoted = false;
            if !self.split(&mut record, &mut was_quoted)? {
                return Ok(None);
            }
            let bytes = std::mem::take(&mut self.bytes);
            record.text = String::from_utf8(bytes).map_err(|_| RecordError::NotUtf8(record.line))?;
            let is_blank = record.ends.len() == 1 && !was_quoted && record.text.trim().is_empty();
            if !is_blank {
                return Ok(Some(record));
            }
        }
    }

    /// Splits the next line, or lines; false at the end of the file.
    fn split(&mut self, record: &mut Record, was_quoted: &mut bool) -> Result<bool, RecordError> {
        let mut state = State::Cell;
        let mut is_begun = false;
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                if state == State::Quoted {
                    return Err(RecordError::Content(record.line, "a quote is opened here and never closed"));
                }
                if is_begun {
                    record.ends.push(self.bytes.len());
                }
                return Ok(is_begun);
            }
            let (mut used, mut is_whole) = (0, false);
            for &byte in buffer {
                used += 1;
                if std::mem::take(&mut self.after_return) && byte == b'\n' {
                    if state == State::Quoted {
                        self.bytes.push(byte);
                    }
                    continue;
                }
                is_begun = true;
                if matches!(byte, b'\n' | b'\r') {
                    self.line += 1;
                    self.after_return = byte == b'\r';
                    if state != State::Quoted {
                        record.ends.push(self.bytes.len());
                        is_whole = true;
                        break;
                    }
                }
                state = match (state, byte) {
                    (State::Cell, b'"') => {
                        *was_quoted = true;
                        State::Quoted
                    }
                    (State::Quoted, b'"') => State::Quote,
                    (State::Quote, b'"') => {
                        self.bytes.push(byte);
                        State::Quoted
                    }
                    (State::Cell | State::Plain | State::Quote, byte) if byte == self.delimiter => {
                        record.ends.push(self.bytes.len());
                        State::Cell
                    }
                    (State::Quoted, byte) => {
                        self.bytes.push(byte);
                        State::Quoted
                    }
                    (State::Cell | State::Plain | State::Quote, byte) => {
                        self.bytes.push(byte);
                        State::Plain
                    }
                };
            }
            self.input.consume(used);
            if is_whole {
                return Ok(true);
            }
            if self.bytes.len() > MOST_BYTES {
                let what = "the row that begins here has more than 64 MiB; is a quote opened and never closed?";
                return Err(RecordError::Content(record.line, what));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each record's line and cells, read through a buffer of `size` bytes.
    fn all(text: &str, size: usize) -> Vec<(u64, Vec<String>)> {
        let mut records = Records::new(io::BufReader::with_capacity(size, text.as_bytes()), b',', 1);
        let mut found = Vec::new();
        while let Some(record) = records.read().expect("records") {
            found.push((record.line, record.iter().map(str::to_owned).collect()));
        }
        found
    }

    #[test]
    fn lines_are_counted_as_editors_count_them() {
        for text in
            ["a,b\n1,2\n\n3,\"x\ny\"\n5,6", "a,b\r\n1,2\r\n\r\n3,\"x\r\ny\"\r\n5,6\r\n", "a,b\r1,2\r\r3,\"x\ry\"\r5,6"]
        {
            for size in [1, 2, 3, 7, 1000] {
                let found = all(text, size);
                assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 4, 6], "{text:?}, {size}");
                assert_eq!(found[3].1, ["5", "6"]);
            }
        }
    }

    #[test]
    fn cells_are_split_as_pandas_splits_them() {
        let text = "\"a \"\"b\"\"\",c\"d\",\"e\"f,\"\"\n\"\"\n , \n   \nx";
        let expected: [(u64, &[&str]); 4] =
            [(1, &["a \"b\"", "c\"d\"", "ef", ""]), (2, &[""]), (3, &[" ", " "]), (5, &["x"])];
        let found = all(text, 3);
        let found: Vec<(u64, Vec<&str>)> =
            found.iter().map(|(line, cells)| (*line, cells.iter().map(String::as_str).collect())).collect();
        assert_eq!(found, expected.map(|(line, cells)| (line, cells.to_vec())));
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told_with_its_line() {
        let mut records = Records::new(&b"a\n\"b\nc\nd"[..], b',', 1);
        assert!(records.read().expect("the first").is_some());
        assert!(matches!(records.read(), Err(RecordError::Content(2, _))));
    }

    /// The `csv` crate has been split against the world's files for years.
    #[test]
    fn random_files_are_split_as_the_csv_crate_splits_them() {
        let mut state = 1_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).expect("31 bits") % below
        };
        let mut whole = 0;
        for _ in 0..5_000 {
            let length = random(12);
            let text: String = (0..length).map(|_| ["a", "é", ",", "\"", "\n", "\r", "\r\n"][random(7)]).collect();
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> =
                reader.records().map(|record| record.expect("text").iter().map(str::to_owned).collect()).collect();
            let size = random(4) + 1;
            let mut records = Records::new(io::BufReader::with_capacity(size, text.as_bytes()), b',', 1);
            let mut found = Vec::new();
            let is_whole = loop {
                match records.read() {
                    Ok(Some(record)) => found.push(record.iter().map(str::to_owned).collect::<Vec<_>>()),
                    Ok(None) => break true,
                    Err(_) => break false,
                }
            };
            if is_whole {
                assert_eq!(found, expected, "{text:?}");
                whole += 1;
            }
        }
        assert!(whole > 1_000, "{whole}");
    }

    #[test]
    fn the_rest_begins_behind_the_last_record() {
        let mut records = Records::new(&b"a\r\nb"[..], b',', 1);
        assert!(records.read().expect("the first").is_some());
        assert_eq!(records.into_rest().expect("the rest"), (&b"b"[..], 2));
    }
}
