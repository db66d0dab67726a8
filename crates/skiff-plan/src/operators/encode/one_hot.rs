//! Numbers of categories to a one in the category's column.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Csr, IntKind, Matrix, NumberType, Precision, Value};

/// A one in the column of each category, zeros elsewhere.
#[derive(Debug)]
pub struct OneHot {
    /// For each input column, the output column of each category, and last that of unknown values. `u32::MAX` for none:
    /// dropped categories, ignored values.
    pub targets: Vec<Vec<u32>>,
    /// How many columns come out; every target is less.
    pub width: usize,
    /// The dtype of the ones.
    pub dtype: NumberType,
    /// Whether the result is sparse.
    pub sparse: bool,
}

impl OneHot {
    /// Stands for no column.
    pub const NONE: u32 = u32::MAX;

    fn target(&self, column: usize, code: i64) -> Option<u32> {
        let targets = &self.targets[column];
        let known = usize::try_from(code).ok().and_then(|code| targets.get(code));
        known.or(targets.last()).copied().filter(|&target| target != Self::NONE)
    }
}

impl Operator for OneHot {
    const NAME: &'static str = "one_hot";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Ints(codes, _) = inputs[0] else {
            return Err(InputError::wrong_kind("numbers of categories", inputs[0]));
        };
        let rows = codes.rows;
        if self.sparse {
            let mut indptr = Vec::with_capacity(rows + 1);
            let mut indices = Vec::with_capacity(codes.data.len());
            indptr.push(0);
            for row in codes.iter_rows() {
                indices.extend(row.iter().enumerate().filter_map(|(column, &code)| self.target(column, code)));
                indptr.push(indices.len());
            }
            let data = vec![1.0; indices.len()];
            return Ok(Value::Sparse(Csr {
                rows,
                cols: self.width,
                indptr: indptr.into(),
                indices: indices.into(),
                data: data.into(),
                dtype: self.dtype,
            }));
        }
        Ok(match self.dtype {
            NumberType::Float(precision) => {
                Value::Floats(Matrix::new(rows, self.width, self.dense(codes, 0.0, 1.0)), precision)
            }
            NumberType::Int(kind) => Value::Ints(Matrix::new(rows, self.width, self.dense(codes, 0, 1)), kind),
        })
    }

    fn describe(&self) -> String {
        let form = if self.sparse { "sparse" } else { "dense" };
        format!("{} → {} {form}", self.targets.len(), self.width)
    }
}

impl OneHot {
    fn dense<T: Copy>(&self, codes: &Matrix<'_, i64>, zero: T, one: T) -> Vec<T> {
        let mut data = vec![zero; codes.rows * self.width];
        if self.width > 0 {
            for (codes, row) in codes.iter_rows().zip(data.chunks_exact_mut(self.width)) {
                for (column, &code) in codes.iter().enumerate() {
                    if let Some(target) = self.target(column, code) {
                        row[target as usize] = one;
                    }
                }
            }
        }
        data
    }
}

/// Decodes groups of columns to categories: `OneHotEncoder.inverse_transform`.
#[derive(Debug)]
pub struct OneHotInverse {
    /// One group of columns for each feature, side by side.
    pub groups: Vec<Group>,
}

/// The columns of one feature.
#[derive(Debug)]
pub struct Group {
    /// The code of each column.
    pub codes: Vec<u32>,
    /// The result for a row whose columns are all 0.
    pub zero: Zero,
}

/// The result for a group of zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zero {
    /// The first column, as any other group whose columns are equal.
    First,
    /// This number.
    Code(u32),
    /// Nothing: an error.
    Error,
}

impl OneHotInverse {
    fn row(&self, values: &[f64], codes: &mut Vec<i64>) -> Result<(), InputError> {
        let mut first = 0;
        for Group { codes: group, zero } in &self.groups {
            let values = &values[first..first + group.len()];
            first += group.len();
            let mut best = 0;
            for (at, &value) in values.iter().enumerate() {
                if value > values[best] {
                    best = at;
                }
            }
            let is_zero = values.is_empty() || values.iter().sum::<f64>() == 0.0;
            let code = match (is_zero, zero) {
                (true, Zero::Code(code)) => *code,
                (true, Zero::Error) => {
                    return Err(InputError::refused(
                        "a row can not be inverted when drop=None and handle_unknown='error' because it contains all \
                         zeros",
                    ));
                }
                (false, _) | (true, Zero::First) => group.get(best).copied().unwrap_or(0),
            };
            codes.push(i64::from(code));
        }
        Ok(())
    }
}

impl Operator for OneHotInverse {
    const NAME: &'static str = "one_hot_inverse";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let rows = inputs[0].rows();
        let mut codes = Vec::with_capacity(rows * self.groups.len());
        let in_row = |row: usize| move |error: InputError| error.in_row(row);
        match inputs[0] {
            Value::Floats(x, _) => {
                for (row, values) in x.iter_rows().enumerate() {
                    self.row(values, &mut codes).map_err(in_row(row))?;
                }
            }
            Value::Sparse(x) => {
                let mut values = vec![0.0; x.cols];
                for row in 0..x.rows {
                    let (columns, stored) = x.row(row);
                    for (&column, &value) in columns.iter().zip(stored) {
                        values[column as usize] += value;
                    }
                    self.row(&values, &mut codes).map_err(in_row(row))?;
                    for &column in columns {
                        values[column as usize] = 0.0;
                    }
                }
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        }
        Ok(Value::Ints(Matrix::new(rows, self.groups.len(), codes), IntKind::I64))
    }

    fn describe(&self) -> String {
        let width: usize = self.groups.iter().map(|group| group.codes.len()).sum();
        format!("{width} → {}", self.groups.len())
    }
}

/// A number for each number of a category: `OrdinalEncoder`, and the way back to numeric categories.
#[derive(Debug)]
pub struct TakeNumbers {
    /// For each column, the number of each category, and last that of unknown values.
    pub tables: Vec<Vec<f64>>,
    /// The dtype of the result.
    pub dtype: NumberType,
}

impl Operator for TakeNumbers {
    const NAME: &'static str = "take_numbers";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Ints(codes, _) = inputs[0] else {
            return Err(InputError::wrong_kind("numbers of categories", inputs[0]));
        };
        let mut data = Vec::with_capacity(codes.data.len());
        for row in codes.iter_rows() {
            data.extend(row.iter().zip(&self.tables).map(|(&code, table)| {
                let known = usize::try_from(code).ok().and_then(|code| table.get(code));
                known.or(table.last()).copied().unwrap_or(f64::NAN)
            }));
        }
        Ok(match self.dtype {
            NumberType::Float(Precision::Double) => {
                Value::Floats(Matrix::new(codes.rows, codes.cols, data), Precision::Double)
            }
            NumberType::Float(precision) => {
                let data: Vec<f64> = data.into_iter().map(|value| precision.round(value)).collect();
                Value::Floats(Matrix::new(codes.rows, codes.cols, data), precision)
            }
            #[expect(clippy::cast_possible_truncation, reason = "numpy's astype truncates as well")]
            NumberType::Int(kind) => {
                let data: Vec<i64> = data.into_iter().map(|value| value as i64).collect();
                Value::Ints(Matrix::new(codes.rows, codes.cols, data), kind)
            }
        })
    }

    fn describe(&self) -> String {
        format!("{} columns", self.tables.len())
    }
}
