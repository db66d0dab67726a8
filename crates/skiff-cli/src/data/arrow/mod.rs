//! Parquet and Arrow files: row groups in parallel, one output or a folder of them.

mod dataset;
mod groups;
mod input;

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use skiff::{ColumnUse, Model, Plan, Takes};
use skiff_arrow::array::RecordBatch;
use skiff_arrow::files::is_caught;

use self::dataset::Dataset;
use self::groups::{Groups, Predicted};
use self::input::{Input, Unit};
use super::remote::is_remote;
use super::select::{Header, select};
use super::write::{self, Notes, Sink};
use crate::args::{DataFormat, Predict};
use crate::input::{is_standard, shown};
use crate::interrupt;
use crate::outputs;
use crate::progress::Progress;
use crate::report::{Failure, Outcome};

/// Whether the data is read here: several files, a folder or a pattern, or a file of Parquet or Arrow.
pub fn reads(data: &[std::path::PathBuf], format: Option<DataFormat>) -> bool {
    match data {
        [one] if !is_standard(one) => {
            let extension = one.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase);
            let named = extension.as_deref().and_then(DataFormat::of_extension);
            let is_folder = if is_remote(one) { extension.is_none() } else { one.is_dir() };
            is_arrow(format.or(named)) || is_folder && format.is_none() || !one.exists() && is_pattern(one)
        }
        [_] => is_arrow(format),
        _ => true,
    }
}

fn is_pattern(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.contains(['*', '?', '[']))
}

fn is_arrow(format: Option<DataFormat>) -> bool {
    matches!(format, Some(DataFormat::Parquet | DataFormat::Arrow))
}

/// A run of the command on files of Parquet or Arrow.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The arguments.
    pub arguments: &'a Predict,
    /// The model.
    pub model: &'a Model,
    /// The plan of its method.
    pub plan: &'a Plan,
    /// What is noted in the output.
    pub notes: &'a Notes,
    /// The progress, in rows.
    pub progress: &'a Progress,
}

impl Job<'_> {
    /// Predicts for all rows of the files.
    pub fn run(self) -> Outcome {
        self.run_into(None)
    }

    /// Predicts for all rows of the files into a sink, or else into the output of the arguments.
    pub fn run_into(self, sink: Option<&mut dyn Sink>) -> Outcome {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // A damaged file is reported as such.
            if !is_caught() {
                hook(panic);
            }
        }));
        let Predict { data, keep, data_options, output, force, format, method, .. } = self.arguments;
        if !data_options.dtype.is_empty() {
            return Err(Failure::Usage("`--dtype` is for text formats: these files have types".to_owned()));
        }
        let input = Input::open(data)?;
        let output = output.as_deref().filter(|output| !is_standard(output));
        if let Some(output) = output {
            let files: Vec<&Path> = input.files().collect();
            outputs::refuse_inputs(output, &files, *force)?;
        }
        let names = input.names(keep);
        let first = input.first().to_owned();
        let header = Header { names: &names, named: true };
        let selection = select(self.model, self.plan, header, &data_options.columns, keep, &first)?;
        if self.model.takes() == Takes::Dicts {
            let what = format!("`{}` takes mappings of names to values, not a table", self.model.header().class);
            return Err(
                Failure::data(shown(&first), what).with_help("pass the rows as JSON lines, one object per line")
            );
        }
        let uses = self.plan.column_uses(selection.names.len(), selection.named.then_some(&selection.names));
        let taken: Vec<String> = selection.taken.iter().map(|&place| names[place].clone()).collect();
        let input = input.choose(&taken, &uses, &selection.names, keep, self.plan.half())?;
        let groups =
            Groups { plan: self.plan, input: &input, uses: &uses, named: selection.named, takes: self.model.takes() };
        self.progress.set_length(input.rows());
        let in_output = |failure: Failure| match output {
            Some(output) => failure.of_output(output),
            None => failure,
        };
        if let Some(sink) = sink {
            return self.write_all(sink, groups);
        }
        match output.filter(|output| is_folder(output)) {
            Some(folder) => {
                let key = self.key(&selection.names, &input);
                let dataset = Dataset::open(folder, *format, &input, &key, *force)?;
                self.write_parts(dataset, groups).map_err(in_output)
            }
            None => {
                let mut sink = write::sink(output, *format, self.model, *method, self.notes).map_err(in_output)?;
                self.write_all(&mut *sink, groups).map_err(in_output)?;
                sink.finish().map_err(in_output)
            }
        }
    }

    /// All rows to one output.
    fn write_all(self, sink: &mut dyn Sink, groups: Groups<'_>) -> Outcome {
        let units: Vec<Unit> = groups.input.units().collect();
        let mut is_empty = true;
        groups.each(&units, |_, predicted| {
            is_empty = false;
            self.write(sink, &predicted)
        })?;
        match is_empty {
            // The model refuses a table without rows, or its columns are written.
            true => self.write(sink, &groups.of_no_rows()?),
            false => Ok(()),
        }
    }

    /// A file for each part that is not there yet.
    fn write_parts(self, mut dataset: Dataset, groups: Groups<'_>) -> Outcome {
        if self.plan.needs_batch() && dataset.parts.len() > 1 {
            dataset.join();
        }
        self.progress.inc(dataset.finished_rows());
        let mut units = Vec::new();
        let mut part_of_unit = Vec::new();
        for (index, part) in dataset.parts.iter().enumerate().filter(|(_, part)| !part.is_there()) {
            part_of_unit.extend(std::iter::repeat_n(index, part.units.len()));
            units.extend(part.units.iter().copied());
        }
        let mut writing: Option<(usize, u64, Box<dyn Sink>)> = None;
        groups.each(&units, |unit, predicted| {
            let part = part_of_unit[unit];
            if let Some((done, rows, sink)) = writing.take_if(|(writing, ..)| *writing != part) {
                interrupt::whole(|| sink.finish())?;
                dataset.parts[done].rows = Some(rows);
            }
            let (_, rows, sink) = match &mut writing {
                Some(writing) => writing,
                none => {
                    let path = dataset.path(part);
                    let sink =
                        write::sink(Some(&path), Some(dataset.format), self.model, self.arguments.method, self.notes)?;
                    none.insert((part, 0, sink))
                }
            };
            *rows += predicted.answer.rows() as u64;
            self.write(&mut **sink, &predicted)
        })?;
        if let Some((done, rows, sink)) = writing {
            interrupt::whole(|| sink.finish())?;
            dataset.parts[done].rows = Some(rows);
        }
        dataset.publish(self.notes)
    }

    fn write(self, sink: &mut dyn Sink, predicted: &Predicted) -> Outcome {
        // An interrupt never truncates a line of output.
        interrupt::whole(|| sink.write_arrow(&predicted.answer, &predicted.kept))?;
        self.progress.inc(predicted.answer.rows() as u64);
        Ok(())
    }

    /// What the predictions depend on besides the rows.
    fn key(self, columns: &[String], input: &Input) -> String {
        let Predict { method, param, keep, .. } = self.arguments;
        let version = env!("CARGO_PKG_VERSION");
        let what =
            format!("{version} {:?} {method:?} {param:?} {columns:?} {keep:?} {:?}", self.notes, input.has_nulls());
        hex(&Sha256::digest(what))
    }
}

/// Whether an output is a folder of parts.
fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR])
}

/// The digest in hexadecimal.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The columns of a batch that are kept, and those of the model.
fn split(batch: &RecordBatch, taken: usize) -> Result<RecordBatch, skiff_arrow::Error> {
    let kept: Vec<usize> = (taken..batch.num_columns()).collect();
    batch.project(&kept).map_err(Into::into)
}

/// An error of a file, with its place.
fn failure(error: &skiff_arrow::Error) -> Failure {
    let failure = |file: &Path| Failure::data(shown(file), error);
    failure(error.file().unwrap_or(Path::new("the data")))
}

/// Which of the model's columns are read: those that its plan uses.
fn is_read(uses: &[ColumnUse]) -> impl Fn(usize) -> bool + '_ {
    |column| uses.get(column).is_none_or(ColumnUse::is_used)
}

/// A list of names as a plan has it.
fn shared(names: &[String]) -> Arc<[String]> {
    names.into()
}
