//! An answer as plain arrays with names, for whatever knows neither numpy nor scikit-learn: protocols and languages.

use serde_json::Value as Json;
use skiff_files::Scalar;
use skiff_plan::table::{Column, DictValue};
use skiff_plan::value::{Classes, IntKind, Labels, NumberType, Precision, Value};
use skiff_plan::{Answer, Rank};

/// An array of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedArray {
    /// The method's name, with more behind it where the method returns several arrays.
    pub name: String,
    /// The length of each axis; empty for a single value.
    pub shape: Vec<usize>,
    /// As many elements as the shape says, in C order.
    pub elements: Elements,
}

/// The elements of a [`NamedArray`].
#[derive(Clone, Debug, PartialEq)]
pub enum Elements {
    /// Integers and bools, widened to `int64`, with their dtype. Elements of `uint64` keep their bits.
    Ints(Vec<i64>, IntKind),
    /// `float32`
    F32(Vec<f32>),
    /// `float64`
    F64(Vec<f64>),
    /// Text: labels, categories, and whatever has no dtype of numbers. A missing value is an empty text; a mapping
    /// or a list is JSON.
    Texts(Vec<String>),
}

/// The answer is a sparse matrix that cannot be written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSparse {
    rows: usize,
    cols: usize,
}

impl std::fmt::Display for TooSparse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rows, cols } = self;
        write!(f, "the answer is a sparse matrix of {rows} × {cols}, too large to write out; ask for fewer rows")
    }
}

impl std::error::Error for TooSparse {}

/// The most elements that a sparse answer may have when it is written out.
const MOST_DENSE: usize = 1 << 26;

impl NamedArray {
    /// The arrays of the answer of a method: one called `name`, or several called after it. A list or tuple is
    /// `name_0`, `name_1`, …, a DataFrame `name:column`.
    ///
    /// # Errors
    /// When a sparse matrix would take far more memory than it does now.
    pub fn of(name: &str, answer: Answer) -> Result<Vec<Self>, TooSparse> {
        match answer {
            Answer::One(value, rank) => of_value(name, value, rank),
            Answer::List(items) | Answer::Tuple(items) => {
                let each =
                    items.into_iter().enumerate().map(|(index, item)| Self::of(&format!("{name}_{index}"), item));
                Ok(each.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
            }
        }
    }
}

fn of_value(name: &str, value: Value<'static>, rank: Rank) -> Result<Vec<NamedArray>, TooSparse> {
    let (rows, cols) = (value.rows(), value.cols());
    let shape = match rank {
        Rank::Zero => Vec::new(),
        Rank::One => vec![rows],
        Rank::OneOrTwo if cols == 1 => vec![rows],
        Rank::Two | Rank::OneOrTwo => vec![rows, cols],
        Rank::Three { depth } => vec![rows, cols / depth.max(1), depth],
    };
    let data = match value {
        Value::Floats(matrix, Precision::Double) => Elements::F64(matrix.data.into_owned()),
        Value::Floats(matrix, Precision::Single) =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "the values are float32")]
            Elements::F32(matrix.data.iter().map(|&value| value as f32).collect())
        }
        Value::Ints(matrix, kind) => Elements::Ints(matrix.data.into_owned(), kind),
        Value::Sparse(csr) => {
            if rows.saturating_mul(cols) > MOST_DENSE {
                return Err(TooSparse { rows, cols });
            }
            match csr.dtype {
                NumberType::Float(Precision::Single) =>
                {
                    #[expect(clippy::cast_possible_truncation, reason = "the values are float32")]
                    Elements::F32(csr.to_dense().data.iter().map(|&value| value as f32).collect())
                }
                NumberType::Float(Precision::Double) => Elements::F64(csr.to_dense().data.into_owned()),
                #[expect(clippy::cast_possible_truncation, reason = "integers are held exactly")]
                NumberType::Int(kind) => {
                    Elements::Ints(csr.to_dense().data.iter().map(|&value| value as i64).collect(), kind)
                }
            }
        }
        Value::Labels(labels) => return of_labels(name, &labels, shape),
        Value::Columns(columns) => {
            let names = columns.names.clone();
            let named = columns.columns.into_iter().enumerate().map(|(index, column)| {
                let column_name = names.as_ref().and_then(|names| names.get(index));
                let column_name = column_name.map_or_else(|| index.to_string(), String::clone);
                NamedArray { name: format!("{name}:{column_name}"), shape: vec![rows], elements: of_column(column) }
            });
            return Ok(named.collect());
        }
        Value::Texts(texts) => Elements::Texts(texts.iter().map(str::to_owned).collect()),
        Value::Dicts(dicts) => Elements::Texts(dicts.rows.iter().map(|row| json_of(row).to_string()).collect()),
        Value::TermLists(lists) => {
            let row = |row: usize| lists.row(row).map(Json::from).collect::<Json>().to_string();
            Elements::Texts((0..lists.len()).map(row).collect())
        }
        Value::NumberLists(lists) => {
            let row = |bounds: &[usize]| {
                let numbers = lists.numbers.get(bounds[0]..bounds[1]).unwrap_or_default();
                numbers.iter().copied().map(Json::from).collect::<Json>().to_string()
            };
            Elements::Texts(lists.bounds.windows(2).map(row).collect())
        }
        Value::Many(values) => {
            let each =
                values.into_iter().enumerate().map(|(index, value)| of_value(&format!("{name}_{index}"), value, rank));
            return Ok(each.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect());
        }
    };
    Ok(vec![NamedArray { name: name.to_owned(), shape, elements: data }])
}

fn of_column(column: Column<'static>) -> Elements {
    match column {
        Column::Ints(all, kind) => Elements::Ints(all.into_owned(), kind),
        Column::Floats(all, Precision::Double) => Elements::F64(all.into_owned()),
        #[expect(clippy::cast_possible_truncation, reason = "the values are float32")]
        Column::Floats(all, Precision::Single) => Elements::F32(all.iter().map(|&value| value as f32).collect()),
        Column::Texts(texts) => Elements::Texts(texts.iter().map(str::to_owned).collect()),
        Column::Objects(all) => Elements::Texts(all.iter().map(text).collect()),
    }
}

/// A scalar as a text; `None` is an empty one.
fn text(scalar: &Scalar) -> String {
    match scalar {
        Scalar::None => String::new(),
        Scalar::Str(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Labels of one kind are one tensor, those of several kinds one for each column.
fn of_labels(name: &str, labels: &Labels, shape: Vec<usize>) -> Result<Vec<NamedArray>, TooSparse> {
    let column = |column: usize| {
        let classes = &labels.classes[column];
        let codes = labels.codes.iter().skip(column).step_by(labels.cols.max(1));
        match &**classes {
            Classes::Ints(all, kind) => {
                Elements::Ints(codes.map(|&code| all.get(code as usize).copied().unwrap_or(0)).collect(), *kind)
            }
            Classes::Floats(all, Precision::Double) => {
                Elements::F64(codes.map(|&code| all.get(code as usize).copied().unwrap_or(f64::NAN)).collect())
            }
            #[expect(clippy::cast_possible_truncation, reason = "the labels are float32")]
            Classes::Floats(all, Precision::Single) => Elements::F32(
                codes.map(|&code| all.get(code as usize).map_or(f32::NAN, |&value| value as f32)).collect(),
            ),
            _ => {
                Elements::Texts(codes.map(|&code| text(&classes.get(code as usize).unwrap_or(Scalar::None))).collect())
            }
        }
    };
    if labels.cols == 1 {
        return Ok(vec![NamedArray { name: name.to_owned(), shape, elements: column(0) }]);
    }
    let named = |index: usize| NamedArray {
        name: format!("{name}_{index}"),
        shape: vec![labels.rows],
        elements: column(index),
    };
    Ok((0..labels.cols).map(named).collect())
}

/// A mapping as an object of JSON.
fn json_of(row: &[(String, DictValue)]) -> Json {
    let value = |value: &DictValue| match value {
        DictValue::One(one) => scalar(one),
        DictValue::Many(several) => several.iter().map(scalar).collect(),
    };
    Json::Object(row.iter().map(|(name, of)| (name.clone(), value(of))).collect())
}

fn scalar(scalar: &Scalar) -> Json {
    match scalar {
        Scalar::None => Json::Null,
        Scalar::Bool(value) => Json::from(*value),
        Scalar::Int(value) => Json::from(*value),
        Scalar::Float(value) => Json::from(*value),
        other => Json::from(text(other)),
    }
}
