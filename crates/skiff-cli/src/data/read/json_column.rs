//! Values of JSON to columns, as read by `pandas.read_json(lines=True)` unless the model determines the type.

use serde_json::Value as Json;
use skiff::table::Column;
use skiff::value::{IntKind, Precision};
use skiff::{Scalar, TimeUnit};

use super::cells;
use super::column::{
    CONVERTS, ColumnReader, Expected, FITTED_ON_DATES, FITTED_ON_NUMBERS, WrongCell, numbers, shortened,
};
use super::dates;
use super::kind::{Form, Kind, Known};

const TEXT: Expected = "text, since the encoder of this column was fitted on text";

impl ColumnReader {
    /// The values of a block as a column; a key that a row lacks is `null`.
    pub fn read_json<'j>(&self, values: impl ExactSizeIterator<Item = &'j Json>) -> Result<Column<'static>, WrongCell> {
        Ok(match &self.kind {
            Kind::Unused => Column::Floats(vec![f64::NAN; values.len()].into(), Precision::Double),
            Kind::Verbatim => {
                let texts = self.all_json(values, |json| json.as_str().map(str::to_owned).ok_or("text"))?;
                Column::Texts(texts.iter().collect())
            }
            Kind::Number => {
                let floats = self.all_json(values, |json| number(json, CONVERTS))?;
                Column::Floats(floats.into(), Precision::Double)
            }
            Kind::Integer => Column::Ints(self.all_json(values, integer)?.into(), IntKind::I64),
            Kind::Bool => {
                let read = |json: &Json| json.as_bool().map(i64::from).ok_or("true or false, and none missing");
                Column::Ints(self.all_json(values, read)?.into(), IntKind::Bool)
            }
            Kind::Text => Column::Objects(values.map(text).collect()),
            Kind::Whole => Column::Objects(values.map(|json| scalar(json, Scalar::Float(f64::NAN))).collect()),
            Kind::Dates(unit) => Column::Objects(self.all_json(values, |json| date(json, *unit))?.into()),
            Kind::Known(known) => match known.form() {
                Form::Dates(unit) => Column::Objects(self.all_json(values, |json| date(json, unit))?.into()),
                Form::Text => {
                    let read = |json: &Json| match json {
                        Json::String(_) | Json::Null => Ok(scalar(json, known.missing())),
                        _ => Err(TEXT),
                    };
                    Column::Objects(self.all_json(values, read)?.into())
                }
                Form::Number => numbers(self.all_json(values, |json| known_number(json, known))?),
                Form::Any => Column::Objects(values.map(|json| scalar(json, known.missing())).collect()),
            },
        })
    }

    fn all_json<'j, T>(
        &self,
        values: impl Iterator<Item = &'j Json>,
        read: impl Fn(&Json) -> Result<T, Expected>,
    ) -> Result<Vec<T>, WrongCell> {
        let value = |(row, json): (usize, &Json)| {
            read(json).map_err(|expected| {
                let what =
                    format!("column `{}`: expected {expected}, found `{}`", self.name, shortened(&json.to_string()));
                WrongCell { row, what, help: None }
            })
        };
        values.enumerate().map(value).collect()
    }
}

/// A value converted as by numpy's `astype`: strings become numbers, too.
fn number(json: &Json, expected: Expected) -> Result<f64, Expected> {
    match json {
        Json::Null => Ok(f64::NAN),
        Json::Bool(value) => Ok(f64::from(*value)),
        Json::Number(number) => number.as_f64().ok_or(expected),
        Json::String(text) if text.trim().eq_ignore_ascii_case("nan") => Ok(f64::NAN),
        Json::String(text) => cells::number(text, b'.').ok_or(expected),
        Json::Array(_) | Json::Object(_) => Err(expected),
    }
}

fn integer(json: &Json) -> Result<i64, Expected> {
    json.as_i64().ok_or("an integer, and none missing")
}

/// A number as a category: integers with all their digits.
fn known_number(json: &Json, known: &Known) -> Result<Scalar, Expected> {
    match json {
        Json::Null if known.missing() == Scalar::None => Ok(Scalar::None),
        Json::Bool(value) if known.has_bools() => Ok(Scalar::Bool(*value)),
        _ => match (json.as_i64(), number(json, FITTED_ON_NUMBERS)?) {
            (Some(integer), number) if number.abs() >= EXACT => Ok(Scalar::Int(integer)),
            (_, number) => Ok(Scalar::Float(number)),
        },
    }
}

fn date(json: &Json, unit: TimeUnit) -> Result<Scalar, Expected> {
    match json {
        Json::Null => Ok(dates::not_a_time(unit)),
        Json::String(text) => dates::date_time(text, unit).ok_or(FITTED_ON_DATES),
        _ => Err(FITTED_ON_DATES),
    }
}

/// From here on not every integer is a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Any value as text, for `--dtype COLUMN=str`.
fn text(json: &Json) -> Scalar {
    match json {
        Json::Null => Scalar::Float(f64::NAN),
        Json::String(text) => Scalar::Str(text.clone()),
        Json::Bool(value) => Scalar::Str(if *value { "True" } else { "False" }.to_owned()),
        other => Scalar::Str(other.to_string()),
    }
}

/// A value, with `null` as `missing` and nested values as their text.
pub fn scalar(json: &Json, missing: Scalar) -> Scalar {
    match json {
        Json::Null => missing,
        Json::Bool(value) => Scalar::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Scalar::Int(value),
            None => Scalar::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Scalar::Str(text.clone()),
        nested => Scalar::Str(nested.to_string()),
    }
}

/// The types seen in a column whose type is inferred.
#[derive(Clone, Copy, Debug)]
pub struct SeenJson {
    integers: bool,
    numbers: bool,
    bools: bool,
}

impl SeenJson {
    /// Nothing yet.
    pub const NOTHING: Self = Self { integers: true, numbers: true, bools: true };

    /// One value more.
    pub fn add(&mut self, json: &Json) {
        self.integers = self.integers && json.as_i64().is_some();
        self.bools = self.bools && json.is_boolean();
        // pandas converts bools next to numbers and `null` to numbers.
        self.numbers = self.numbers && matches!(json, Json::Number(_) | Json::Null | Json::Bool(_));
    }

    /// The inferred type.
    pub fn kind(self) -> Kind {
        match self {
            Self { integers: true, .. } => Kind::Integer,
            Self { bools: true, .. } => Kind::Bool,
            Self { numbers: true, .. } => Kind::Number,
            _ => Kind::Whole,
        }
    }
}
