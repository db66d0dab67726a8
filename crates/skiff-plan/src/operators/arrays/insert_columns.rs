//! Columns at other indices, and zeros between them: `inverse_transform` of feature selectors.

use skiff_files::Scalar;

use crate::InputError;
use crate::operator::Operator;
use crate::table::Column;
use crate::value::{Columns, Csr, Matrix, Value};

/// Puts the columns of a block, dense or sparse, at the indices `places` of one that is `width` wide; all others are 0.
/// (n, k) → (n, width).
#[derive(Debug)]
pub struct InsertColumns {
    /// Where each column goes, ascending, each below `width`.
    pub places: Vec<usize>,
    /// How wide the result is.
    pub width: usize,
}

impl InsertColumns {
    fn insert<T: Copy>(&self, x: &Matrix<'_, T>, zero: T) -> Matrix<'static, T> {
        let mut data = vec![zero; x.rows * self.width];
        for (row, wide) in x.iter_rows().zip(data.chunks_exact_mut(self.width.max(1))) {
            for (&value, &place) in row.iter().zip(&self.places) {
                wide[place] = value;
            }
        }
        Matrix::new(x.rows, self.width, data)
    }
}

impl Operator for InsertColumns {
    const NAME: &'static str = "insert_columns";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        Ok(match inputs[0] {
            Value::Floats(x, precision) => Value::Floats(self.insert(x, 0.0), *precision),
            Value::Ints(x, kind) => Value::Ints(self.insert(x, 0), *kind),
            Value::Sparse(x) => {
                let indices = x.indices.iter().map(|&column| {
                    let place = self.places.get(column as usize).copied().unwrap_or_default();
                    u32::try_from(place).unwrap_or(u32::MAX)
                });
                Value::Sparse(Csr { cols: self.width, indices: indices.collect(), ..x.clone() })
            }
            // numpy's zero in an array of objects, and in one of text.
            Value::Columns(x) => {
                let is_text = x.columns.iter().all(|column| matches!(column, Column::Texts(_)));
                let zero = if is_text { Scalar::Str(String::new()) } else { Scalar::Int(0) };
                let zeros = Column::Objects(vec![zero; x.rows].into());
                let mut columns = vec![zeros; self.width];
                for (column, &place) in x.columns.iter().zip(&self.places) {
                    columns[place] = column.clone();
                }
                Value::Columns(Columns { names: None, origins: None, columns, rows: x.rows })
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        })
    }

    fn describe(&self) -> String {
        format!("{} → {}", self.places.len(), self.width)
    }
}
