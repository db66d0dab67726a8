//! `skiff predict`: answers a table of rows, batch by batch.

use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use skiff::table::Column;
use skiff::value::Columns;
use skiff::{Model, Params, Plan, Table, Takes};

use crate::Outcome;
use crate::args::{DataFormat, Predict};
use crate::data::read::{self, Array, Batch, CsvFile, JsonLines, TextLines};
use crate::data::select::{Header, Selection, select};
use crate::data::write::{Sink, sink};
use crate::report::Failure;

/// How many rows of a mapped array are answered at a time, so that answers leave before all are made.
const ARRAY_ROWS: usize = 64 * 1024;

/// Opens the model and the data, and writes the answers.
pub fn run(arguments: &Predict) -> Outcome {
    let model = skiff::open_with(&arguments.model.model, &arguments.model.options()?)?;
    // A method that is not there is told before any data is read.
    let plan = model.plan_with(arguments.method, &Params::new(arguments.param.iter().cloned()))?;
    let mut sink = sink(arguments.output.as_deref(), &model, arguments.method)?;
    let progress = progress(arguments);
    let command = Prediction { arguments, model: &model, plan: &plan, progress: &progress, rows: Cell::new(0) };
    command.answer(&mut *sink)?;
    progress.finish_and_clear();
    sink.finish()
}

/// One run of the command.
struct Prediction<'a> {
    arguments: &'a Predict,
    model: &'a Model,
    plan: &'a Plan,
    progress: &'a ProgressBar,
    /// How many rows have been answered.
    rows: Cell<usize>,
}

impl Prediction<'_> {
    fn answer(&self, sink: &mut dyn Sink) -> Outcome {
        let path = self.arguments.data.as_path();
        match read::format_of(path, self.arguments.data_format)? {
            DataFormat::Csv => self.answer_csv(b',', sink),
            DataFormat::Tsv => self.answer_csv(b'\t', sink),
            DataFormat::Jsonl => {
                let lines = JsonLines::open(path, self.model.takes() == Takes::Dicts, self.progress)?;
                self.answer_batches(lines, sink)
            }
            DataFormat::Text => self.answer_batches(TextLines::open(path, self.progress)?, sink),
            DataFormat::Npy | DataFormat::Npz => self.answer_array(path, sink),
        }
    }

    fn answer_csv(&self, delimiter: u8, sink: &mut dyn Sink) -> Outcome {
        let Predict { data, columns, keep, no_header, .. } = self.arguments;
        let mut file = CsvFile::open(data, delimiter, !no_header, self.progress)?;
        let header = Header { names: &file.names, named: !no_header };
        let selection = select(self.model, header, columns, keep, data)?;
        match self.model.takes() {
            Takes::Texts => {
                let verbatim: Vec<usize> = selection.taken.iter().chain(&selection.kept).copied().collect();
                file.choose(&[], &verbatim)?;
            }
            Takes::Table | Takes::Dicts => file.choose(&selection.taken, &selection.kept)?,
        }
        // The file hands over what was chosen, in that order.
        let (taken, kept) = (selection.taken.len(), selection.kept.len());
        let chosen =
            Selection { taken: (0..taken).collect(), kept: (taken..taken + kept).collect(), named: selection.named };
        for batch in file {
            if let Batch::Columns(columns) = batch? {
                self.answer_columns(&columns, &chosen, sink)?;
            }
        }
        Ok(())
    }

    fn answer_batches(&self, batches: impl Iterator<Item = Result<Batch, Failure>>, sink: &mut dyn Sink) -> Outcome {
        let Predict { data, columns, keep, .. } = self.arguments;
        for batch in batches {
            match batch? {
                Batch::Columns(batch) => {
                    let names = batch.names.as_ref().map_or_else(
                        || (0..batch.columns.len()).map(|column| column.to_string()).collect(),
                        |names| names.to_vec(),
                    );
                    let header = Header { names: &names, named: batch.names.is_some() };
                    let selection = select(self.model, header, columns, keep, data)?;
                    self.answer_columns(&batch, &selection, sink)?;
                }
                Batch::Texts(texts) => self.answer_whole(&Table::Texts(texts), sink)?,
                Batch::Dicts(dicts) => self.answer_whole(&Table::Dicts(dicts), sink)?,
            }
        }
        Ok(())
    }

    fn answer_columns(&self, batch: &Columns<'_>, selection: &Selection, sink: &mut dyn Sink) -> Outcome {
        let name = |place: usize| batch.names.as_ref().map_or_else(|| place.to_string(), |names| names[place].clone());
        let columns: Vec<Column<'_>> =
            selection.taken.iter().map(|&place| batch.columns[place].slice(0, batch.rows)).collect();
        let kept: Vec<_> =
            selection.kept.iter().map(|&place| (name(place), batch.columns[place].slice(0, batch.rows))).collect();
        let table = match (self.model.takes(), &columns[..]) {
            (Takes::Texts, [Column::Texts(texts)]) => Table::Texts(texts.clone()),
            _ => {
                let names: Vec<String> = selection.taken.iter().map(|&place| name(place)).collect();
                let names = selection.named.then(|| Arc::from(names));
                Table::Columns(Columns { rows: batch.rows, names, columns })
            }
        };
        sink.write(&self.call(&table)?, &kept)
    }

    fn answer_array(&self, path: &Path, sink: &mut dyn Sink) -> Outcome {
        let array = Array::open(path)?;
        let table = array.table().ok_or_else(|| Failure::data(path, "expected an array of numbers or strings"))?;
        let rows = table.rows();
        self.progress.set_length(rows as u64);
        let mut start = 0;
        loop {
            let len = ARRAY_ROWS.min(rows - start);
            self.answer_whole(&table.slice_rows(start, len), sink)?;
            start += len;
            self.progress.set_position(start as u64);
            if start == rows {
                return Ok(());
            }
        }
    }

    /// Answers rows that are no columns to choose among.
    fn answer_whole(&self, table: &Table<'_>, sink: &mut dyn Sink) -> Outcome {
        if !self.arguments.keep.is_empty() || !self.arguments.columns.is_empty() {
            return Err(Failure::Usage("the data has no named columns to choose or to keep".to_owned()));
        }
        sink.write(&self.call(table)?, &[])
    }

    fn call(&self, table: &Table<'_>) -> Result<skiff::Answer, Failure> {
        let start = self.rows.replace(self.rows.get() + table.rows());
        let file = || self.arguments.data.display().to_string();
        let answer = skiff::evaluate(self.plan, table);
        answer.map_err(|error| Failure::Rows { error, file: file(), start })
    }
}

/// A bar on a terminal when the work is long; nothing elsewhere.
fn progress(arguments: &Predict) -> ProgressBar {
    let writes_to_terminal = arguments.output.is_none() && io::stdout().is_terminal();
    if arguments.quiet || writes_to_terminal || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length();
    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5));
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent}% {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
