//! `skiff predict`: predicts for a table of rows, block by block.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use skiff::table::Column;
use skiff::value::Columns;
use skiff::{ColumnUse, EvaluateOptions, File, Model, Params, Plan, Table, Takes, TimeUnit};

use crate::args::{DataFormat, Dtype, Predict};
use crate::data::blame::Blame;
use crate::data::read::{
    self, Array, Batch, Chosen, Content, CsvFile, Dialect, JsonRows, Kind, Layout, Shape, TextLines,
};
use crate::data::select::{Header, Selection, select};
use crate::data::write::{Notes, Sink, sink};
use crate::input;
use crate::interrupt;
use crate::outputs;
use crate::progress::{self, Progress};
use crate::report::{Failure, Outcome, RowsFailure};

/// How many rows of a mapped array are predicted at a time, so that output starts early.
const ARRAY_ROWS: usize = 64 * 1024;

/// Opens the model and the data, and writes the predictions.
pub fn run(arguments: &Predict) -> Outcome {
    let Predict { model: path, data: all, output, .. } = arguments;
    if input::is_standard(path) && all.iter().any(|data| input::is_standard(data)) {
        return Err(Failure::Usage("standard input cannot be both the model and the data".to_owned()));
    }
    let output = output.as_deref().filter(|output| !input::is_standard(output));
    if let Some(output) = output {
        let data = all.iter().map(PathBuf::as_path);
        outputs::refuse_inputs(output, &data.chain([path.as_path()]).collect::<Vec<_>>(), arguments.force)?;
    }
    let options = arguments.open.options()?;
    let (file, model) = opened(path, &options).map_err(|failure| match &all[..] {
        [data] => failure.or_swapped(path, data),
        _ => failure,
    })?;
    // A missing method is reported before any data is read.
    let params = Params::new(arguments.param.iter().cloned());
    let plan = model.plan_with(arguments.method, &params).map_err(|error| Failure::of_method(error, &model))?;
    let notes = notes(arguments, &file, &model)?;
    drop(file);
    #[cfg(feature = "arrow")]
    if crate::data::arrow::reads(all, arguments.data_options.data_format) {
        let progress = progress::bytes(arguments.quiet, output.is_some());
        let job = crate::data::arrow::Job { arguments, model: &model, plan: &plan, notes: &notes, progress: &progress };
        job.run()?;
        progress.finish_and_clear();
        return Ok(());
    }
    let [data] = &all[..] else {
        return Err(several_files());
    };
    let format = read::format_of(data, arguments.data_options.data_format)?;
    let in_output = |failure: Failure| match output {
        Some(output) => failure.of_output(output),
        None => failure,
    };
    let mut sink = sink(output, arguments.format, &model, arguments.method, &notes).map_err(in_output)?;
    let is_seen = output.is_some();
    let progress = progress::bytes(arguments.quiet, is_seen);
    let mut command = Prediction::new(arguments, data, &model, &plan, &progress);
    command.predict(format, &mut *sink).map_err(in_output)?;
    progress.finish_and_clear();
    sink.finish().map_err(in_output)
}

/// Predicts for all rows of the data into a sink, and returns how long the model took, where that is known.
pub fn into_sink(
    arguments: &Predict,
    model: &Model,
    plan: &Plan,
    sink: &mut dyn Sink,
) -> Result<Option<Duration>, Failure> {
    let progress = progress::bytes(true, false);
    #[cfg(feature = "arrow")]
    if crate::data::arrow::reads(&arguments.data, arguments.data_options.data_format) {
        let notes = Notes::new();
        crate::data::arrow::Job { arguments, model, plan, notes: &notes, progress: &progress }.run_into(Some(sink))?;
        return Ok(None);
    }
    let [data] = &arguments.data[..] else {
        return Err(several_files());
    };
    let format = read::format_of(data, arguments.data_options.data_format)?;
    let mut command = Prediction::new(arguments, data, model, plan, &progress);
    command.predict(format, sink)?;
    Ok(Some(command.time))
}

/// The file at `path`, and its model.
fn opened(path: &Path, options: &skiff::Options) -> Result<(File, Model), Failure> {
    let file = input::file(path, options)?;
    let model = input::model_of(&file, path)?;
    Ok((file, model))
}

/// What Parquet and Arrow files of predictions say about their origin.
#[cfg(feature = "arrow")]
fn notes(arguments: &Predict, file: &File, model: &Model) -> Result<Notes, Failure> {
    use sha2::{Digest, Sha256};

    let digest: [u8; 32] = match input::is_stream(&arguments.model) {
        true => Sha256::digest(&*file.contents().content).into(),
        false => {
            // In a folder of MLflow's, the model's own file.
            let path = file.path().unwrap_or(&arguments.model);
            skiff_files::sha256_of(path).map_err(|error| Failure::unreadable(path, error))?
        }
    };
    let params: Vec<String> = arguments.param.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let notes = [
        ("skiff.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("skiff.model", input::shown(&arguments.model).display().to_string()),
        ("skiff.model_sha256", crate::data::arrow::hex(&digest)),
        ("skiff.estimator", model.header().class.to_string()),
        ("skiff.method", arguments.method.name().to_owned()),
        ("skiff.params", params.join(", ")),
    ];
    Ok(notes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

#[cfg(not(feature = "arrow"))]
fn notes(_: &Predict, _: &File, _: &Model) -> Result<Notes, Failure> {
    Ok(Notes::new())
}

/// The error for several files, which only Parquet and Arrow files may be.
fn several_files() -> Failure {
    #[cfg(not(feature = "arrow"))]
    return Failure::without_arrow();
    #[cfg(feature = "arrow")]
    Failure::Usage("several files must be Parquet or Arrow files".to_owned())
}

/// One run of the command.
struct Prediction<'a> {
    arguments: &'a Predict,
    data: &'a Path,
    model: &'a Model,
    plan: &'a Plan,
    progress: &'a Progress,
    /// How many rows have been predicted.
    rows: usize,
    /// What the plan does with each of its input columns.
    uses: Vec<ColumnUse>,
    /// How long the plan was evaluated.
    time: Duration,
}

impl<'a> Prediction<'a> {
    fn new(arguments: &'a Predict, data: &'a Path, model: &'a Model, plan: &'a Plan, progress: &'a Progress) -> Self {
        Self { arguments, data, model, plan, progress, rows: 0, uses: Vec::new(), time: Duration::ZERO }
    }

    fn predict(&mut self, format: DataFormat, sink: &mut dyn Sink) -> Outcome {
        let path = self.data;
        match format {
            DataFormat::Csv => self.predict_csv(b',', sink),
            DataFormat::Tsv => self.predict_csv(b'\t', sink),
            DataFormat::Jsonl => self.predict_json(Layout::Lines, sink),
            DataFormat::Json => self.predict_json(Layout::Array, sink),
            DataFormat::Text => {
                self.refuse_columns()?;
                let lines = TextLines::open(path, self.progress)?;
                self.predict_batches(lines, 0, false, sink)
            }
            DataFormat::Npy | DataFormat::Npz => {
                self.refuse_columns()?;
                self.predict_array(path, sink)
            }
            DataFormat::Parquet | DataFormat::Arrow => Err(several_files()),
        }
    }

    fn predict_csv(&mut self, delimiter: u8, sink: &mut dyn Sink) -> Outcome {
        let Predict { keep, data_options: options, .. } = self.arguments;
        let data = self.data;
        if self.model.takes() == Takes::Dicts {
            let what = format!("`{}` takes mappings of names to values, not a CSV", self.model.header().class);
            return Err(
                Failure::data(input::shown(data), what).with_help("pass the rows as JSON lines, one object per line")
            );
        }
        let delimiter = options.delimiter.unwrap_or(delimiter);
        let dialect = Dialect { delimiter, decimal: options.decimal, header: !options.no_header };
        let mut file = CsvFile::open(data, dialect, self.progress)?;
        let mut columns = &options.columns[..];
        // Names for unnamed columns; their numbers select them.
        let are_numbers = columns.iter().all(|column| file.names.contains(column));
        if options.no_header && !columns.is_empty() && !are_numbers {
            file.name_columns(columns)?;
            columns = &[];
        }
        let named = !options.no_header || !options.columns.is_empty() && !are_numbers;
        let selection = select(self.model, self.plan, Header { names: &file.names, named }, columns, keep, data)?;
        let mut chosen = self.chosen(&selection)?;
        let kept = selection.kept.iter();
        let kept = kept.map(|&place| Chosen { place, name: file.names[place].clone(), kind: Kind::Verbatim });
        chosen.extend(kept);
        file.choose(chosen)?;
        self.predict_batches(file, selection.taken.len(), selection.named, sink)
    }

    fn predict_json(&mut self, layout: Layout, sink: &mut dyn Sink) -> Outcome {
        let Predict { keep, data_options: options, .. } = self.arguments;
        let data = self.data;
        let mut file = JsonRows::open(data, layout, self.model.takes() == Takes::Dicts, self.progress)?;
        let named = file.shape == Shape::Objects;
        match file.shape {
            Shape::Texts | Shape::Dicts => {
                self.refuse_columns()?;
                return self.predict_batches(file, 0, false, sink);
            }
            Shape::Nothing => return Err(Failure::data(input::shown(data), "the data is empty")),
            Shape::Objects | Shape::Arrays(_) => {}
        }
        let selection =
            select(self.model, self.plan, Header { names: &file.names, named }, &options.columns, keep, data)?;
        let chosen = self.chosen(&selection)?;
        // If columns are selected by position, there must be no others.
        let strict = named && !selection.named && options.columns.is_empty();
        file.choose(chosen, &selection.kept, strict)?;
        self.predict_batches(file, selection.taken.len(), selection.named, sink)
    }

    /// The columns that the model takes, each with its type: from its use in the plan, or from the user.
    fn chosen(&mut self, selection: &Selection) -> Result<Vec<Chosen>, Failure> {
        let names = &selection.names;
        self.uses = self.plan.column_uses(names.len(), selection.named.then_some(names));
        let dtypes = &self.arguments.data_options.dtype;
        if let Some((column, _)) = dtypes.iter().find(|(column, _)| !names.contains(column)) {
            let what = format!("`--dtype`: `{column}` is not a column that the model takes");
            return Err(
                Failure::data(input::shown(self.data), what).with_help(format!("it takes `{}`", names.join("`, `")))
            );
        }
        let documents = self.model.takes() == Takes::Texts;
        let kind = |(name, column): (&String, &ColumnUse)| match dtypes.iter().rev().find(|(given, _)| given == name) {
            Some((_, dtype)) => Kind::from(*dtype),
            None if documents => Kind::Verbatim,
            None => Kind::of(column),
        };
        let kinds = names.iter().zip(&self.uses).map(kind);
        let taken = selection.taken.iter().zip(names).zip(kinds);
        Ok(taken.map(|((&place, name), kind)| Chosen { place, name: name.clone(), kind }).collect())
    }

    /// Predicts for blocks of rows, whose first columns are for the model and the others are kept.
    fn predict_batches(
        &mut self,
        batches: impl Iterator<Item = Result<Batch, Failure>>,
        taken: usize,
        named: bool,
        sink: &mut dyn Sink,
    ) -> Outcome {
        let mut batches: Box<dyn Iterator<Item = Result<Batch, Failure>>> = Box::new(batches);
        if self.plan.needs_batch() {
            batches = Box::new(Batch::whole(batches)?.map(Ok).into_iter());
        }
        for batch in batches {
            let Batch { lines, content } = batch?;
            match content {
                Content::Columns(columns) => self.predict_columns(&columns, &lines, (taken, named), sink)?,
                Content::Texts(texts) => self.write(&Table::Texts(texts), &lines, &[], sink)?,
                Content::Dicts(dicts) => self.write(&Table::Dicts(dicts), &lines, &[], sink)?,
            }
        }
        Ok(())
    }

    fn predict_columns(
        &mut self,
        batch: &Columns<'_>,
        lines: &[u64],
        (taken, named): (usize, bool),
        sink: &mut dyn Sink,
    ) -> Outcome {
        let names = batch.names.as_deref().unwrap_or_default();
        let mut columns: Vec<Column<'_>> = batch.columns.iter().map(|column| column.slice(0, batch.rows)).collect();
        let kept = columns.split_off(taken.min(columns.len()));
        let kept: Vec<_> = names.iter().skip(taken).cloned().zip(kept).collect();
        let table = match (self.model.takes(), &columns[..]) {
            (Takes::Texts, [Column::Texts(texts)]) => Table::Texts(texts.clone()),
            _ => {
                let names = named.then(|| names.iter().take(taken).cloned().collect());
                let columns = Columns::new(batch.rows, names, columns);
                Table::Columns(columns.expect("columns of one table, as many as names"))
            }
        };
        self.write(&table, lines, &kept, sink).map_err(|failure| {
            let blame = Blame { names, columns: &batch.columns, uses: &self.uses };
            failure.with_column(|error, row| blame.column(error, row))
        })
    }

    fn predict_array(&mut self, path: &Path, sink: &mut dyn Sink) -> Outcome {
        let array = Array::open(path)?;
        let table = array.table(self.plan.half()).map_err(|what| Failure::data(input::shown(path), what))?;
        let rows = table.rows();
        self.progress.set_length(rows as u64);
        let mut start = 0;
        loop {
            // What looks at all rows at once gets them.
            let len = if self.plan.needs_batch() { rows } else { ARRAY_ROWS.min(rows - start) };
            self.write(&table.slice_rows(start, len), &[], &[], sink)?;
            start += len;
            self.progress.set_position(start as u64);
            if start == rows {
                return Ok(());
            }
        }
    }

    /// An error for options that select columns, if there are none.
    fn refuse_columns(&self) -> Outcome {
        let Predict { keep, data_options, .. } = self.arguments;
        if !keep.is_empty() || !data_options.columns.is_empty() || !data_options.dtype.is_empty() {
            return Err(Failure::Usage("the data has no named columns to select or to keep".to_owned()));
        }
        Ok(())
    }

    /// Predicts for a block of rows that begin on these lines of a text file.
    fn write(
        &mut self,
        table: &Table<'_>,
        lines: &[u64],
        kept: &[(String, Column<'_>)],
        sink: &mut dyn Sink,
    ) -> Outcome {
        let start = Instant::now();
        let answer = skiff::evaluate(self.plan, table, &EvaluateOptions::default()).map_err(|error| {
            let row = error.row();
            let line = row.and_then(|row| lines.get(row)).copied();
            let file = input::shown(self.data).display().to_string();
            let in_block = row;
            let row = row.map(|row| self.rows + row);
            Failure::Rows(Box::new(RowsFailure { error, file, line, row, in_block, column: None }))
        })?;
        self.time += start.elapsed();
        self.rows += table.rows();
        // An interrupt never truncates a line of output.
        interrupt::whole(|| sink.write(&answer, kept))
    }
}

impl From<Dtype> for Kind {
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::Str | Dtype::Category => Self::Text,
            Dtype::Float => Self::Number,
            Dtype::Int => Self::Integer,
            Dtype::Bool => Self::Bool,
            // The unit that pandas reads dates in.
            Dtype::Datetime => Self::Dates(TimeUnit { name: "us", count: 1 }),
            Dtype::Infer => Self::Whole,
        }
    }
}
