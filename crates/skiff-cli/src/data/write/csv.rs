//! Predictions as CSV with a header line.

use std::io;

use skiff::Answer;
use skiff::table::Column;

use super::columns::{Names, cell, columns, kept_cell};
use super::{Finish, Sink};
use crate::report::Failure;

/// Writes CSV.
#[derive(Debug)]
pub struct Csv<W: Finish> {
    writer: csv::Writer<W>,
    names: Names,
    header: bool,
}

impl<W: Finish> Csv<W> {
    /// CSV to `writer`.
    pub fn new(writer: W, names: Names) -> Self {
        Self { writer: csv::Writer::from_writer(writer), names, header: true }
    }
}

impl<W: Finish> Sink for Csv<W> {
    fn write(&mut self, answer: &Answer, kept: &[(String, Column<'_>)]) -> Result<(), Failure> {
        let answers = columns(answer, &self.names);
        if self.header {
            let names = kept.iter().map(|(name, _)| name).chain(answers.iter().map(|(name, _)| name));
            self.writer.write_record(names).map_err(failure)?;
            self.header = false;
        }
        for row in 0..answer.rows() {
            for (_, column) in kept {
                self.writer.write_field(kept_cell(column, row)).map_err(failure)?;
            }
            for (_, cells) in &answers {
                self.writer.write_field(cell(&cells.get(row))).map_err(failure)?;
            }
            self.writer.write_record(None::<&[u8]>).map_err(failure)?;
        }
        Ok(self.writer.flush()?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        self.writer.flush()?;
        let writer = self.writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        Ok(writer.finish()?)
    }
}

fn failure(error: csv::Error) -> Failure {
    Failure::Output(match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    })
}
