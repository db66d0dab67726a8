//! Predictions as Parquet or Arrow.

use std::sync::Arc;

use skiff::Answer;
use skiff::table::Column;
use skiff_arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use skiff_arrow::files::{FileFormat, Writer, without_dictionary};
use skiff_arrow::schema::{Field, Schema};

use super::columns::{Names, columns, of_rows};
use super::{Finish, Notes, Sink};
use crate::args::AnswerFormat;
use crate::report::Failure;

/// Writes Parquet or Arrow, of which the first rows show the types.
pub struct ArrowSink<W: Finish + Send> {
    state: State<W>,
    format: FileFormat,
    names: Names,
    notes: Notes,
}

enum State<W: Finish + Send> {
    Begun(W),
    Writing(Writer<W>, Arc<Schema>),
    /// After an error.
    Broken,
}

impl<W: Finish + Send> ArrowSink<W> {
    /// A file or a stream of `out`, with `notes` as its metadata.
    pub fn new(out: W, format: AnswerFormat, is_stream: bool, names: Names, notes: Notes) -> Self {
        let format = match (format, is_stream) {
            (AnswerFormat::Arrow, true) => FileFormat::ArrowStream,
            (AnswerFormat::Arrow, false) => FileFormat::ArrowFile,
            _ => FileFormat::Parquet,
        };
        Self { state: State::Begun(out), format, names, notes }
    }

    fn write_arrays(&mut self, answer: &Answer, kept: Vec<(String, ArrayRef)>) -> Result<(), Failure> {
        let names = columns(answer, &self.names).into_iter().map(|(name, _)| name);
        let answers = skiff_arrow::answer::columns(of_rows(answer, &self.names)).map_err(failed)?;
        let all: Vec<(String, ArrayRef)> = kept.into_iter().chain(names.zip(answers)).collect();
        for (at, (name, _)) in all.iter().enumerate() {
            if all.iter().take(at).any(|(other, _)| other == name) {
                let what =
                    format!("two columns of the output are called `{name}`, which a table cannot have; write CSV");
                return Err(Failure::Usage(what));
            }
        }
        let schema = match &self.state {
            State::Writing(_, schema) => Arc::clone(schema),
            _ => {
                let field = |(name, array): &(String, ArrayRef)| Field::new(name, array.data_type().clone(), true);
                let notes = self.notes.iter().cloned().collect();
                Arc::new(Schema::new_with_metadata(all.iter().map(field).collect::<Vec<_>>(), notes))
            }
        };
        let options = RecordBatchOptions::new().with_row_count(Some(answer.rows()));
        let arrays = all.into_iter().map(|(_, array)| array).collect();
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options);
        let batch = batch.map_err(|error| failed(error.into()))?;
        let mut writer = match std::mem::replace(&mut self.state, State::Broken) {
            State::Writing(writer, _) => writer,
            State::Begun(out) => Writer::new(out, self.format, &schema).map_err(failed)?,
            State::Broken => return Err(Failure::Output(std::io::Error::other("the output was given up"))),
        };
        writer.write(&batch).map_err(failed)?;
        self.state = State::Writing(writer, schema);
        Ok(())
    }
}

impl<W: Finish + Send> Sink for ArrowSink<W> {
    fn write(&mut self, answer: &Answer, kept: &[(String, Column<'_>)]) -> Result<(), Failure> {
        let kept = kept.iter().map(|(name, column)| (name.clone(), skiff_arrow::answer::of_column(column)));
        self.write_arrays(answer, kept.collect())
    }

    fn write_arrow(&mut self, answer: &Answer, kept: &RecordBatch) -> Result<(), Failure> {
        let names = kept.schema_ref().fields().iter().map(|field| field.name().clone());
        let arrays = kept.columns().iter().map(without_dictionary).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        self.write_arrays(answer, names.zip(arrays).collect())
    }

    fn finish(self: Box<Self>) -> Result<(), Failure> {
        match self.state {
            State::Writing(writer, _) => Ok(writer.finish().map_err(failed)?.finish()?),
            State::Begun(_) | State::Broken => Err(Failure::Output(std::io::Error::other("there are no rows"))),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: skiff_arrow::Error) -> Failure {
    Failure::Output(std::io::Error::other(error.to_string()))
}
