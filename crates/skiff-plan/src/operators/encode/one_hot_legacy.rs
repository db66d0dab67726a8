//! The one-hot encoding of whole numbers, before scikit-learn 0.20.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Csr, Matrix, NumberType, Precision, Value};

/// A one in the column of each whole number.
#[derive(Debug)]
pub struct OneHotWhole {
    /// For each feature, how many numbers there are: 0 and up.
    pub counts: Vec<i64>,
    /// Where the columns of each feature start.
    pub starts: Vec<i64>,
    /// The columns that are kept, in ascending order; all where `None`.
    pub kept: Option<Vec<i64>>,
    /// How many columns come out.
    pub width: usize,
    /// Whether a number that the fit has not seen is an error.
    pub refuse_unknown: bool,
    /// The dtype of the ones.
    pub dtype: NumberType,
    /// Whether the result is sparse.
    pub sparse: bool,
}

impl Operator for OneHotWhole {
    const NAME: &'static str = "one_hot_whole";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, _) = inputs[0] else { return Err(InputError::wrong_kind("numbers", inputs[0])) };
        let (mut indptr, mut indices) = (vec![0], Vec::new());
        for (row, values) in x.iter_rows().enumerate() {
            for ((&value, &count), &start) in values.iter().zip(&self.counts).zip(&self.starts) {
                #[expect(clippy::cast_possible_truncation, reason = "numpy's astype truncates as well")]
                let value = value as i64;
                if value < 0 {
                    return Err(InputError::refused("X needs to contain only non-negative integers.").in_row(row));
                }
                if value >= count {
                    if self.refuse_unknown {
                        let what = format!("unknown categorical feature present {value} during transform.");
                        return Err(InputError::refused(what).in_row(row));
                    }
                    continue;
                }
                let column = start.saturating_add(value);
                let place = match &self.kept {
                    Some(kept) => kept.binary_search(&column).ok(),
                    None => usize::try_from(column).ok(),
                };
                indices.extend(place.filter(|&place| place < self.width).and_then(|place| u32::try_from(place).ok()));
            }
            indptr.push(indices.len());
        }
        let data = vec![1.0; indices.len()];
        let (rows, cols, dtype) = (x.rows, self.width, self.dtype);
        let ones = Csr { rows, cols, indptr: indptr.into(), indices: indices.into(), data: data.into(), dtype };
        Ok(match (self.sparse, dtype) {
            (true, _) => Value::Sparse(ones),
            (false, NumberType::Float(precision)) => Value::Floats(ones.to_dense(), precision),
            (false, NumberType::Int(_)) => {
                Value::Floats(Matrix::new(rows, cols, ones.to_dense().data), Precision::Double)
            }
        })
    }

    fn describe(&self) -> String {
        format!("{} → {}", self.counts.len(), self.width)
    }
}
