//! Groups of rows in parallel, their predictions in order.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use skiff::table::Column;
use skiff::value::{Columns, Precision};
use skiff::{Answer, ColumnUse, EvaluateOptions, Plan, Table, Takes, threads};
use skiff_arrow::array::RecordBatch;
use skiff_arrow::files::{DataFile, concatenated};
use skiff_arrow::read::ColumnReader;

use super::input::{Input, Unit};
use super::{failure, shared, split};
use crate::data::blame::Blame;
use crate::input::shown;
use crate::report::{Failure, Outcome, RowsFailure};

/// How many rows are read and predicted at a time.
const BATCH_ROWS: usize = 32 * 1024;
/// How many predicted batches of a group wait for those before them.
const WAITING: usize = 2;

/// What all groups of rows have in common.
#[derive(Clone, Copy)]
pub struct Groups<'a> {
    /// The plan of the method.
    pub plan: &'a Plan,
    /// The files.
    pub input: &'a Input,
    /// What the plan does with each of the model's columns.
    pub uses: &'a [ColumnUse],
    /// Whether the model gets the names of the columns.
    pub named: bool,
    /// What the model takes.
    pub takes: Takes,
}

/// The predictions for some rows, and the columns that are kept of them.
pub struct Predicted {
    /// The predictions.
    pub answer: Answer,
    /// As many rows of kept columns.
    pub kept: RecordBatch,
}

/// The batches of one unit, one after the other.
type Batches = Receiver<Result<Predicted, Failure>>;

impl Groups<'_> {
    /// Calls `write` with the predictions for each unit and the unit's number, in order. Where the plan needs all rows at
    /// once, they are those of the first unit.
    pub fn each(&self, units: &[Unit], mut write: impl FnMut(usize, Predicted) -> Outcome) -> Outcome {
        if self.plan.needs_batch() {
            return match self.whole(units)? {
                Some(predicted) => write(0, predicted),
                None => Ok(()),
            };
        }
        let count = if self.input.is_shareable() { threads::count().min(units.len()).max(1) } else { 1 };
        // As many units are begun as there are threads; one more may wait.
        let (queue, begun) = sync_channel::<(usize, Batches)>(count);
        let next = Mutex::new(0..units.len());
        thread::scope(|scope| {
            for _ in 0..count {
                let (queue, next) = (queue.clone(), &next);
                scope.spawn(move || self.work(units, next, &queue));
            }
            drop(queue);
            for (unit, batches) in begun {
                for predicted in batches {
                    write(unit, predicted?)?;
                }
            }
            Ok(())
        })
    }

    /// Predicts for one unit after the other, until there is none or nobody wants them.
    fn work(&self, units: &[Unit], next: &Mutex<std::ops::Range<usize>>, queue: &SyncSender<(usize, Batches)>) {
        loop {
            let (unit, sender) = {
                // Held while the unit is queued, so that the queue has the units' order.
                let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(unit) = next.next() else { return };
                let (sender, batches) = sync_channel(WAITING);
                if queue.send((unit, batches)).is_err() {
                    return;
                }
                (unit, sender)
            };
            if let Err(failure) = self.unit(units[unit], &sender) {
                // Where nobody receives it, the run has failed before.
                let _ = sender.send(Err(failure));
                return;
            }
        }
    }

    fn unit(&self, unit: Unit, sender: &SyncSender<Result<Predicted, Failure>>) -> Outcome {
        let file = self.input.file(unit.file).map_err(|error| failure(&error))?;
        let (places, readers) = self.input.readers(&file).map_err(|error| failure(&error))?;
        let mut start = 0;
        for batch in file.batches(unit.group, &places, BATCH_ROWS).map_err(|error| failure(&error))? {
            let batch = batch.map_err(|error| failure(&error))?;
            if batch.num_rows() == 0 {
                continue;
            }
            let predicted = self.batch(&batch, &readers, |error| {
                failure(&error.in_row_group(unit.group).in_file(file.source().path()))
            });
            let predicted = predicted.map_err(|failure| placed(failure, &file, unit, start));
            start += batch.num_rows();
            let is_failed = predicted.is_err();
            if sender.send(predicted).is_err() || is_failed {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The predictions for all rows at once.
    fn whole(&self, units: &[Unit]) -> Result<Option<Predicted>, Failure> {
        let mut all: Vec<RecordBatch> = Vec::new();
        let mut first = None;
        for unit in units {
            let file = self.input.file(unit.file).map_err(|error| failure(&error))?;
            let (places, readers) = self.input.readers(&file).map_err(|error| failure(&error))?;
            for batch in file.batches(unit.group, &places, BATCH_ROWS).map_err(|error| failure(&error))? {
                all.push(batch.map_err(|error| failure(&error))?);
            }
            first.get_or_insert((file, readers));
        }
        let (Some((file, readers)), Some(batch)) = (first, all.first()) else { return Ok(None) };
        let schema = batch.schema();
        let batch = concatenated(&schema, &all).map_err(|error| failure(&error.in_file(file.source().path())))?;
        drop(all);
        self.batch(&batch, &readers, |error| failure(&error.in_file(file.source().path()))).map(Some)
    }

    /// What the model makes of no rows.
    pub fn of_no_rows(&self) -> Result<Predicted, Failure> {
        let file = self.input.file(0).map_err(|error| failure(&error))?;
        let (places, readers) = self.input.readers(&file).map_err(|error| failure(&error))?;
        let schema = file.schema().project(&places).map_err(|error| failure(&error.into()))?;
        let failed = |error: skiff_arrow::Error| failure(&error.in_file(file.source().path()));
        let unit = Unit { file: 0, group: 0, rows: None };
        let none = self.batch(&RecordBatch::new_empty(schema.into()), &readers, failed);
        none.map_err(|failure| placed(failure, &file, unit, 0))
    }

    /// The predictions for a batch, whose columns are those that are read of the model's, then those that are kept.
    fn batch(
        &self,
        batch: &RecordBatch,
        readers: &[Option<ColumnReader>],
        failed: impl Fn(skiff_arrow::Error) -> Failure,
    ) -> Result<Predicted, Failure> {
        let rows = batch.num_rows();
        let mut arrays = batch.columns().iter();
        let mut columns = Vec::with_capacity(readers.len());
        for (reader, name) in readers.iter().zip(&self.input.names) {
            columns.push(match reader {
                None => Column::Floats(vec![f64::NAN; rows].into(), Precision::Double),
                Some(reader) => {
                    let array = arrays.next().expect("an array for each reader");
                    reader.read(array).map_err(|error| failed(error.in_column(name)))?
                }
            });
        }
        let table = match (self.takes, &columns[..]) {
            (Takes::Texts, [Column::Texts(texts)]) => Table::Texts(texts.clone()),
            _ => {
                let names = self.named.then(|| shared(&self.input.names));
                let columns = columns.iter().map(|column| column.slice(0, rows)).collect();
                Table::Columns(Columns::new(rows, names, columns).expect("columns of one batch"))
            }
        };
        let answer = skiff::evaluate(self.plan, &table, &EvaluateOptions::default()).map_err(|error| {
            let in_block = error.row();
            let blame = Blame { names: &self.input.names, columns: &columns, uses: self.uses };
            let column = in_block.and_then(|row| blame.column(&error, row));
            let rows = RowsFailure { error, file: String::new(), line: None, row: in_block, in_block, column };
            Failure::Rows(Box::new(rows))
        })?;
        let taken = readers.iter().flatten().count();
        Ok(Predicted { answer, kept: split(batch, taken).map_err(failed)? })
    }
}

/// A failure of a batch that begins at row `start` of a group.
fn placed(mut failure: Failure, file: &DataFile, unit: Unit, start: usize) -> Failure {
    if let Failure::Rows(rows) = &mut failure {
        rows.file = format!("{}, row group {}", shown(file.source().path()).display(), unit.group);
        rows.row = rows.row.map(|row| start + row);
    }
    failure
}
