//! The same result for every row: dummies.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{IntKind, Matrix, Precision, Value};

/// Repeats one row for each input row, whatever its content.
#[derive(Debug)]
pub struct Repeat {
    /// The row.
    pub row: ConstantRow,
}

/// A row of numbers, with their dtype.
#[derive(Clone, Debug, PartialEq)]
pub enum ConstantRow {
    /// A float dtype.
    Floats(Vec<f64>, Precision),
    /// An integer dtype, or bool.
    Ints(Vec<i64>, IntKind),
    /// One zero, of the dtype of the rows that come in: `np.zeros_like(X, shape=(n_samples, 1))`.
    Zero,
}

impl Operator for Repeat {
    const NAME: &'static str = "repeat";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let rows = inputs[0].rows();
        Ok(match &self.row {
            ConstantRow::Floats(row, precision) => Value::Floats(repeat(row, rows), *precision),
            ConstantRow::Ints(row, kind) => Value::Ints(repeat(row, rows), *kind),
            ConstantRow::Zero => match inputs[0] {
                Value::Floats(_, precision) => Value::Floats(repeat(&[0.0], rows), *precision),
                Value::Ints(_, kind) => Value::Ints(repeat(&[0], rows), *kind),
                other => return Err(InputError::wrong_kind("a dense array of numbers", other)),
            },
        })
    }

    fn counts_rows(&self) -> bool {
        self.row != ConstantRow::Zero
    }

    fn describe(&self) -> String {
        match &self.row {
            ConstantRow::Floats(row, _) => format!("{} numbers", row.len()),
            ConstantRow::Ints(row, _) => format!("{} integers", row.len()),
            ConstantRow::Zero => "a zero".to_owned(),
        }
    }
}

fn repeat<T: Copy>(row: &[T], rows: usize) -> Matrix<'static, T> {
    Matrix::new(rows, row.len(), row.repeat(rows))
}
