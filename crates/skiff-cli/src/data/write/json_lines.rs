//! Predictions as JSON lines: an object for each row.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};
use skiff::table::Column;
use skiff::{Answer, Scalar};

use super::columns::{Names, columns};
use super::{Finish, Sink};
use crate::report::Failure;

/// Writes JSON lines.
#[derive(Debug)]
pub struct JsonLines<W: Finish> {
    writer: W,
    names: Names,
}

impl<W: Finish> JsonLines<W> {
    /// JSON lines to `writer`.
    pub fn new(writer: W, names: Names) -> Self {
        Self { writer, names }
    }
}

impl<W: Finish> Sink for JsonLines<W> {
    fn write(&mut self, answer: &Answer, kept: &[(String, Column<'_>)]) -> Result<(), Failure> {
        let answers = columns(answer, &self.names);
        let mut names = HashSet::new();
        let mut all = kept.iter().map(|(name, _)| name).chain(answers.iter().map(|(name, _)| name));
        if let Some(twice) = all.find(|name| !names.insert(name.as_str())) {
            let what =
                format!("two columns of the output are called `{twice}`, which an object cannot have; write CSV");
            return Err(Failure::Usage(what));
        }
        for row in 0..answer.rows() {
            let mut object = Map::new();
            for (name, column) in kept {
                object.insert(name.clone(), json(&column.get(row).unwrap_or(Scalar::None)));
            }
            for (name, cells) in &answers {
                let value = match cells.numbers(row) {
                    Some(numbers) => numbers.iter().map(json).collect(),
                    None => json(&cells.get(row)),
                };
                object.insert(name.clone(), value);
            }
            writeln!(self.writer, "{}", Json::Object(object))?;
        }
        Ok(self.writer.flush()?)
    }

    fn finish(self: Box<Self>) -> Result<(), Failure> {
        Ok(self.writer.finish()?)
    }
}

/// What JSON cannot write, NaN and infinities, becomes `null`.
fn json(scalar: &Scalar) -> Json {
    match scalar {
        Scalar::None => Json::Null,
        Scalar::Bool(value) => Json::Bool(*value),
        Scalar::Int(value) => Json::from(*value),
        Scalar::Float(value) => Json::from(*value),
        Scalar::Str(text) => Json::from(text.as_str()),
        other => Json::from(other.to_string()),
    }
}
