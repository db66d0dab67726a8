//! Values to the numbers of categories.

use std::sync::Arc;

use skiff_files::Scalar;

use crate::kernels::categories::Categories;
use crate::kernels::times;
use crate::operator::Operator;
use crate::table::Column;
use crate::value::{IntKind, Matrix, Value};
use crate::{InputError, InputErrorKind};

/// Maps each value to its index among the categories of its column; unknown values are -1, or an error.
#[derive(Debug)]
pub struct Encode {
    /// The estimator's class.
    pub estimator: String,
    /// The categories of each column.
    pub columns: Vec<Arc<Categories>>,
    /// Whether a table of different types is one array of objects (before 0.22): then numbers do not match categories of text,
    /// where numpy could not compare them.
    pub mixed_is_object: bool,
    /// Whether an unknown value is an error.
    pub refuse_unknown: bool,
}

impl Encode {
    /// One column; indices are written with the stride `step` from `codes[0]` on.
    fn column(
        &self,
        at: usize,
        column: &Column<'_>,
        codes: &mut [i64],
        step: usize,
        object: bool,
    ) -> Result<(), InputError> {
        let categories = &*self.columns[at];
        if !object && is_numeric(column) {
            comparable(categories)?;
        }
        let places = codes.iter_mut().step_by(step);
        match column {
            Column::Floats(values, _) => fill(places, values.iter().map(|&value| categories.of_float(value))),
            Column::Ints(values, _) => fill(places, values.iter().map(|&value| categories.of_int(value))),
            Column::Texts(values) => fill(places, values.iter().map(|text| categories.of_text(text))),
            Column::Objects(values) => fill(places, values.iter().map(|value| categories.of_scalar(value))),
        }
        if !self.refuse_unknown {
            return Ok(());
        }
        let unknown = codes.iter().step_by(step).position(|&code| code < 0);
        unknown.map_or(Ok(()), |row| Err(unknown_category(at, row, &column.get(row).unwrap_or(Scalar::None))))
    }
}

fn is_numeric(column: &Column<'_>) -> bool {
    matches!(column, Column::Floats(..) | Column::Ints(..))
}

/// numpy cannot compare numbers with categories without numbers.
fn comparable(categories: &Categories) -> Result<(), InputError> {
    if categories.len > 0 && !categories.has_numbers() {
        return Err(InputError::refused("the column holds numbers, but the encoder was fitted on other categories"));
    }
    Ok(())
}

fn fill<'c>(places: impl Iterator<Item = &'c mut i64>, codes: impl Iterator<Item = Option<u32>>) {
    for (place, code) in places.zip(codes) {
        *place = code.map_or(-1, i64::from);
    }
}

fn unknown_category(column: usize, row: usize, value: &Scalar) -> InputError {
    let value = match value {
        Scalar::Str(text) => text.clone(),
        other => times::shown(other),
    };
    InputError::new(InputErrorKind::UnknownCategory { column, value }).in_row(row)
}

impl Operator for Encode {
    const NAME: &'static str = "encode";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (rows, cols) = (inputs[0].rows(), self.columns.len());
        let mut codes = vec![0; rows * cols];
        let known = |row: usize, col: usize, place: Option<u32>, value: Scalar| match place {
            Some(place) => Ok(i64::from(place)),
            None if self.refuse_unknown => Err(unknown_category(col, row, &value)),
            None => Ok(-1),
        };
        match inputs[0] {
            other if other.cols() != cols => {
                return Err(InputError::new(InputErrorKind::FeatureCount { expected: cols, found: other.cols() }));
            }
            Value::Floats(x, _) => {
                self.columns.iter().try_for_each(|categories| comparable(categories))?;
                for (row, (values, codes)) in x.iter_rows().zip(codes.chunks_exact_mut(cols.max(1))).enumerate() {
                    for (col, ((&value, code), categories)) in values.iter().zip(codes).zip(&self.columns).enumerate() {
                        *code = known(row, col, categories.of_float(value), Scalar::Float(value))?;
                    }
                }
            }
            Value::Ints(x, _) => {
                self.columns.iter().try_for_each(|categories| comparable(categories))?;
                for (row, (values, codes)) in x.iter_rows().zip(codes.chunks_exact_mut(cols.max(1))).enumerate() {
                    for (col, ((&value, code), categories)) in values.iter().zip(codes).zip(&self.columns).enumerate() {
                        *code = known(row, col, categories.of_int(value), Scalar::Int(value))?;
                    }
                }
            }
            Value::Columns(columns) if rows > 0 => {
                let object = self.mixed_is_object && !columns.columns.iter().all(is_numeric);
                for (at, column) in columns.columns.iter().enumerate() {
                    self.column(at, column, &mut codes[at..], cols, object)
                        .map_err(|error| error.by(&self.estimator))?;
                }
            }
            Value::Columns(_) => {}
            Value::Texts(texts) => {
                self.column(0, &Column::Texts(texts.clone()), &mut codes, 1, false)?;
            }
            other => return Err(InputError::wrong_kind("a table", other)),
        }
        Ok(Value::Ints(Matrix::new(rows, cols, codes), IntKind::I64))
    }

    fn describe(&self) -> String {
        let counts: Vec<_> = self.columns.iter().map(|categories| categories.len.to_string()).collect();
        format!("{} categories", counts.join(", "))
    }
}
