//! JSON lines: objects are rows by name, arrays are rows by place, strings are documents.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde_json::Value as Json;
use skiff::Scalar;
use skiff::table::{Column, DictValue, Dicts, Texts};
use skiff::value::{Columns, IntKind, Precision};

use super::{BATCH_ROWS, Batch, Source, shown, source};
use crate::report::Failure;

/// A file of JSON lines.
pub struct JsonLines {
    path: PathBuf,
    reader: BufReader<Source>,
    line: u64,
    /// Objects are mappings for a model that takes such, not rows of a table.
    mappings: bool,
    /// The columns' names, from the first object.
    names: Option<Vec<String>>,
}

impl JsonLines {
    /// Opens a file; with `mappings` each object stays one.
    pub fn open(path: &Path, mappings: bool, progress: &ProgressBar) -> Result<Self, Failure> {
        let reader = BufReader::new(source(path, progress)?);
        Ok(Self { path: path.to_owned(), reader, line: 0, mappings, names: None })
    }

    fn failure(&self, what: impl std::fmt::Display) -> Failure {
        Failure::data(&shown(&self.path), what).at_line(self.line)
    }

    fn rows(&mut self) -> Result<Vec<(u64, Json)>, Failure> {
        let mut rows = Vec::new();
        let mut line = String::new();
        while rows.len() < BATCH_ROWS {
            line.clear();
            if self.reader.read_line(&mut line).map_err(|error| self.failure(error))? == 0 {
                break;
            }
            self.line += 1;
            if !line.trim().is_empty() {
                rows.push((self.line, serde_json::from_str(&line).map_err(|error| self.failure(error))?));
            }
        }
        Ok(rows)
    }

    fn batch(&mut self) -> Result<Option<Batch>, Failure> {
        let rows = self.rows()?;
        let Some((_, first)) = rows.first() else { return Ok(None) };
        match first {
            Json::String(_) => self.texts(&rows),
            Json::Object(_) if self.mappings => self.dicts(&rows),
            Json::Object(object) => {
                let names = self.names.get_or_insert_with(|| object.keys().cloned().collect()).clone();
                let cell = |row: &Json, column: usize| row.get(&names[column]).cloned();
                self.columns(&rows, names.len(), cell, Json::is_object)
                    .map(|columns| Columns::named(names.clone(), columns.columns).map(Batch::Columns))
            }
            Json::Array(cells) => {
                let cell = |row: &Json, column: usize| row.get(column).cloned();
                let len = cells.len();
                let whole = |row: &Json| row.as_array().is_some_and(|row| row.len() == len);
                self.columns(&rows, len, cell, whole).map(|columns| Some(Batch::Columns(columns)))
            }
            _ => Err(self.failure("expected an object, an array or a string on each line")),
        }
    }

    fn texts(&self, rows: &[(u64, Json)]) -> Result<Option<Batch>, Failure> {
        let text = |(line, row): &(u64, Json)| match row {
            Json::String(text) => Ok(text.clone()),
            _ => Err(self.failure("expected a string, as on the lines before").at_line(*line)),
        };
        let texts: Vec<String> = rows.iter().map(text).collect::<Result<_, _>>()?;
        Ok(Some(Batch::Texts(Texts::from_iter(texts))))
    }

    fn dicts(&self, rows: &[(u64, Json)]) -> Result<Option<Batch>, Failure> {
        let value = |json: &Json| match json {
            Json::Array(items) => DictValue::Many(items.iter().map(scalar).collect()),
            one => DictValue::One(scalar(one)),
        };
        let dict = |(line, row): &(u64, Json)| match row {
            Json::Object(object) => Ok(object.iter().map(|(key, json)| (key.clone(), value(json))).collect()),
            _ => Err(self.failure("expected an object, as on the lines before").at_line(*line)),
        };
        let rows: Vec<Vec<(String, DictValue)>> = rows.iter().map(dict).collect::<Result<_, _>>()?;
        Ok(Some(Batch::Dicts(Dicts { rows: rows.into() })))
    }

    fn columns(
        &self,
        rows: &[(u64, Json)],
        count: usize,
        cell: impl Fn(&Json, usize) -> Option<Json>,
        whole: impl Fn(&Json) -> bool,
    ) -> Result<Columns<'static>, Failure> {
        if let Some((line, _)) = rows.iter().find(|(_, row)| !whole(row)) {
            return Err(self.failure("expected a row like those on the lines before").at_line(*line));
        }
        let column = |column: usize| {
            column_of(
                rows.iter().map(|(_, row)| cell(row, column).map_or(Scalar::None, |json| scalar(&json))).collect(),
            )
        };
        Ok(Columns { rows: rows.len(), names: None, columns: (0..count).map(column).collect() })
    }
}

impl Iterator for JsonLines {
    type Item = Result<Batch, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batch().transpose()
    }
}

/// The narrowest column that holds the cells; a `null` among numbers is NaN.
fn column_of(cells: Vec<Scalar>) -> Column<'static> {
    if cells.iter().all(|cell| matches!(cell, Scalar::Int(_))) {
        return Column::Ints(cells.iter().filter_map(Scalar::as_i64).collect(), IntKind::I64);
    }
    if cells.iter().all(|cell| matches!(cell, Scalar::Int(_) | Scalar::Float(_) | Scalar::None)) {
        let numbers = cells.iter().map(|cell| cell.as_f64().unwrap_or(f64::NAN));
        return Column::Floats(numbers.collect(), Precision::Double);
    }
    if cells.iter().all(|cell| matches!(cell, Scalar::Str(_))) {
        return Column::Texts(cells.iter().filter_map(Scalar::as_str).collect());
    }
    Column::Objects(cells.into())
}

fn scalar(json: &Json) -> Scalar {
    match json {
        Json::Null => Scalar::None,
        Json::Bool(value) => Scalar::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Scalar::Int(value),
            None => Scalar::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Scalar::Str(text.clone()),
        nested => Scalar::Str(nested.to_string()),
    }
}
