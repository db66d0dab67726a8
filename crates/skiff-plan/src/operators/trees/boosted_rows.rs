//! LightGBM's conversion of a table to numbers.

use std::borrow::Cow;
use std::sync::Arc;

use crate::InputError;
use crate::kernels::categories::Categories;
use crate::operators::Operator;
use crate::table::Column;
use crate::value::{IntKind, Matrix, NumberType, Precision, Value};

/// Integers as the numbers that LightGBM takes: those of an array are rounded to `float32`, those of a DataFrame are not
/// since version 4. DataFrame columns that are not numeric are an error.
#[derive(Clone, Debug)]
pub struct BoostedRows {
    /// Whether a DataFrame without floats, or with bools next to numbers, becomes `float32` altogether.
    pub narrow_tables: bool,
    /// Columns of a DataFrame that are categories, which become their numbers; what is none of them is missing.
    pub categories: Vec<(usize, Arc<Categories>)>,
}

impl BoostedRows {
    /// The columns of a DataFrame, with numbers for categories.
    fn encoded<'c>(&self, columns: &'c [Column<'_>]) -> Vec<Cow<'c, Column<'c>>> {
        let mut all: Vec<Cow<'c, Column<'c>>> = columns.iter().map(Cow::Borrowed).collect();
        for (place, categories) in &self.categories {
            if let Some(column) = columns.get(*place) {
                all[*place] = Cow::Owned(numbered(column, categories));
            }
        }
        all
    }
}

/// The numbers of categories, as integers where all are known.
fn numbered(column: &Column<'_>, categories: &Categories) -> Column<'static> {
    let places: Vec<Option<u32>> = match column {
        Column::Floats(values, _) => values.iter().map(|&value| categories.of_float(value)).collect(),
        Column::Ints(values, _) => values.iter().map(|&value| categories.of_int(value)).collect(),
        Column::Texts(texts) => texts.iter().map(|text| categories.of_text(text)).collect(),
        Column::Objects(values) => values.iter().map(|value| categories.of_scalar(value)).collect(),
    };
    match places.iter().map(|place| place.map(i64::from)).collect::<Option<Vec<i64>>>() {
        Some(codes) => Column::Ints(codes.into(), IntKind::I64),
        None => {
            let codes = places.iter().map(|place| place.map_or(f64::NAN, f64::from));
            Column::Floats(codes.collect(), Precision::Double)
        }
    }
}

impl Operator for BoostedRows {
    const NAME: &'static str = "boosted_rows";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let columns = match inputs[0] {
            Value::Ints(x, _) => return Ok(Value::Floats(x.map(|&value| narrow(to_f64(value))), Precision::Single)),
            Value::Sparse(csr) if matches!(csr.dtype, NumberType::Int(_)) => {
                return Err(InputError::refused("a sparse matrix must be of float32 or float64"));
            }
            Value::Columns(columns) if columns.names.is_some() => columns,
            other => return Ok(other.clone()),
        };
        let encoded = self.encoded(&columns.columns);
        let is = |kind: fn(&Column<'_>) -> bool| encoded.iter().filter(|column| kind(column)).count();
        let ints = is(|column| matches!(column, Column::Ints(..)));
        let bools = is(|column| matches!(column, Column::Ints(_, IntKind::Bool)));
        let count = columns.columns.len();
        let narrows = self.narrow_tables && (ints == count || (bools > 0 && bools < count));
        let mut data = vec![0.0; columns.rows * count];
        for (place, column) in encoded.iter().enumerate() {
            let mut put = |row: usize, value: f64| {
                data[row * count + place] = if narrows { narrow(value) } else { value };
            };
            match &**column {
                Column::Floats(values, _) => values.iter().enumerate().for_each(|(row, &value)| put(row, value)),
                Column::Ints(values, _) => values.iter().enumerate().for_each(|(row, &value)| put(row, to_f64(value))),
                Column::Texts(_) | Column::Objects(_) => {
                    let name = columns.names.as_ref().and_then(|names| names.get(place));
                    return Err(InputError::refused(format!(
                        "pandas dtypes must be int, float or bool. Fields with bad pandas dtypes: {}: object",
                        name.map_or("?", |name| name)
                    )));
                }
            }
        }
        Ok(Value::Floats(Matrix::new(columns.rows, count, data), Precision::Double))
    }

    fn describe(&self) -> String {
        if self.narrow_tables { "integers as float32".to_owned() } else { "integers of arrays as float32".to_owned() }
    }
}

fn narrow(value: f64) -> f64 {
    Precision::Single.round(value)
}

#[expect(clippy::cast_precision_loss, reason = "numpy's astype(float64) rounds as well")]
fn to_f64(value: i64) -> f64 {
    value as f64
}
