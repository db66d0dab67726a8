//! JSON lines, and JSON arrays of records: objects are rows by name, arrays are rows by position, strings are documents.

use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde_json::Value as Json;
use skiff::Scalar;
use skiff::table::{Column, DictValue, Dicts, Texts};
use skiff::value::Columns;

use super::column::ColumnReader;
use super::json_column::{SeenJson, scalar};
use super::json_values::{JsonValues, Layout};
use super::kind::Kind;
use super::{BATCH_ROWS, Batch, Chosen, Content};
use crate::input::shown;
use crate::report::Failure;

/// A value, and the line that it begins on.
type Row = (u64, Json);

/// The kind of every row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// There is none.
    Nothing,
    /// A document.
    Texts,
    /// A mapping, for a model that takes mappings.
    Dicts,
    /// A row by name.
    Objects,
    /// A row by position, with the number of columns.
    Arrays(usize),
}

/// A file of JSON whose first rows have been read.
pub struct JsonRows {
    path: PathBuf,
    values: JsonValues,
    /// The kind of every row, from the first.
    pub shape: Shape,
    /// The columns' names, from the first block of rows; their numbers where the rows are arrays.
    pub names: Vec<String>,
    /// Whether an unknown key is an error.
    strict: bool,
    first: Vec<Row>,
    columns: Vec<ColumnReader>,
    kept: Vec<(String, usize)>,
}

impl JsonRows {
    /// Opens a file; with `mappings` each object is a mapping.
    pub fn open(path: &Path, layout: Layout, mappings: bool, progress: &ProgressBar) -> Result<Self, Failure> {
        let mut values = JsonValues::open(path, layout, progress)?;
        let first = block(&mut values)?;
        let shape = match first.first() {
            None => Shape::Nothing,
            Some((_, Json::String(_))) => Shape::Texts,
            Some((_, Json::Object(_))) if mappings => Shape::Dicts,
            Some((_, Json::Object(_))) => Shape::Objects,
            Some((_, Json::Array(cells))) => Shape::Arrays(cells.len()),
            Some((line, _)) => {
                let what = "expected an object, an array or a string for each row";
                return Err(Failure::data(shown(path), what).at_line(*line));
            }
        };
        // What `DataFrame.to_json` writes unless it is asked for something else.
        if let (Layout::Array, [(line, Json::Object(object))]) = (layout, &first[..])
            && !object.is_empty()
            && object.values().all(Json::is_object)
        {
            let failure = Failure::data(shown(path), "expected an array of rows, found an object of columns");
            let help = "write it by rows: `DataFrame.to_json(path, orient=\"records\")`";
            return Err(failure.at_line(*line).with_help(help));
        }
        let names = match shape {
            Shape::Objects => keys(&first),
            Shape::Arrays(count) => (0..count).map(|column| column.to_string()).collect(),
            Shape::Nothing | Shape::Texts | Shape::Dicts => Vec::new(),
        };
        let path = path.to_owned();
        Ok(Self { path, values, shape, names, strict: false, first, columns: Vec::new(), kept: Vec::new() })
    }

    /// Selects columns, each with its type, and those that are kept. With `strict` no row may have
    /// others.
    pub fn choose(&mut self, mut columns: Vec<Chosen>, kept: &[usize], strict: bool) -> Result<(), Failure> {
        if columns.iter().any(|column| matches!(column.kind, Kind::Whole)) {
            self.see(&mut columns)?;
        }
        self.columns = columns.into_iter().map(|column| ColumnReader::new(column, b'.')).collect();
        self.kept = kept.iter().map(|&place| (self.names[place].clone(), place)).collect();
        self.strict = strict;
        Ok(())
    }

    /// Reads the data to its end to infer the types of columns, and seeks back.
    fn see(&mut self, columns: &mut [Chosen]) -> Result<(), Failure> {
        let mut seen = vec![SeenJson::NOTHING; columns.len()];
        let mut add = |row: &Json| {
            for (seen, Chosen { place, .. }) in seen.iter_mut().zip(columns.iter()) {
                seen.add(cell(row, &self.names[*place], *place));
            }
        };
        self.first.iter().for_each(|(_, row)| add(row));
        self.values.mark()?;
        while let Some((_, row)) = self.values.read()? {
            add(&row);
        }
        self.values.back()?;
        for (column, seen) in columns.iter_mut().zip(seen) {
            if matches!(column.kind, Kind::Whole) {
                column.kind = seen.kind();
            }
        }
        Ok(())
    }

    fn batch(&mut self) -> Result<Option<Batch>, Failure> {
        let mut rows = std::mem::take(&mut self.first);
        if rows.is_empty() {
            rows = block(&mut self.values)?;
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let content = match self.shape {
            Shape::Nothing => return Ok(None),
            Shape::Texts => self.texts(&rows)?,
            Shape::Dicts => self.dicts(&rows)?,
            Shape::Objects | Shape::Arrays(_) => self.table(&rows)?,
        };
        Ok(Some(Batch { lines: rows.iter().map(|(line, _)| *line).collect(), content }))
    }

    fn failure(&self, line: u64, what: impl std::fmt::Display) -> Failure {
        Failure::data(shown(&self.path), what).at_line(line)
    }

    fn texts(&self, rows: &[Row]) -> Result<Content, Failure> {
        let text = |(line, row): &Row| match row {
            Json::String(text) => Ok(text.clone()),
            _ => Err(self.failure(*line, "expected a string, as in the rows before")),
        };
        let texts: Vec<String> = rows.iter().map(text).collect::<Result<_, _>>()?;
        Ok(Content::Texts(Texts::from_iter(texts)))
    }

    fn dicts(&self, rows: &[Row]) -> Result<Content, Failure> {
        let one = |json: &Json| scalar(json, Scalar::None);
        let value = |json: &Json| match json {
            Json::Array(items) => DictValue::Many(items.iter().map(one).collect()),
            json => DictValue::One(one(json)),
        };
        let dict = |(line, row): &Row| match row {
            Json::Object(object) => Ok(object.iter().map(|(key, json)| (key.clone(), value(json))).collect()),
            _ => Err(self.failure(*line, "expected an object, as in the rows before")),
        };
        let rows: Vec<Vec<(String, DictValue)>> = rows.iter().map(dict).collect::<Result<_, _>>()?;
        Ok(Content::Dicts(Dicts { rows: rows.into() }))
    }

    fn table(&self, rows: &[Row]) -> Result<Content, Failure> {
        rows.iter().try_for_each(|row| self.check(row))?;
        let mut columns = Vec::with_capacity(self.columns.len() + self.kept.len());
        for reader in &self.columns {
            let values = rows.iter().map(|(_, row)| cell(row, &self.names[reader.place], reader.place));
            columns.push(reader.read_json(values).map_err(|wrong| {
                let line = rows.get(wrong.row).map_or(0, |(line, _)| *line);
                self.failure(line, wrong.what).with_help_if(wrong.help)
            })?);
        }
        for (name, place) in &self.kept {
            let cells = rows.iter().map(|(_, row)| scalar(cell(row, name, *place), Scalar::None));
            columns.push(Column::Objects(cells.collect()));
        }
        let names = self.columns.iter().map(|reader| reader.name.clone());
        let names: Vec<String> = names.chain(self.kept.iter().map(|(name, _)| name.clone())).collect();
        let columns = Columns::new(rows.len(), Some(names.into()), columns);
        Ok(Content::Columns(columns.expect("a cell of each row in each column")))
    }

    /// An error unless a row is like the first.
    fn check(&self, (line, row): &Row) -> Result<(), Failure> {
        match (self.shape, row) {
            (Shape::Objects, Json::Object(object)) if self.strict => {
                match object.keys().find(|key| !self.names.contains(key)) {
                    Some(key) => Err(self.failure(*line, format!("the key `{key}` does not occur in the first rows"))),
                    None => Ok(()),
                }
            }
            (Shape::Objects, Json::Object(_)) => Ok(()),
            (Shape::Arrays(count), Json::Array(cells)) if cells.len() == count => Ok(()),
            (Shape::Arrays(count), Json::Array(cells)) => {
                Err(self.failure(*line, format!("expected {count} values in a row, found {}", cells.len())))
            }
            (Shape::Objects, _) => Err(self.failure(*line, "expected an object, as in the rows before")),
            _ => Err(self.failure(*line, "expected an array, as in the rows before")),
        }
    }
}

impl Iterator for JsonRows {
    type Item = Result<Batch, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batch().transpose()
    }
}

/// The next rows.
fn block(values: &mut JsonValues) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    while rows.len() < BATCH_ROWS {
        let Some(row) = values.read()? else { break };
        rows.push(row);
    }
    Ok(rows)
}

/// The keys of objects, in the order of their first occurrence.
fn keys(rows: &[Row]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let mut names = Vec::new();
    for object in rows.iter().filter_map(|(_, row)| row.as_object()) {
        for key in object.keys() {
            if !seen.contains(key) {
                seen.insert(key.clone());
                names.push(key.clone());
            }
        }
    }
    names
}

/// The value of a column in a row.
fn cell<'j>(row: &'j Json, name: &str, place: usize) -> &'j Json {
    let found = match row {
        Json::Array(cells) => cells.get(place),
        row => row.get(name),
    };
    found.unwrap_or(&Json::Null)
}
